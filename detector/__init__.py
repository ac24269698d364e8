"""The detector: features, rules, score, decision and reasons (pure), and the Flink job around them."""
