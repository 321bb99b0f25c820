"""The style sheet of an application's own CSS classes."""
