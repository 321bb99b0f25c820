"""Definition of an entity class: its fields, events and signals are checked and registered."""

from __future__ import annotations

import copy
import inspect
import sys
from typing import Any

from starmodel.core.definition.boards import board_of
from starmodel.core.definition.browser_stores import check_browser_store
from starmodel.core.definition.checks import RESERVED, check_fields, reserved_error
from starmodel.core.definition.defined import remember
from starmodel.core.definition.formats import check_formats
from starmodel.core.definition.hooks import hooks_of
from starmodel.core.definition.info import EntityInfo, signal_prefix
from starmodel.core.definition.list_editing import check_list_editable
from starmodel.core.definition.related_computed import related_computed
from starmodel.core.errors import ConfigurationError
from starmodel.core.events.event import ActionFactory, Event, collect_events
from starmodel.core.fields.annotations import own_annotations
from starmodel.core.fields.entity_config import check_config
from starmodel.core.fields.form_layout import form_layout
from starmodel.core.fields.method_columns import declared_columns, method_column
from starmodel.core.fields.privacy import is_secret
from starmodel.core.fields.relations import relations_of
from starmodel.core.fields.specs import field_specs
from starmodel.core.signals import Signal
from starmodel.core.snapshot import Snapshot
from starmodel.core.values.signal_names import signal_name


def take_id(cls: type[Any], base: type[Any]) -> None:
    """Give the `id` of another base, such as a table class, precedence over Entity's."""
    for other in cls.__mro__:
        if other is not base and "id" in own_annotations(other):
            if not issubclass(other, base):
                declared: Any = other
                field = copy.copy(declared.__pydantic_fields__["id"])
                cls.__annotations__ = {**own_annotations(cls), "id": field.annotation}
                type.__setattr__(cls, "id", field)
            return


def define(cls: type[Snapshot], base: type[Snapshot]) -> None:
    """Check the class, set its signals, and add it to the defined entity classes."""
    name = cls.__name__
    check_config(name, cls.model_config)
    _leave_plugin(cls)
    fields = cls.__pydantic_fields__
    events, event_names = _events(cls), collect_events(cls)
    for key in fields:
        if key in events or key in event_names:
            raise ConfigurationError(
                f"{name}.{key} is both a field and an event. Rename one of them."
            )
    reserved = [key for key in RESERVED if key in fields or _redefined(cls, base, key)]
    reserved += [key for key in events if key.startswith("model_")]
    if reserved:
        raise reserved_error(name, reserved)
    for hooks in hooks_of(cls):
        hooks.fields_collected(cls)
    public = [
        key
        for key, item in cls.__pydantic_computed_fields__.items()
        if not is_secret(item.return_type)
    ]
    related = {key: read for key, read in related_computed(cls).items() if key in public}
    computed = tuple(key for key in public if key not in related)
    check_fields(cls, base)
    module = sys.modules.get(cls.__module__)
    spec = getattr(module, "__spec__", None)
    info = EntityInfo(cls, field_specs(cls), events, computed, spec, related)
    _check_display(info)
    check_formats(info)
    check_list_editable(info)
    board_of(info)
    config: Any = cls.model_config
    check_browser_store(cls, config.get("store") or "")
    setter = type.__setattr__
    setter(cls, "__entity__", info)
    prefix = signal_prefix(cls)
    _check_signals(info, prefix)
    for key in info.signals:
        for alias in (f"{key}_signal", f"S{key}"):
            other = inspect.getattr_static(cls, alias, None)
            if alias not in fields and (other is None or isinstance(other, Signal)):
                setter(cls, alias, Signal(prefix + key, key))
    remember(cls)


def _leave_plugin(cls: type[Snapshot]) -> None:
    """Let a subclass in another package than its plugin's class be one of the application.

    It inherits neither the plugin nor where the plugin's class is stored and served.
    """
    config: Any = cls.model_config
    for base in cls.__mro__[1:]:
        inherited: Any = getattr(base, "model_config", {})
        package = base.__module__.partition(".")[0]
        if inherited.get("plugin") and cls.__module__.partition(".")[0] != package:
            for key in ("plugin", "store", "path"):
                if key in inherited and config.get(key) == inherited[key]:
                    del config[key]
            return


