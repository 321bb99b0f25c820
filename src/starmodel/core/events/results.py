"""What an event may return to its caller besides components and data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the caller's browser to `url` after the commit.

    Only relative addresses and allowed hosts are followed. Below a mount
    path, "/x" leads to the application's own "/x".
    """

    url: str


@dataclass(frozen=True, slots=True)
class Toast:
    """Show the caller a short message. Units: kind is info, success, warning or error."""

    text: str
    kind: str = "info"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long event has come, yielded by it and shown to its caller.

    Units: done is a share from 0 to 1; None when it is unknown.
    """

    done: float | None = None
    text: str = ""
