"""Undocumented names of SQL libraries; every other module imports them from here."""
