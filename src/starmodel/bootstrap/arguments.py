"""Type checks of the arguments of `create_app`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starmodel.config import Settings
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.texts.catalogue import ENGLISH, Catalogue
from starmodel.texts.english import Text


def named(setting: str, value: Any, options: dict[str, Any]) -> Any:
    """The implementation, or None for a name, which is added to the options as a setting."""
    if isinstance(value, str):
        options[setting] = value
        return None
    return value


def check_arguments(
    bus: Any, stores: Any, policy: Any, uow_cls: Any, ui: Any, realtime: Any, mailer: Any
) -> None:
    """Raises: ConfigurationError, for an argument of an invalid type."""
    is_ui = callable(ui) or isinstance(ui, Mapping)
    for name, value, is_valid, expected in (
        ("bus", bus, hasattr(bus, "subscribe"), "'memory' or an EventBus"),
        ("stores", stores, isinstance(stores, Mapping), "stores by name, {'name': repository}"),
        ("policy", policy, hasattr(policy, "check"), "an AccessPolicy"),
        ("uow_cls", uow_cls, isinstance(uow_cls, type), "a subclass of UnitOfWork"),
        ("ui", ui, is_ui, "a class of UI adapters, or parts by name"),
        (
            "realtime",
            realtime,
            callable(realtime) or hasattr(realtime, "frame"),
            "'sse', a transport, or what makes a frontend",
        ),
        ("mailer", mailer, hasattr(mailer, "send") and hasattr(mailer, "check"), "a Mailer"),
    ):
        if value is not None and not is_valid:
            raise ConfigurationError(f"{name} is {value!r}; expected {expected}.")


def with_auth(plugins: Iterable[Any], auth: Any) -> list[Any]:
    """The plugins with the one of `auth`. Raises: ConfigurationError, for another type."""
    if isinstance(auth, bool):
        return list(plugins)
    if getattr(auth, "name", None) != "auth":
        raise ConfigurationError(
            f"auth is {auth!r}; expected True, or starmodel.auth.Auth(…) for options."
        )
    return [*plugins, auth]


def catalogue(texts: Mapping[str, Text] | Catalogue | None) -> Catalogue:
    """The catalogue of an application: English, with these texts in place of some.

    Raises: ConfigurationError, for an unknown key, or a text with other parameters.
    """
    if texts is None:
        return ENGLISH
    if isinstance(texts, Catalogue):
        return texts
    if not isinstance(texts, Mapping):
        raise ConfigurationError(
            f"texts is {texts!r}; expected texts by key, such as {{'event.save': 'Store'}}."
        )
    try:
        return Catalogue(texts)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def own_texts(texts: Catalogue, settings: Settings) -> Mapping[str, Text]:
    """The texts of the argument, by key, for the first of several languages.

    Raises: ConfigurationError, for a `Catalogue` with plural forms of its own.
    """
    if settings.languages == ["en"]:
        return {}
    if texts.has_own_plural:
        raise ConfigurationError(
            "texts is a Catalogue with a rule of plural forms, and languages is "
            f"{', '.join(settings.languages)}. Pass texts by key, or write files of translations."
        )
    return texts.own


def listed(entities: Any) -> list[type[Entity]]:
    """The entity classes as a list. Raises: ConfigurationError, for other types."""
    several = isinstance(entities, Iterable) and not isinstance(entities, type | str)
    classes = list(entities) if several else [entities]
    for cls in classes:
        if not several or not (isinstance(cls, type) and issubclass(cls, Entity)):
            raise ConfigurationError(
                f"entities holds {cls!r}; expected a list of Entity classes, "
                "such as entities=[Counter]."
            )
    return classes
