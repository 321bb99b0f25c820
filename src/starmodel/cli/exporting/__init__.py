"""Exports of records to files from the terminal."""
