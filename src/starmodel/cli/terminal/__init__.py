"""Output, errors and options that commands share."""
