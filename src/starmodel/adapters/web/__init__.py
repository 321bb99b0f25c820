"""HTTP requests to commands, outcomes to responses: plain ASGI, and one module per framework."""
