"""Weir: a real-time fraud detector that learns from its analysts while it runs.

This package holds what the components share; `detector`, `learner` and `feedback_api` meet only here.
"""

__version__ = "0.1.0"
