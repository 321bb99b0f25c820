"""The parts of pages that the web adapter renders or serves: head, theme, assets, CSP."""
