"""Migrations of the database's schema. Every start of the API runs the missing ones."""
