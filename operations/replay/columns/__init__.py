"""Read columns of a file, a batch at a time: each value or the fault that it has."""
