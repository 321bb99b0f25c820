"""The arguments of `create_app`, checked before anything is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.texts.catalogue import ENGLISH, Catalogue
from starmodel.texts.english import Text


def named(setting: str, given: Any, options: dict[str, Any]) -> Any:
    """The implementation that was given; a name becomes the setting of that name instead.

    Raises: ConfigurationError, for what is neither.
    """
    if isinstance(given, str):
        options[setting] = given
        return None
    return given


def check_arguments(
    bus: Any, stores: Any, policy: Any, uow_cls: Any, ui: Any, realtime: Any
) -> None:
    """Refuse arguments of another kind than `create_app` takes. Raises: ConfigurationError."""
    for name, value, fits, expected in (
        ("bus", bus, hasattr(bus, "subscribe"), "'memory' or an EventBus"),
        ("stores", stores, isinstance(stores, Mapping), "stores by name, {'name': repository}"),
        ("policy", policy, hasattr(policy, "check"), "an AccessPolicy"),
        ("uow_cls", uow_cls, isinstance(uow_cls, type), "a subclass of UnitOfWork"),
        ("ui", ui, callable(ui), "a class or function that makes a UI adapter"),
        ("realtime", realtime, callable(realtime), "'sse', or what makes a transport"),
    ):
        if value is not None and not fits:
            raise ConfigurationError(f"{name} is {value!r}; expected {expected}.")


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


def listed(entities: Any) -> list[type[Entity]]:
    """The given classes. Raises: ConfigurationError, for anything else."""
    several = isinstance(entities, Iterable) and not isinstance(entities, type | str)
    classes = list(entities) if several else [entities]
    for cls in classes:
        if not several or not (isinstance(cls, type) and issubclass(cls, Entity)):
            raise ConfigurationError(
                f"entities holds {cls!r}; expected a list of Entity classes, "
                "such as entities=[Counter]."
            )
    return classes
