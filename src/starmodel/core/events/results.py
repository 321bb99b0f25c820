"""Return values of events besides components and data: redirects, toasts, progress."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the caller's browser to `url` after the commit.

    Only relative addresses and allowed hosts are followed. Below a mount
    path, "/x" leads to the application's own "/x". "" is the page that the
    caller is on; the handler of a GET can't redirect to it.
    """

    url: str


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message rendered on the caller's page.

    Shapes: url is an address of the application, or "" for no link; link is its text.
    Units: kind is info, success, warning or error.
    """

    text: str
    kind: str = "info"
    url: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a generator event, rendered on the caller's page at each `yield`.

    Units: done is a fraction from 0 to 1; None if unknown.
    """

    done: float | None = None
    text: str = ""
