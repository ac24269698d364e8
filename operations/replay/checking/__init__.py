"""`weir check`: read a whole file before anything starts, and list what is wrong with it."""
