"""The `@event` decorator, which attaches metadata to a method.

Routing and commits are in the dispatcher, which reads the metadata; local
execution is in `events.local`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from starmodel.core.commands import Action
from starmodel.core.errors import ConfigurationError
from starmodel.core.events.conditions import (
    EventCondition,
    ReasonText,
    check_condition,
    check_reason,
    is_met_by,
    reason_of,
    unavailable,
)
from starmodel.core.events.local import BoundEvent
from starmodel.core.fields.access_rules import AccessRule, RuleExpression, check_access
from starmodel.core.snapshot import Snapshot
from starmodel.core.translations import translated

S = TypeVar("S", bound=Snapshot)
P = ParamSpec("P")
R = TypeVar("R")

METHODS = ("get", "post", "put", "patch", "delete")
MODES = ("outer", "inner", "replace", "prepend", "append", "before", "after", "remove")
_ICON = re.compile(r"[a-z][a-z0-9-]{0,40}")
_SHORTCUT = re.compile(r"(alt\+)?[a-z0-9]")

_event_names: dict[tuple[str, str], list[str]] = {}  # by module and qualified name of the class


@dataclass(frozen=True, slots=True)
class EventInfo:
    """The options of the `@event` decorator.

    Shapes: method is None for the application's default; path is the last
    part of the URL; mode is a Datastar patch mode for returned components; sudo events need an
    actor who has proved recently who it is. On generated pages, icon is the name of a picture
    beside the title, the primary event has the strongest button, and the events of a group stand
    together. when is the condition on the record's state without which the event is refused,
    when_text the reason that people read then; visible hides the button where it is not met.
    shortcut is a key, "p", for the record that has the focus, or "alt+p" for the whole page.
    """

    method: str | None = None
    path: str | None = None
    selector: str | None = None
    mode: str | None = None
    access: AccessRule | None = None
    retry: bool = False
    include_in_schema: bool = True
    confirm: str | None = None
    title: str | None = None
    icon: str | None = None
    primary: bool = False
    group: str | None = None
    sudo: bool = False
    when: EventCondition | None = None
    when_text: ReasonText | None = None
    visible: EventCondition | None = None
    shortcut: str | None = None

    @property
    def is_conditional(self) -> bool:
        """Whether the state of a record decides if the event is possible, or shown."""
        return self.when is not None or self.visible is not None


class Event(Generic[S, P, R]):
    """The descriptor of an event method; see `event`."""

    def __init__(self, fn: Callable[Concatenate[S, P], R], info: EventInfo) -> None:
        self.fn, self.info, self.name, self.owner = fn, info, fn.__name__, ""
        self.__doc__ = fn.__doc__
        self.signature = inspect.signature(fn)
        _check_self(fn, self.signature)
        if inspect.isasyncgenfunction(fn):
            self.kind = "async_generator"
        elif inspect.iscoroutinefunction(fn):
            self.kind = "async"
        elif inspect.isgeneratorfunction(fn):
            self.kind = "generator"
        else:
            self.kind = "sync"

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.owner = name, owner.__name__

    @property
    def title(self) -> str:
        """The label of the generated button, in the visitor's language; see `source_title`."""
        return translated(self.source_title)

    @property
    def source_title(self) -> str:
        """The title option, or the name in words, before translation."""
        return self.info.title or self.name.replace("_", " ").capitalize()

    def check_ready(self, entity: Any) -> None:
        """Return when the event is possible on this state, for code without an actor.

        Raises: EventUnavailableError; ConditionFailedError; NotLoadedError.
        """
        when = self.info.when
        if when is None:
            return
        if isinstance(when, RuleExpression):
            is_met = when.holds(entity)
        else:
            is_met = is_met_by(when, entity, None)
        if not is_met:
            reason = reason_of(self.info.when_text, self.title, entity, None)
            raise unavailable(f"{self.owner}.{self.name}", reason)

    @overload
    def __get__(self, instance: None, owner: type) -> ActionFactory[P]: ...
    @overload
    def __get__(self, instance: S, owner: type) -> Callable[P, R]: ...
    def __get__(self, instance: S | None, owner: type) -> Any:
        if instance is None:
            return ActionFactory(owner, self)
        return BoundEvent(instance, self)

    def __repr__(self) -> str:
        return f"<event {self.owner}.{self.name}{self.signature}>"

    def action(self, entity: type[Any], id: Any, args: tuple[Any, ...], kwargs: Any) -> Action:
        """The action for these arguments; missing ones are filled from the request later.

        Raises: TypeError, for an unknown or surplus argument.
        """
        try:
            bound = self.signature.bind_partial(None, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{entity.__name__}.{self.name}: {error}") from None
        first = next(iter(self.signature.parameters))
        named = {k: v for k, v in bound.arguments.items() if k != first}
        for name, parameter in self.signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD and name in named:
                named |= named.pop(name)
        return Action(entity, self.name, named, id)


class ActionFactory(Generic[P]):
    """`Counter.increment`: call it for an action, with some or all of the arguments."""

    __slots__ = ("entity", "event", "id")

    def __init__(self, entity: type[Any], event: Event[Any, P, Any], id: Any = None) -> None:
        self.entity, self.event, self.id = entity, event, id

    @overload
    def __call__(self) -> Action: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Action: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Action:
        return self.event.action(self.entity, self.id, args, kwargs)

    def __html__(self) -> str:
        return self().__html__()

    def __repr__(self) -> str:
        return f"<action of {self.event!r}>"


@overload
def event(fn: Callable[Concatenate[S, P], R], /) -> Event[S, P, R]: ...
@overload
def event(
    *,
    method: str | None = None,
    path: str | None = None,
    selector: str | None = None,
    mode: str | None = None,
    merge_mode: str | None = None,
    background: bool = False,
    access: AccessRule | None = None,
    retry: bool = False,
    include_in_schema: bool = True,
    confirm: str | None = None,
    title: str | None = None,
    icon: str | None = None,
    primary: bool = False,
    group: str | None = None,
    sudo: bool = False,
    when: EventCondition | None = None,
    when_text: ReasonText | None = None,
    visible: EventCondition | None = None,
    shortcut: str | None = None,
) -> Callable[[Callable[Concatenate[S, P], R]], Event[S, P, R]]: ...
def event(fn: Any = None, /, *, merge_mode: str | None = None, **options: Any) -> Any:
    """Declare a method as an event: the only place where its entity may change.

    All or nothing: when the method raises, nothing anywhere changed. A
    generator method commits at each `yield`.

    Raises: ConfigurationError, for an option that is unknown, wrong, or not built yet.
    """

    def declare(function: Callable[..., Any]) -> Event[Any, Any, Any]:
        if not callable(function):  # a classmethod or a property
            raise ConfigurationError(
                f"@event on a {type(function).__name__}: an event is a method whose first "
                "parameter is self. Write @event directly above def name(self, …)."
            )
        where, _, name = function.__qualname__.rpartition(".")
        _event_names.setdefault((function.__module__, where), []).append(name)
        return Event(function, _info(function.__qualname__, options, merge_mode))

    return declare(fn) if fn is not None else declare


def _check_self(fn: Callable[..., Any], signature: inspect.Signature) -> None:
    """Validate the signature of an event method. Raises: ConfigurationError."""
    first = next(iter(signature.parameters.values()), None)
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if first is None or first.name != "self" or first.kind not in positional:
        name = getattr(fn, "__qualname__", repr(fn))
        raise ConfigurationError(
            f"@event on {name}{signature}: an event is a method whose first parameter is self. "
            f"Write def {name.rpartition('.')[2]}(self, …)."
        )


def collect_events(cls: type[Any]) -> list[str]:
    """Remove and return the names of events declared in the body of a new class.

    Includes events that a later definition in the body has overridden.
    """
    return _event_names.pop((cls.__module__, cls.__qualname__), [])


def _info(where: str, options: dict[str, Any], merge_mode: str | None) -> EventInfo:
    options = dict(options)
    if options.pop("background", False):
        raise ConfigurationError(
            f"@event(background=True) on {where} is not available yet. Remove it, "
            "or start the work from an @on(...) handler."
        )
    if merge_mode is not None:
        options.setdefault("mode", merge_mode)
    unknown = set(options) - set(EventInfo.__slots__)
    if unknown:
        raise ConfigurationError(
            f"@event on {where} has the unknown options {sorted(unknown)}; "
            f"valid are {', '.join(sorted(EventInfo.__slots__))}, background."
        )
    if options.get("method") is not None:
        options["method"] = str(options["method"]).lower()
    for name, allowed in (("method", METHODS), ("mode", MODES)):
        if options.get(name) is not None and options[name] not in allowed:
            raise ConfigurationError(
                f"@event({name}={options[name]!r}) on {where}: "
                f"expected one of {', '.join(allowed)}."
            )
    icon = options.get("icon")
    if icon is not None and not (isinstance(icon, str) and _ICON.fullmatch(icon)):
        raise ConfigurationError(
            f"@event(icon={icon!r}) on {where}: expected the name of an icon, such as 'check'."
        )
    shortcut = options.get("shortcut")
    if shortcut is not None and not (isinstance(shortcut, str) and _SHORTCUT.fullmatch(shortcut)):
        raise ConfigurationError(
            f"@event(shortcut={shortcut!r}) on {where}: expected a letter or digit such as 'p', "
            "for the record that has the focus, or 'alt+p' for the whole page."
        )
    check_access(f"@event(access=…) on {where}", options.get("access"))
    for name in ("when", "visible"):
        check_condition(f"@event({name}=…) on {where}", options.get(name))
    check_reason(f"@event(when_text=…) on {where}", options.get("when_text"))
    if options.get("when_text") is not None and options.get("when") is None:
        raise ConfigurationError(f"@event(when_text=…) on {where} needs a condition, when=….")
    return EventInfo(**options)
