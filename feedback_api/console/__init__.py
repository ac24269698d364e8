"""The review console: what it knows, and the pages that show it."""
