"""Collects an application's own texts: titles, descriptions, choices and what events ask."""

from __future__ import annotations

import enum
import inspect
import sys
import typing
from collections.abc import Iterator
from typing import Any

from babel.messages.extract import extract
from pydantic.fields import FieldInfo

from starmodel.adapters.languages.templates import Word
from starmodel.adapters.ui.choices import source_label
from starmodel.app.application import Application
from starmodel.core.classes.registry import EntityType
from starmodel.core.events import Event
from starmodel.core.fields.field_types import plain_types
from starmodel.core.fields.form_layout import Fieldset, Tab
from starmodel.core.fields.method_columns import declared_columns, method_column
from starmodel.core.fields.relations import relations_of
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.fields.widgets import UI
from starmodel.core.values.words import title_of
from starmodel.texts.catalogue import Message

FUNCTION = "translated"


def own_words(application: Application) -> list[Word]:
    """Every text of the application once, in the order of its classes, then those in its code.

    Texts of StarModel's catalogue are left out; they are translated by key.
    """
    title = application.settings.title
    found: dict[str, Word] = {title: Word(title, "title")}
    for entity_type in application.registry:
        if not entity_type.cls.__module__.startswith("starmodel."):
            for text, place in _of_class(application, entity_type):
                if text and not isinstance(text, Message):
                    found.setdefault(text, Word(text, place))
    for entry in application.extensions.nav:
        for text in (entry.title, entry.group):
            if text and not isinstance(text, Message):
                found.setdefault(text, Word(text, f"navigation: {entry.path}"))
    for word in _in_code(application):
        found.setdefault(word.text, word)
    return list(found.values())


def _of_class(
    application: Application, entity_type: EntityType
) -> Iterator[tuple[str | None, str]]:
    cls, name = entity_type.cls, entity_type.name
    yield entity_type.source_title, name
    yield entity_type.source_plural, name
    yield _first_line(cls.__dict__.get("__doc__")), name
    for field in cls.__entity__.fields.values():
        if not field.private:
            yield from _of_field(field, f"{name}.{field.name}")
    for field_name, computed in cls.__pydantic_computed_fields__.items():
        yield computed.title or field_name.replace("_", " ").capitalize(), f"{name}.{field_name}"
    for method in {*declared_columns(cls), *(cls.model_config.get("list_display") or ())}:
        column = None if method in cls.__entity__.fields else method_column(cls, method)
        yield None if column is None else column.title, f"{name}.{method}"
    for relation in relations_of(cls):
        yield title_of(relation), f"{name}.{relation}"
    for view in cls.model_config.get("views") or ():
        yield view, name
    yield cls.model_config.get("group"), name
    yield from _of_layout(cls.model_config.get("fieldsets"), name)
    for event in entity_type.events.values():
        binder = application.dispatcher.binders[cls, event.name]
        inputs = frozenset(parameter.name for parameter in binder.public_parameters)
        yield from _of_event(event, inputs, f"{name}.{event.name}")


def _of_field(field: FieldSpec, place: str) -> Iterator[tuple[str | None, str]]:
    yield field.source_title, place
    yield from _of_info(field.info, field.ui, place)


def _of_info(info: FieldInfo, ui: UI, place: str) -> Iterator[tuple[str | None, str]]:
    yield ui.help or info.description, place
    yield ui.placeholder, place
    yield from _of_type(info.annotation, place)


def _of_type(annotation: Any, place: str, depth: int = 0) -> Iterator[tuple[str | None, str]]:
    """The labels of choices, and the titles of the fields of nested models."""
    if depth > 5:
        return
    if typing.get_origin(annotation) is typing.Literal:
        for value in typing.get_args(annotation):
            yield source_label(value), place
        return
    for kind in plain_types(annotation):
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            for member in kind:
                yield source_label(member), place
        elif isinstance(kind, type) and hasattr(kind, "__pydantic_fields__"):
            if hasattr(kind, "__entity__"):
                continue
            for name, info in kind.__pydantic_fields__.items():
                yield info.title or name.replace("_", " ").capitalize(), f"{place}.{name}"
                yield info.description, f"{place}.{name}"
                yield from _of_type(info.annotation, f"{place}.{name}", depth + 1)
    for part in typing.get_args(annotation):
        if not isinstance(part, FieldInfo | UI | str | int | float):
            yield from _of_type(part, place, depth + 1)


def _of_event(
    event: Event[Any, Any, Any], inputs: frozenset[str], place: str
) -> Iterator[tuple[str | None, str]]:
    info = event.info
    yield event.source_title if not isinstance(info.title, Message) else None, place
    yield info.confirm, place
    yield info.when_text if isinstance(info.when_text, str) else None, place
    if (event.fn.__module__ or "").startswith("starmodel."):
        return
    yield _first_line(event.fn.__doc__), place
    hints = _hints_of(event)
    for parameter in event.signature.parameters.values():
        if parameter.name not in inputs:
            continue
        annotation = hints.get(parameter.name, parameter.annotation)
        parts = typing.get_args(annotation)[1:]
        infos = [part for part in parts if isinstance(part, FieldInfo)]
        titles = [each.title for each in infos if each.title]
        yield titles[0] if titles else parameter.name.replace("_", " ").capitalize(), place
        for each in infos:
            yield each.description, place
        for part in parts:
            if isinstance(part, UI):
                yield part.help, place
        yield from _of_type(annotation, place)


def _hints_of(event: Event[Any, Any, Any]) -> dict[str, Any]:
    """The annotations of the event's parameters; none where one names a class of a function."""
    try:
        return typing.get_type_hints(event.fn, include_extras=True)
    except NameError:
        return {}


def _of_layout(option: Any, place: str) -> Iterator[tuple[str | None, str]]:
    parts = [option] if isinstance(option, Fieldset | Tab) else option
    if isinstance(parts, dict):
        for title in parts:
            yield title, place
        return
    for part in parts if isinstance(parts, list | tuple) else ():
        if isinstance(part, Fieldset):
            yield part.title, place
            yield part.help, place
        elif isinstance(part, Tab):
            yield part.title, place
            yield from _of_layout(part.parts, place)


def _in_code(application: Application) -> Iterator[Word]:
    """The calls of `translated("…")` in the modules of the application's classes."""
    modules = {each.cls.__module__ for each in application.registry}
    packages = {name.rpartition(".")[0] or name for name in modules}
    for name, module in sorted(sys.modules.items()):
        is_own = name in modules or any(name.startswith(f"{package}.") for package in packages)
        if not is_own or name.startswith("starmodel.") or module is None:
            continue
        try:
            path = inspect.getsourcefile(module)
        except TypeError:
            continue
        if path is None:
            continue
        with open(path, "rb") as file:
            for line, text, *_ in extract("python", file, keywords={FUNCTION: None}):
                yield Word(text if isinstance(text, str) else text[0], f"{name}:{line}")


def _first_line(text: Any) -> str:
    return str(text or "").strip().partition("\n")[0]
