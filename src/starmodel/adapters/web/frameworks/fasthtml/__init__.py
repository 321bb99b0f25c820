"""FastHTML as the web framework."""
