"""The base class of plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import BaseModel

from starmodel.app.access.policy import Actor, EveryRole
from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.resource import Resource
from starmodel.app.presentation.slots import SlotContent
from starmodel.core.entity import Entity
from starmodel.plugins.contributions import Asset, Route
from starmodel.texts.catalogue import Message
from starmodel.texts.english import Text


class Plugin:
    """One feature of an application, in a package of its own.

    Subclass it, set `name`, and override a method for each kind of contribution. The
    methods run once, when the application is created, and return data. A plugin is trusted
    code: it runs with every permission of the application.

    Shapes: name is lower-case letters, digits and "_"; version is that of its package
    when it is ""; starmodel is the range of StarModel versions, as in a requirement
    (">=0.1,<0.3"), "" for any; requires, before and after are names of other plugins.
    startup_limit_s and shutdown_limit_s are the seconds after which `on_startup` and
    `on_shutdown` are cancelled. Settings validates the table `[starmodel.plugin.NAME]` of
    `starmodel.toml` and the arguments of the constructor, which take precedence; the result
    is `self.settings`.

    >>> class Notes(Plugin):
    ...     name = "notes"
    >>> Notes().name
    'notes'
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = ""
    starmodel: ClassVar[str] = ""
    requires: ClassVar[Sequence[str]] = ()
    before: ClassVar[Sequence[str]] = ()
    after: ClassVar[Sequence[str]] = ()
    startup_limit_s: ClassVar[float] = 60
    shutdown_limit_s: ClassVar[float] = 10
    Settings: ClassVar[type[BaseModel] | None] = None
    texts: ClassVar[Mapping[str, Text]] = MappingProxyType({})
    """English texts for visitors by key, which applications translate as "NAME.key"."""

    settings: Any = None
    """The validated settings; None without a `Settings` class."""

    asset_urls: Mapping[str, str] = MappingProxyType({})
    """The URL of each asset below the mount point, by its file name; set by the application."""

    def __init__(self, **settings: Any) -> None:
        self.arguments: Mapping[str, Any] = settings

    @property
    def actor(self) -> Actor:
        """The actor for events that the plugin dispatches: `plugin:NAME`, with every role."""
        return Actor(f"plugin:{self.name}", self.name, EveryRole({"plugin"}))

    @classmethod
    def text(cls, key: str, /, **params: Any) -> Message:
        """A text of `texts`, rendered in the words of the application where it is shown.

        For titles of pages and links; elsewhere pass it to `application.texts.render`.
        Raises: KeyError, for an unknown key or a missing parameter.
        """
        full = f"{cls.name}.{key}"
        return Message.of_plugin(full, {full: cls.texts[key]}, **params)

    def entities(self) -> Iterable[type[Entity]]:
        """Entity classes with this plugin in `model_config["plugin"]`: "NAME.Note", below /NAME."""
        return ()

    def routes(self) -> Iterable[Route]:
        """Routes of its own; a route of the application at the same path wins."""
        return ()

    def nav(self) -> Iterable[NavEntry]:
        """Links in the navigation, after those of the entities."""
        return ()

    def slots(self) -> Iterable[SlotContent]:
        """Contents of named places in generated pages."""
        return ()

    def assets(self) -> Iterable[Asset]:
        """Files that generated pages load."""
        return ()

    def ui(self) -> Mapping[str, Callable[..., Any]]:
        """Parts of generated pages to replace, by name; see `starmodel.adapters.ui.skins`.

        Each is a function of the UI adapter and the arguments of the part.
        """
        return {}

    def resources(self) -> Iterable[Resource]:
        """Entity classes served at a further address, with rules and a skin of their own."""
        return ()

    def commands(self) -> Mapping[str, Any]:
        """Commands of `starmodel` by name: a Typer application, a Click command or a function."""
        return {}

    async def on_startup(self, application: Any) -> None:
        """Runs before the first request, after the stores are open; in order of the plugins.

        Cancelled after `startup_limit_s`; the application starts without it. Code that blocks
        the event loop can't be cancelled.
        """

    async def on_shutdown(self, application: Any) -> None:
        """Runs after the last request, before the stores close; in the opposite order.

        Cancelled after `shutdown_limit_s`.
        """
