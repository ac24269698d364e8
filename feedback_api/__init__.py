"""The feedback API: labels in, decisions out. It shares only `weir` with the other components."""
