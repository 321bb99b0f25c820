"""Undocumented names of web libraries; every other module imports them from here."""
