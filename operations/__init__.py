"""How people run Weir: the command line, the local runner, replay, and what drivers share."""
