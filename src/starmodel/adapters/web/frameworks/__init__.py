"""Web frameworks behind one port: FastHTML and Starlette."""
