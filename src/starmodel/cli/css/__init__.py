"""Compiles the Tailwind classes that an application uses."""
