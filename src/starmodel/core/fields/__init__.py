"""Declarations in a class body: fields, relations, widgets and the class's configuration."""
