"""E-mails with links and codes that prove an address."""
