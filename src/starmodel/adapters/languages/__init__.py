"""Translations by gettext, and the formats of languages, both by Babel."""
