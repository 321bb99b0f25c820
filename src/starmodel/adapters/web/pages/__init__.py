"""The parts of generated pages that the web adapter adds: head, theme, assets, CSP."""
