"""`python -m operations` is `weir`."""

from operations.cli import app

app()
