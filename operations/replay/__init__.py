"""`weir replay`: send a data set through a running loop as if it happened now, with its labels at their own delay."""
