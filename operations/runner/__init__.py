"""The local runner: starts, supervises and stops every part of Weir on one machine. It needs only Python."""
