"""What `plugin add` installs: a requirement, or a folder inside the current one."""

from __future__ import annotations

import shlex
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from starmodel.cli.terminal.errors import CommandError, UsageError

PROJECT_FILES = ("pyproject.toml", "setup.py")


def installable(package: str, *more: str) -> str:
    """The argument for the installer: the requirement, or the absolute path of the folder.

    Raises: UsageError, for options, several packages, other folders and invalid requirements;
    CommandError, for a folder without a Python project.
    """
    for word in (package, *more):
        if word.startswith("-"):
            raise UsageError(
                f"{word!r} is an option of the installer, and plugin add takes a package only. "
                f"Run the installer yourself: pip install {shlex.join([package, *more])}"
            )
    if more:
        raise UsageError(f"plugin add takes one package, and {len(more) + 1} are given.")
    is_path = package.startswith((".", "~")) or "/" in package or "\\" in package
    if is_path and "://" not in package:
        return _folder(package)
    try:
        requirement = Requirement(package)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"{package!r} is no requirement ({reason}). Give a package with its version, such as "
            "starmodel-audit>=1.2, or a folder in the current one. The installer takes other "
            f"sources: pip install {shlex.quote(package)}"
        ) from None
    if requirement.url is not None and requirement.url.lower().startswith("file:"):
        raise _outside(package)
    return str(requirement)


def _folder(package: str) -> str:
    here = Path.cwd().resolve()
    folder = (here / package).resolve()  # through links
    if package.startswith("~") or not folder.is_relative_to(here):
        raise _outside(package)
    if not any((folder / name).is_file() for name in PROJECT_FILES):
        raise CommandError(
            f"{package} has no Python project. Expected a folder with {' or '.join(PROJECT_FILES)}."
        )
    return str(folder)


def _outside(package: str) -> UsageError:
    return UsageError(
        f"{package!r} is outside the current folder, and plugin add installs folders inside it "
        f"only. Run the installer yourself: pip install {shlex.quote(package)}"
    )