def _check_signals(about: EntityInfo, prefix: str) -> None:
    """Validate field names and prefix as signal names. Raises: ConfigurationError."""
    name = about.cls.__name__
    for part in prefix.rstrip(".").split(".") if prefix else ():
        if signal_name(part, local=True) != part or not part:
            raise ConfigurationError(
                f"{name} has its signals under {prefix.rstrip('.')!r}, and {part!r} can't be the "
                "name of a signal. Set model_config['namespace'] to another word."
            )
    for key in about.signals:
        if signal_name(key) != key:
            raise ConfigurationError(
                f"{name}.{key} can't be a signal: every JavaScript object has a property of that "
                "name. Rename the field, or declare it with Field(signal=False)."
            )


def _check_display(about: EntityInfo) -> None:
    """Validate the field names in display options. Raises: ConfigurationError."""
    config: Any = about.cls.model_config
    public = [name for name, spec in about.fields.items() if not spec.private]
    single = [name for name in public if about.fields[name].atomic]
    title: Any = config.get("title_field")
    layout = form_layout(about.cls.__name__, config.get("fieldsets"))
    for key, named, known in (
        ("title_field", [] if title is None else [title], [*single, *about.computed]),
        (
            "list_display",
            config.get("list_display"),
            [*public, *about.computed, *about.related_computed, *_method_names(about.cls, config)],
        ),
        ("search_fields", config.get("search_fields"), single),
        ("list_filter", config.get("list_filter"), single),
        ("list_order", _order_names(about, config.get("list_order")), single),
        ("fieldsets", list(layout.names), public),
    ):
        paths = {} if key == "title_field" else relations_of(about.cls)
        # Relations, and paths such as "customer.name", are checked when all classes are known.
        unknown = [n for n in named or () if n not in known and n.partition(".")[0] not in paths]
        if unknown or isinstance(named, str):
            raise ConfigurationError(
                f"{about.cls.__name__}.model_config[{key!r}] names "
                f"{', '.join(map(repr, unknown)) or repr(named)}; expected some of "
                f"{', '.join(known)}."
            )


def _method_names(cls: type[Snapshot], config: Any) -> list[str]:
    """The methods among the columns of a class. Raises: ConfigurationError."""
    listed = config.get("list_display") or ()
    names = [*(() if isinstance(listed, str) else listed), *declared_columns(cls)]
    fields = cls.__pydantic_fields__
    return [n for n in names if n not in fields and method_column(cls, n) is not None]


def _order_names(about: EntityInfo, order: Any) -> list[str]:
    """The fields of a list's order. Raises: ConfigurationError, for no text."""
    if order is None:
        return []
    if not isinstance(order, str):
        raise ConfigurationError(
            f"{about.cls.__name__}.model_config['list_order'] is {order!r}; expected a text such "
            "as '-due,title'."
        )
    return [part.strip().removeprefix("-") for part in order.split(",")]


def _events(cls: type[Snapshot]) -> dict[str, Event[Any, Any, Any]]:
    """The events of the class and of its bases, in MRO order, without overridden ones."""
    events: dict[str, Event[Any, Any, Any]] = {}
    for base in reversed(cls.__mro__):
        for key, value in vars(base).items():
            if isinstance(value, Event):
                events[key] = value
            else:
                events.pop(key, None)
    for key, info in cls.__pydantic_fields__.items():
        # pydantic parses an event with the name of a field as the field's default.
        if isinstance(info.default, Event):
            events[key] = info.default
        elif isinstance(info.default, ActionFactory):
            events[key] = info.default.event
    return events


def _redefined(cls: type[Snapshot], base: type[Snapshot], name: str) -> bool:
    before_base = cls.__mro__[: cls.__mro__.index(base)]
    return any(name in vars(earlier) for earlier in before_base)
