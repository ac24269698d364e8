"""Weir: a real-time fraud detector that learns from its analysts while it runs.

This package holds what the components (`detector`, `learner`, `feedback_api`, `ledger`) share. They import it, but not
each other.
"""

__version__ = "0.1.0"
