"""The detector: pure functions for features, rules, scores, decisions and reasons, and the Flink job around them."""
