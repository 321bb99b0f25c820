"""From HTTP to commands and back. Neutral ASGI, with one thin module per web framework."""
