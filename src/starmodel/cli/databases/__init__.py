"""Database clients, and the database of an application."""
