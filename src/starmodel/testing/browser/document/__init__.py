"""The DOM of a page: parsing, selectors, form controls and patches."""
