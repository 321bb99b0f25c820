"""Exports of lists to files: columns, rows and the writers of each format."""
