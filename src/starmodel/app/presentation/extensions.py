"""What plugins add: navigation entries, contents of slots, and health checks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from starmodel.app.access.policy import Actor
from starmodel.app.access.rules import permits_page
from starmodel.app.health import OwnedCheck
from starmodel.app.presentation.confirmation import Confirmation
from starmodel.app.presentation.slots import Slots
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.access_rules import AccessRule, check_page_access

PATH = re.compile(r"/(?!/)[^\s\\]*")


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A link in the navigation, visible to those whom `access` permits.

    Shapes: title may be a `Message`, such as `self.text("title")` of the plugin; path is
    absolute, below the mount point of the application; icon is the name of an icon of the
    sprite, "" for the usual one; group is the heading above it, "" for none; is_own is True for
    a page of the application, False for one of a plugin.
    """

    title: str
    path: str
    icon: str = ""
    access: AccessRule = "signed_in"
    group: str = ""
    is_own: bool = False

    def __post_init__(self) -> None:
        where = f"NavEntry({self.title!r}, {self.path!r})"
        if not all(isinstance(text, str) for text in (self.title, self.icon, self.group)):
            raise ConfigurationError(f"{where}: expected texts for title, icon and group.")
        if not isinstance(self.path, str) or not PATH.fullmatch(self.path):
            raise ConfigurationError(f"{where}: expected an absolute path such as '/reports'.")
        check_page_access(where, self.access)


@dataclass(slots=True)
class Extensions:
    """The additions of all plugins in their order, and the application's own pages.

    Shapes: own_paths are the paths of these pages, with their parameters.
    """

    slots: Slots
    nav: list[NavEntry] = field(default_factory=list)
    health_checks: list[OwnedCheck] = field(default_factory=list)
    confirmation: Confirmation | None = None
    own_paths: set[str] = field(default_factory=set)

    def nav_for(self, actor: Actor | None) -> tuple[NavEntry, ...]:
        """The entries that the actor may see."""
        return tuple([entry for entry in self.nav if permits_page(entry.access, actor)])
