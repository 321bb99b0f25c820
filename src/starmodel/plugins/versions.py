"""The range of StarModel versions that a plugin works with."""

from __future__ import annotations

from importlib.metadata import version

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from starmodel.plugins.reports import PluginError


def check_version(declared: str) -> None:
    """Return when this StarModel is in the declared range. Raises: PluginError."""
    if not declared:
        return
    try:
        allowed = SpecifierSet(declared, prereleases=True)
    except (InvalidSpecifier, TypeError):
        raise PluginError(
            f"its range of StarModel versions is {declared!r}.",
            "Expected a version specifier, such as '>=0.1,<0.3'.",
        ) from None
    here = version("starmodel")
    if here not in allowed:
        raise PluginError(
            f"it works with StarModel {declared}, and this is {here}.",
            "Install another version of one of them.",
        )
