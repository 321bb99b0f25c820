"""Return values of events besides components and data: redirects, toasts, progress, files."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,80}/[a-z0-9.+-]{1,80}(; ?charset=[a-z0-9-]{1,20})?", re.I)
UNKNOWN_TYPE = "application/octet-stream"


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


Content = bytes | str | Path | Iterable[bytes | str] | AsyncIterable[bytes | str]


@dataclass(frozen=True, slots=True)
class Download:
    """A file that the caller of an event receives, to be saved; nothing of it is stored.

    A browser saves it, and an API client gets its bytes. A repeated request with the same
    idempotency key gets no file.

    Shapes: content is bytes, a text (UTF-8), the path of a file, or an iterator of parts, which
    is read after the commit, in a thread unless it is asynchronous; media_type is that of the
    file name if it is "".
    Raises: FileNotFoundError, for a path without a file; ValueError, for a wrong media type.
    """

    content: Content = field(repr=False)
    filename: str
    media_type: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.content, Path) and not self.content.is_file():
            raise FileNotFoundError(f"Download({self.filename!r}): there is no such file.")
        if self.media_type and not _MEDIA_TYPE.fullmatch(self.media_type):
            raise ValueError(f"Download(media_type={self.media_type!r}): expected 'text/csv'.")

    @property
    def kind(self) -> str:
        """The media type, by the file name unless it is given."""
        return self.media_type or mimetypes.guess_type(self.filename)[0] or UNKNOWN_TYPE
