"""Rows of children in the form of their parent, which one command stores together."""
