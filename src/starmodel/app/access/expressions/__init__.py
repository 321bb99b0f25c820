"""The expressions of `starmodel.access`."""
