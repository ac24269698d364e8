"""Drive a running loop from outside: send transactions and labels, and observe the output topics."""
