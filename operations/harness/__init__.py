"""What drives a running loop from outside: traffic in, labels in, and a view of what comes out."""
