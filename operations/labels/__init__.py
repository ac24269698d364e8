"""`weir labels`: verdicts from files, such as the charge-backs of a month."""
