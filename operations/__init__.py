"""Running Weir: the command line, the local runner, replay, and the code that replay, demo and bench share."""
