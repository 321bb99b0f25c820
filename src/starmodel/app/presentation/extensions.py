"""What plugins add to generated pages: navigation entries and contents of slots."""

from __future__ import annotations

from dataclasses import dataclass, field

from starmodel.app.access.policy import Actor
from starmodel.app.access.rules import allows
from starmodel.app.presentation.slots import Slots
from starmodel.core.fields.entity_config import AccessRule


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A link in the navigation, visible to those whom `access` permits.

    Shapes: path is absolute, below the mount point of the application; icon is the name of
    an icon of the sprite, "" for the usual one.
    """

    title: str
    path: str
    icon: str = ""
    access: AccessRule = "signed_in"


@dataclass(slots=True)
class Extensions:
    """The additions of all plugins, in their order."""

    slots: Slots
    nav: list[NavEntry] = field(default_factory=list)

    def nav_for(self, actor: Actor | None) -> tuple[NavEntry, ...]:
        """The entries that the actor may see."""
        return tuple([entry for entry in self.nav if allows(entry.access, actor, None)])
