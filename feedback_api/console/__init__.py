"""The review console: its read model and its pages."""
