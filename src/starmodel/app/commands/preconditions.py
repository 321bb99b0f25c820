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
    """What a request demands of the record's version before its event may run.

    Shapes: if_match and if_none_match are opaque tags without quotes, "*"
    for any, None where the header is absent; if_match has no weak ones.
    is_met is set by the first commit, after which the version is our own.
    """

    if_match: Tags = None
    if_none_match: Tags = None
    is_met: bool = False

    def check(self, entity: Entity, *, readable: bool = True) -> None:
        """Return when the stored entity fits; one that may not be read has no tag to the caller.

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
        """Refuse tags where nothing is stored yet. Raises: PreconditionFailedError."""
        if self.if_match is not None and self.if_match != "*":
            raise PreconditionFailedError


def names_version(tags: Tags, version: int | None) -> bool:
    """True when one of the tags stands for this version of a record.

    A tag is "version", or "version-digest" where the content can change without a new version.
    """
    if tags == "*":
        return True
    own = "" if version is None else str(version)
    return bool(own) and any(tag.partition("-")[0] == own for tag in tags or ())
