"""Edits the text of CREATE TABLE, in which SQLite keeps the definition of a table.

Only what a migration changes is replaced. All else stays as it was written: columns that no class
knows, checks, collations, options, comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_WORD = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+|\s+|.""",
    re.DOTALL,
)
_NEEDS_REBUILD = frozenset({
    "PRIMARY", "UNIQUE", "NOT", "GENERATED", "REFERENCES", "CURRENT_TIMESTAMP", "CURRENT_DATE",
    "CURRENT_TIME",
})  # fmt: skip
_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})


class Item(NamedTuple):
    """A column or constraint of a table. Shapes: column is its lower-case name, or "" for none."""

    text: str
    column: str

    @property
    def normal(self) -> tuple[str, ...]:
        """Its words without quotes, spaces, comments and case, to compare it with others."""
        return tuple(_unquoted(word).lower() for word in _significant(self.text))


class TableText(NamedTuple):
    """The parts of CREATE TABLE. Shapes: end is what follows the parentheses ("STRICT")."""

    items: tuple[Item, ...]
    end: str

    @classmethod
    def parse(cls, sql: str) -> TableText:
        """Split the text of a table. Raises: ValueError, for CREATE TABLE … AS and others."""
        words = _WORD.findall(sql)
        items: list[str] = []
        part: list[str] = []
        depth, end = 0, None
        for place, word in enumerate(words):
            if word == "(":
                depth += 1
                if depth == 1:
                    continue
            elif word == ")":
                depth -= 1
                if depth == 0:
                    end = "".join(words[place + 1 :])
                    break
            elif word == "," and depth == 1:
                items.append("".join(part))
                part = []
                continue
            if depth:
                part.append(word)
        if end is None:
            raise ValueError(f"{sql!r} has no list of columns")
        items.append("".join(part))
        return cls(tuple(_item(text.strip()) for text in items), end.strip())

    def create(self, quoted_name: str) -> str:
        """Return CREATE TABLE for a table of this name."""
        # A line comment at the end of an item ends with its line.
        body = ",\n    ".join(f"{i.text}\n" if "--" in i.text else i.text for i in self.items)
        return f"CREATE TABLE {quoted_name} (\n    {body}\n){f' {self.end}' if self.end else ''}"


def merged(
    existing: TableText, before: TableText, after: TableText, swapped: Mapping[str, str]
) -> TableText:
    """Bring the text of a table from `before` to `after`, and leave all else as it is.

    Shapes: existing is what the database has; before and after are compiled
    from definitions, with the same names for columns that stay; swapped are columns that take the
    place of others, by the names of the latter.
    """
    olds = {item.column: item for item in before.items if item.column}
    news = {item.column: item for item in after.items if item.column}
    replaced = {name.lower() for name in swapped}
    removed = {name.lower() for name in swapped.values()}
    columns: list[Item] = []
    for item in existing.items:
        if not item.column:
            continue
        if item.column in removed:
            continue
        old, new = olds.get(item.column), news.get(item.column)
        if item.column in replaced and new is not None:
            columns.append(new)
            continue
        if new is None and old is not None:
            continue  # dropped
        changed = old is not None and new is not None and old.normal != new.normal
        columns.append(new if changed and new is not None else item)
    there = {item.column for item in columns}
    columns += [item for name, item in news.items() if name not in there]
    return TableText((*columns, *_constraints(existing, before, after)), existing.end)


def _constraints(existing: TableText, before: TableText, after: TableText) -> Iterator[Item]:
    olds = [item.normal for item in before.items if not item.column]
    left = [item for item in after.items if not item.column]
    for item in existing.items:
        if item.column:
            continue
        twin = next((other for other in left if other.normal == item.normal), None)
        if twin is not None:
            left.remove(twin)
            yield item
        elif item.normal not in olds:
            yield item  # of another program
    yield from left


def _item(text: str) -> Item:
    words = _significant(text)
    first = next(words, "")
    is_constraint = first.upper() in _CONSTRAINTS
    return Item(text, "" if is_constraint else _unquoted(first).lower())


def _significant(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        if not word.isspace() and not word.startswith(("--", "/*")):
            yield word


def _unquoted(word: str) -> str:
    if len(word) > 1 and word[0] in '"`[':
        end = word[0]
        return word[1:-1].replace(end * 2, end)
    return word


def is_plain(sql: str) -> bool:
    """True for a column that ALTER TABLE … ADD COLUMN accepts on a table with rows.

    Shapes: sql is its definition without the name.
    """
    words = {word.upper() for word in _significant(sql)}
    return words.isdisjoint(_NEEDS_REBUILD) and "DEFAULT (" not in sql.upper()


def column_names(table: TableText) -> Mapping[str, Item]:
    """Return the columns by their lower-case names."""
    return {item.column: item for item in table.items if item.column}
