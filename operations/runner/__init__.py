"""The local runner: starts, watches and stops every part of Weir on one machine, with nothing but Python installed."""
