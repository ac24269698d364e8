"""`weir replay`: a data set goes through a running loop as if it happened now, its labels at their own delay."""
