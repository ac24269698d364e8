"""The features of earlier schemas, whose messages stay readable: the names in the order of their values."""

# fmt: off
FORMER_NAMES: dict[int, tuple[str, ...]] = {
    2: (
        "log_amount", "amount_ratio", "max_amount_ratio_24h", "max_amount_ratio_7d", "category_amount_ratio",
        "amount_z", "count_20s", "count_30s", "count_10m", "count_1h", "count_24h", "count_7d", "count_30d",
        "amount_1h", "amount_24h", "amount_7d", "small_count_1h", "pace_ratio_1h", "pace_ratio", "week_pace_ratio",
        "spend_ratio_1h", "spend_ratio_24h", "week_spend_ratio", "seconds_since_last", "session_count",
        "session_amount", "session_duration", "count_today", "amount_today", "distance_km", "speed_kmh",
        "home_distance_km", "country_new", "countries_24h", "country_code", "location_missing", "device_new",
        "device_own", "device_age_days", "devices_24h", "device_missing", "device_fraud_run",
        "device_unexplained_frauds", "device_run_days", "device_legitimate_days", "device_fraud_age_days",
        "device_fraud_odds_3d", "device_fraud_odds_10d", "device_fraud_odds_30d", "ip_new", "ips_24h", "ip_fraud_run",
        "ip_unexplained_frauds", "ip_run_days", "ip_legitimate_days", "ip_fraud_age_days", "ip_fraud_odds_3d",
        "ip_fraud_odds_10d", "ip_fraud_odds_30d", "card_new", "cards_24h", "card_fraud_run", "card_unexplained_frauds",
        "card_run_days", "card_legitimate_days", "card_fraud_age_days", "card_fraud_odds_3d", "card_fraud_odds_10d",
        "card_fraud_odds_30d", "merchant_new", "category_new", "category_code", "merchants_24h", "merchant_missing",
        "merchant_fraud_rate", "merchant_fraud_share", "merchant_known_frauds", "merchant_fraud_run",
        "merchant_unexplained_frauds", "merchant_run_days", "merchant_legitimate_days", "merchant_fraud_age_days",
        "merchant_fraud_odds_3d", "merchant_fraud_odds_10d", "merchant_fraud_odds_30d", "channel_code", "type_code",
        "attribute_number_1", "attribute_number_2", "attribute_number_3", "attribute_number_4", "attribute_code_1",
        "attribute_code_2", "attribute_code_3", "attribute_code_4", "hour", "night", "hour_unusual", "payments_known",
        "history_cold", "challenge_failed",
    ),
}
