"""Packages that extend this application, one folder or file for each."""
