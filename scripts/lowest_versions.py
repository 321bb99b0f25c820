"""Prints pip constraints for the lowest allowed version of each dependency of the package.

Test and lint tools are not constrained.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

EXTRAS = ("postgresql", "mysql", "testing")
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[\w,-]+\])?>=(?P<version>[\w.]+)(?:,|$)")


def lowest_versions(project: dict[str, object]) -> list[str]:
    """Return the constraints, sorted. Raises: ValueError, for one without a lower bound."""
    extras: dict[str, list[str]] = project["optional-dependencies"]  # type: ignore[assignment]
    required: list[str] = [*project["dependencies"]]  # type: ignore[misc]
    found = set()
    for requirement in required + [line for name in EXTRAS for line in extras[name]]:
        match = _REQUIREMENT.match(requirement)
        if match is None:
            raise ValueError(f"{requirement!r} has no lower bound; expected 'name>=version'.")
        found.add(f"{match['name']}=={match['version']}")
    return sorted(found)


if __name__ == "__main__":
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    sys.stdout.write("\n".join(lowest_versions(project)) + "\n")
