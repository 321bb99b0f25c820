"""The base class of plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from starmodel.app.access.policy import Actor, EveryRole
from starmodel.app.health import HealthCheck
from starmodel.app.ports.mailer import MakeMailer
from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.resource import MountedResource, Resource
from starmodel.app.presentation.slots import SlotContent
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.contributions.assets import Asset
from starmodel.plugins.contributions.middleware import Middleware, RequestHook
from starmodel.plugins.contributions.routes import EventRoute, ResourceRoute, Route
from starmodel.texts.catalogue import Message
from starmodel.texts.english import Text

if TYPE_CHECKING:
    from starmodel.plugins.web.services import PluginServices


class Plugin:
    """One feature of an application, in a package of its own.

    Subclass it, set `name`, and override a method for each kind of contribution. The
    methods run once, when the application is created, and return data. A plugin is trusted
    code: it runs with every permission of the application.

    Shapes: name is lower-case letters, digits and "_"; version is that of its package
    when it is ""; starmodel is the range of StarModel versions, as in a requirement
    (">=0.1,<0.3"), "" for any; requires, before and after are names of other plugins.
    startup_limit_s and shutdown_limit_s are the seconds after which `on_startup` and
    `on_shutdown` are cancelled; sign_in_path is that of the page where visitors sign in, to which
    browsers are redirected from pages that answer 401, with the page as the parameter `next`.
    Settings validates the table `[starmodel.plugin.NAME]` of
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
    sign_in_path: ClassVar[str] = ""
    Settings: ClassVar[type[BaseModel] | None] = None
    texts: ClassVar[Mapping[str, Text]] = MappingProxyType({})
    """English texts for visitors by key, which applications translate as "NAME.key"."""

    settings: Any = None
    """The validated settings; None without a `Settings` class."""

    asset_urls: Mapping[str, str] = MappingProxyType({})
    """The URL of each asset below the mount point, by its file name; set by the application."""

    def __init__(self, **settings: Any) -> None:
        self.arguments: Mapping[str, Any] = settings

    _services: PluginServices | None = None

    @property
    def services(self) -> PluginServices:
        """What the application offers to its plugins, from its creation on.

        Raises: ConfigurationError, in `__init__` and in the methods that return contributions,
        except `resource_routes`.
        """
        if self._services is None:
            raise ConfigurationError(
                f"The plugin {self.name!r} has no services yet: they exist once the application is "
                "created. Use them in endpoints, checks and hooks."
            )
        return self._services

    @services.setter
    def services(self, services: PluginServices) -> None:
        self._services = services

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
        """Routes outside of resources; a route of the application at the same path wins."""
        return ()

    def resource_routes(self, resource: MountedResource) -> Iterable[ResourceRoute | EventRoute]:
        """Routes below the address of a resource; called for each one of the application."""
        return ()

    def middleware(self) -> Iterable[Middleware | RequestHook]:
        """Code that runs before the routes of requests, in the order of the plugins."""
        return ()

    def health_checks(self) -> Iterable[HealthCheck]:
        """Checks for `/_starmodel/health` and `starmodel doctor`."""
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

    def mailers(self) -> Mapping[str, MakeMailer]:
        """What makes a mailer, by the scheme of `mail_url` that chooses it: {"ses": SesMailer}.

        Each is called with the `MailerOptions` when the application is created, if its scheme is
        chosen. One of StarModel's own schemes, smtp and smtps, can't be replaced.
        """
        return {}

    def resources(self) -> Iterable[Resource]:
        """Entity classes served at a further address, with rules and a skin of their own."""
        return ()

    def commands(self) -> Mapping[str, Any]:
        """Commands of `starmodel` by name: a Typer application, a Click command or a function."""
        return {}

    def on_serve(self, root_path: str) -> None:
        """Runs once when a server starts to serve, below this mount path; not for scripts."""

    async def on_startup(self, application: Any) -> None:
        """Runs before the first request, after the stores are open; in order of the plugins.

        Cancelled after `startup_limit_s`; the application starts without it. Code that blocks
        the event loop can't be cancelled.
        """

    async def on_shutdown(self, application: Any) -> None:
        """Runs after the last request, before the stores close; in the opposite order.

        Cancelled after `shutdown_limit_s`.
        """
