"""`weir map`: propose a mapping for a file, and explain each guess."""
