"""`python -m weir` is `weir`."""

from weir.cli import app

app()
