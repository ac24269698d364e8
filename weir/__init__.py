"""Weir: a real-time fraud detector that learns from its analysts while it runs.

This package is the ground floor: the components (`detector`, `learner`, `feedback_api`, `ledger`) meet only here.
"""

__version__ = "0.1.0"
