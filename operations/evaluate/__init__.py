"""`weir evaluate`: the stream's features, label join and fold over a file, in one process, and the scores judged."""
