"""The simulated world: users, merchants, everyday payments and planted fraud."""
