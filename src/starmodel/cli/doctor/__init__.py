"""The checks of `starmodel doctor`; each module yields findings."""
