"""The feedback API: labels in, decisions out; it shares only `weir` with the other components."""
