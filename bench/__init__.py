"""Benchmarks of Weir against other systems."""
