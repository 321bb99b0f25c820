"""SQLite: one writer thread, readers in the event loop, row locks."""
