"""`weir demo`: a story on a real loop."""
