"""Web frameworks: FastHTML."""
