"""HTTP without a web framework: requests, negotiation, sessions, CSRF, CORS, routing."""
