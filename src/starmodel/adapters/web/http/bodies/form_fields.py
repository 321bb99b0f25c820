"""Form fields to nested values: lists, nested models and the companions of lossy inputs."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from starmodel.app.commands.binding.form_names import (
    EXACT,
    FIELD,
    GIVEN,
    KEPT_ROW,
    PERCENT,
    RECORDS,
    REST,
    ROWS,
    SEARCH,
    SEVERAL,
    SEVERAL_SUFFIX,
    SHOWN,
)
from starmodel.app.commands.binding.form_texts import without_zone
from starmodel.app.commands.binding.rows import rows_of
from starmodel.app.commands.binding.search_words import SearchWords
from starmodel.app.commands.binding.sent_records import SentRecords
from starmodel.core.errors import RequestError
from starmodel.core.values.bounds import DEFAULT_BOUNDS, Bounds, read_json

MAX_PARTS = 8  # the depth of forms of nested models
MAX_NAME_CHARS = 200
_NOTHING = object()


def nested_fields(pairs: list[tuple[str, Any]], bounds: Bounds = DEFAULT_BOUNDS) -> dict[str, Any]:
    """Parse the (name, value) pairs of a form into arguments.

    One value per name: a list for `name[]`, else the last one (a checkbox
    follows its hidden "false"). `address.street` is a key of `address`. CRLF,
    which browsers send for line breaks, becomes "\\n". Hidden companion fields
    preserve what an input type can't: "_several." plus a name makes an empty
    choice a list, "_rest." has the datetime with its zone and microseconds, and
    "_exact." has what the input sends for a value that it can't represent. The
    values below "_rows." plus a name are `Rows`, in the order of the form. "_given."
    with "false" makes a value None. "_search." has the text beside the id of a chosen
    record, and "_shown." that text when the page was rendered: changed text is
    `SearchWords`, never an id. The ids of several records are `SentRecords`, of which "_records."
    has those that the form was rendered with. A companion without its field stays a field, which no
    event accepts.

    Raises: RequestError, for a name that is too long, or a row without a number.
    """
    fields: dict[str, Any] = {}
    rows: dict[str, Any] = {}
    given: dict[str, Any] = {}
    kept: set[str] = set()
    companions: list[tuple[Callable[[Any, Any, Bounds], Any], str, str, Any]] = []
    searches: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for name, value in pairs:
        if len(name) > MAX_NAME_CHARS:
            raise RequestError(
                f"The name of a field has {len(name)} characters; expected at most "
                f"{MAX_NAME_CHARS}."
            )
        if isinstance(value, str):
            value = value.replace("\r\n", "\n")  # noqa: PLW2901 - normalised
        if name.startswith(SEVERAL):
            companions.append((_in_previous_order, SEVERAL, name.removeprefix(SEVERAL), value))
            _put(fields, name.removeprefix(SEVERAL), [])
        elif name.startswith(RECORDS):
            companions.append((_with_before, RECORDS, name.removeprefix(RECORDS), value))
            _put(fields, name.removeprefix(RECORDS), SentRecords())
        elif name.startswith(REST):
            companions.append((_with_precision, REST, name.removeprefix(REST), value))
        elif name.startswith(EXACT):
            companions.append((_exact_value, EXACT, name.removeprefix(EXACT), value))
        elif name.startswith(SEARCH):
            searches[name.removeprefix(SEARCH)] = value
        elif name.startswith(SHOWN):
            shown[name.removeprefix(SHOWN)] = value
        elif name.startswith(FIELD):
            _put(fields, name.removeprefix(FIELD), value)
        elif name.startswith(ROWS):
            rows[name.removeprefix(ROWS)] = value
            _open(fields, name.removeprefix(ROWS))
        elif name.startswith(GIVEN):
            given[name.removeprefix(GIVEN)] = value
            _open(fields, name.removeprefix(GIVEN))
        elif name.startswith(PERCENT):
            companions.append((_percentage, PERCENT, name.removeprefix(PERCENT), value))
        elif name.startswith(KEPT_ROW):
            kept.add(name.removeprefix(KEPT_ROW))
        elif name.endswith(SEVERAL_SUFFIX):
            _put(fields, name[:-2], value, add=True)
        else:
            _put(fields, name, value)
    for name, words in searches.items():
        found = _find(fields, name)
        if found is not None and isinstance(found[0][found[1]], SentRecords):
            is_new = isinstance(words, str) and words != shown.get(name, "")
            found[0][found[1]].words = words.strip() if is_new else ""
        else:
            _put(fields, name, _chosen(found, words, shown.get(name, "")))
    completed: set[str] = set()
    for complete, prefix, name, text in companions:
        found = _find(fields, name)
        if found is None or not isinstance(text, str):
            if name not in completed:
                fields[prefix + name] = text
            continue
        completed.add(name)
        within, last = found
        within[last] = complete(within[last], text, bounds)
        if within[last] is _NOTHING:
            del within[last]
    if rows or given:
        _gather(fields, rows, given, kept)
    return fields


def _chosen(found: tuple[dict[str, Any], str] | None, words: Any, shown: Any) -> Any:
    """The id of the chosen record; "" when its text was cleared, `SearchWords` for other text."""
    id = "" if found is None else found[0][found[1]]
    if not isinstance(words, str) or (words == shown and (id or not words)):
        return id
    return SearchWords(words) if words.strip() else ""


def _gather(
    fields: dict[str, Any], rows: dict[str, Any], given: dict[str, Any], kept: set[str]
) -> None:
    """Make rows of the values below these names, and None of the values that are not given."""
    # Inner ones first, while the names of outer ones still lead to them.
    for name in sorted({*rows, *given}, key=lambda name: -name.count(".")):
        found = _find(fields, name)
        if found is None:
            continue
        within, last = found
        if name in given:
            if given[name] == "false":
                within[last] = None
        elif isinstance(within[last], dict):
            values = within[last]
            own = {key for key in values if f"{name}.{key}" in kept}
            within[last] = rows_of(values, own) if values or rows[name] != "null" else None


def _open(fields: dict[str, Any], name: str) -> None:
    """Begin a nested value, so that it keeps its place and may stay empty."""
    within, last = _place(fields, name)
    if not isinstance(within.get(last), dict):
        within[last] = {}


def _exact_value(sent: Any, original: str, bounds: Bounds) -> Any:
    """The exact value, when the input still sends its initial text; else the sent value."""
    shown, *value = _list(original, bounds) or (None,)
    if not isinstance(sent, str) or sent != shown:
        return sent
    return value[0] if value else _NOTHING


def _percentage(sent: Any, original: str, bounds: Bounds) -> Any:
    """The number with a percent sign, also when only its digits were typed."""
    is_bare = isinstance(sent, str) and sent.strip() and sent.strip()[-1:] in "0123456789"
    return f"{sent}%" if is_bare else sent


def _in_previous_order(sent: Any, original: str, bounds: Bounds) -> Any:
    """The chosen values, in their previous order when the set is unchanged."""
    if original == "null":
        return sent or None
    before = _list(original, bounds)
    if not isinstance(sent, list) or not before or not all(isinstance(i, str) for i in before):
        return sent
    return before if set(before) == set(sent) else sent


def _with_before(sent: Any, original: str, bounds: Bounds) -> Any:
    """The chosen ids, with those that the input displayed when its form was rendered."""
    before = [each for each in _list(original, bounds) or () if isinstance(each, str)]
    is_sent = isinstance(sent, SentRecords)
    return SentRecords(sent, before, sent.words) if is_sent else sent


def _list(text: str, bounds: Bounds) -> list[Any] | None:
    try:
        value = read_json(text, bounds)
    except ValueError:
        return None
    return value if isinstance(value, list) else None


def _with_precision(sent: Any, original: str, bounds: Bounds) -> Any:
    """The original datetime or time of an unchanged input; else the new one in UTC or its zone."""
    kind = datetime.datetime if "T" in original else datetime.time
    try:
        before, shown = kind.fromisoformat(original), kind.fromisoformat(sent)
    except (TypeError, ValueError):
        return sent
    if kind.fromisoformat(without_zone(before)) == shown:
        return original
    if isinstance(before, datetime.datetime):
        return sent if before.tzinfo is None else f"{sent}Z"
    return shown.replace(tzinfo=before.tzinfo).isoformat()


def _put(fields: dict[str, Any], name: str, value: Any, *, add: bool = False) -> None:
    fields, name = _place(fields, name)
    if not add:
        fields[name] = value
    elif isinstance(fields.get(name), list):
        fields[name].append(value)
    else:
        fields[name] = [value]


def _place(fields: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """The dict and key for a name: `address.street` is in the dict `address`."""
    *heads, last = name.split(".")
    if len(heads) >= MAX_PARTS or not all((*heads, last)):
        return fields, name
    for head in heads:
        within = fields.setdefault(head, {})
        if not isinstance(within, dict):
            within = fields[head] = {}
        fields = within
    return fields, last


def _find(fields: dict[str, Any], name: str) -> tuple[dict[str, Any], str] | None:
    """The dict and key of a name's value; None when the form has none."""
    *heads, last = name.split(".")
    if len(heads) >= MAX_PARTS or not all((*heads, last)):
        return (fields, name) if name in fields else None
    for head in heads:
        within = fields.get(head)
        if not isinstance(within, dict):
            return None
        fields = within
    return (fields, last) if last in fields else None
