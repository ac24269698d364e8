"""`weir demo`: a scripted attack on a real loop."""
