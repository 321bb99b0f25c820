"""What a plugin adds to an application, as data."""
