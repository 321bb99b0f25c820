"""The syntax of filters: `price__gt`, and lists of values such as `1,2,"a,b"`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

# A quoted value with \" and \\ in it, or any text up to the next comma.
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*+)"(?=,|\Z)|((?!")[^,]*+)(?=,|\Z)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def split_filter(word: str, fields: Container[str]) -> tuple[str, str]:
    """The field and the operator of a filter; "eq" without one.

    A field's own name wins, so names with double underscores work.

    >>> split_filter("unit__price__gt", {"unit__price"}), split_filter("a__b", {"a__b"})
    (('unit__price', 'gt'), ('a__b', 'eq'))
    """
    if word in fields:
        return word, "eq"
    name, separator, op = word.rpartition("__")
    return (name, op) if separator else (word, "eq")


def split_values(text: str) -> list[str]:
    r"""The values of a comma-separated list; in double quotes a value may hold commas.

    Raises: ValueError, for a quote that is not closed.

    >>> split_values('1,2'), split_values('"a,b",c'), split_values(r'"say \"hi\""')
    (['1', '2'], ['a,b', 'c'], ['say "hi"'])
    """
    values, start = [], 0
    while True:
        found = _VALUE.match(text, start)
        if found is None:
            raise ValueError('has a quote that is not closed before a comma; write \\" inside')
        values.append(found[2] if found[1] is None else _ESCAPED.sub(r"\1", found[1]))
        if found.end() == len(text):
            return values
        start = found.end() + 1


def join_values(values: Iterable[str]) -> str:
    r"""The list that `split_values` reads as these values.

    >>> join_values(["a", "b,c", "", '"'])
    'a,"b,c","","\\""'
    """
    return ",".join(map(_quoted, values))


def _quoted(value: str) -> str:
    if value and "," not in value and not value.startswith('"'):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
