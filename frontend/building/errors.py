"""What stops a build."""


class BuildError(Exception):
    """The assets cannot be built; the text says why and what to do."""
