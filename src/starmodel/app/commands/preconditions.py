"""Conditional requests: entity tags, and the check of If-Match and If-None-Match."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from starmodel.core.entity import Entity
from starmodel.core.errors import PreconditionFailedError
from starmodel.core.snapshot import version_of

Tags = Collection[str] | Literal["*"] | None


@dataclass(slots=True)
class Precondition:
    """The If-Match and If-None-Match headers of a request.

    Shapes: if_match and if_none_match are opaque tags without quotes, "*" for
    any, None without the header; if_match has no weak tags. is_met is set by
    the first commit of the command, whose own version then is the stored one.
    """

    if_match: Tags = None
    if_none_match: Tags = None
    is_met: bool = False

    def check(self, entity: Entity, *, readable: bool = True) -> None:
        """Compare with the version of the stored entity; an unreadable one matches no tag.

        Raises: PreconditionFailedError.
        """
        if self.is_met:
            return
        version = version_of(entity) if readable else None
        if self.if_match is not None and not names_version(self.if_match, version):
            raise PreconditionFailedError
        if self.if_none_match is not None and names_version(self.if_none_match, version):
            raise PreconditionFailedError

    def check_new(self) -> None:
        """Check the headers for an entity that is not stored. Raises: PreconditionFailedError."""
        if self.if_match is not None and self.if_match != "*":
            raise PreconditionFailedError


def names_version(tags: Tags, version: int | None) -> bool:
    """True when an entity tag matches this version of a record.

    A tag is "version", or "version-digest" for responses that can change without a new version.
    """
    if tags == "*":
        return True
    own = "" if version is None else str(version)
    return bool(own) and any(tag.partition("-")[0] == own for tag in tags or ())
