"""Reads the flags of `starmodel migrate` as answers, by the definitions that they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from starmodel.cli.terminal.errors import UsageError
from starmodel.cli.terminal.suggestions import did_you_mean
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.comparing.changes.fields import refs_of
from starmodel.migrations.comparing.changes.words import listed, members_of
from starmodel.migrations.comparing.matching import carry_ids
from starmodel.migrations.comparing.values import ValueMismatchError, parse_json, parse_value
from starmodel.migrations.schema.definitions import EntityDefinition, FieldDefinition, Schema
from starmodel.migrations.steps.values import UNSET


@dataclass(frozen=True)
class Flags:
    """The flags as they were typed: "Product.price=unit_price" for `--rename`, and so on."""

    rename: Sequence[str] = ()
    split: Sequence[str] = ()
    fill: Sequence[str] = ()
    drop: Sequence[str] = ()
    convert: Sequence[str] = ()
    replace: Sequence[str] = ()
    unused: Sequence[str] = ()
    restore: Sequence[str] = ()
    anew: Sequence[str] = ()

    def words(self) -> list[str]:
        """Return the flags as words of a command line."""
        return [
            word
            for each in fields(self)
            for value in getattr(self, each.name)
            for word in (f"--{each.name}", value)
        ]


def renames_of(flags: Flags, before: Schema, after: Schema) -> Answers:
    """Return the renamings that the flags declare.

    Raises: UsageError, for names that don't exist before or after.
    """
    renames: dict[str, str] = {}
    for text in flags.rename:
        old, new = _pair(text, "--rename", "Product.price=unit_price")
        entity, field = _removed(old, "--rename", before, after)
        new = new.removeprefix(f"{old.rpartition('.')[0]}.") if field is not None else new
        if field is None:
            names = [each.name for each in after]
        else:
            names = [each.name for each in _present(entity, before, after, renames).fields]
        if new not in names:
            raise UsageError(
                f"--rename {text}: there is no {new} now.{did_you_mean(new, names)} "
                f"Expected one of {listed(names, 'or')}."
            )
        renames[old] = new
    return Answers(renames=renames)


def answers_of(flags: Flags, before: Schema, after: Schema, renames: Answers) -> Answers:
    """Return all answers of the flags.

    Shapes: after has the ids of what it continues, renamings included.
    Raises: UsageError, for unknown names, and for values that don't fit their field.
    """
    answers = renames
    for text in flags.drop:
        _removed(text, "--drop", before, after)
        answers = answers.also(drops={text: True})
    for text in flags.split:
        ref, _, parts = text.partition("=")
        _removed(ref, "--split", before, after)
        answers = answers.also(splits={ref: dict(_parts(text, parts))})
    for text in flags.fill:
        ref, value = _pair(text, "--fill", "Product.colour=blue")
        answers = answers.also(fills={ref: _fill(text, ref, value, before, after)})
    for text in flags.convert:
        ref, equals, value = text.partition("=")
        field = _field(ref, "--convert", before, after)
        made = _value(field, value, f"--convert {text}") if equals else UNSET
        answers = answers.also(conversions={ref: made})
    for text in flags.replace:
        old, value = _pair(text, "--replace", "Product.state.old=new")
        ref, member = _member(old, "--replace", before, after)
        made = _value(_field(ref, "--replace", before, after), value, f"--replace {text}")
        answers = answers.also(replacements={ref: {member: made}})
    for text in flags.unused:
        ref, member = _member(text, "--unused", before, after)
        answers = answers.also(unused={ref: frozenset({member})})
    for flag, texts in (("--restore", flags.restore), ("--anew", flags.anew)):
        for text in texts:
            _field(text, flag, before, after)
            answers = answers.also(restores={text: flag == "--restore"})
    return answers


def fields_by_ref(before: Schema, after: Schema) -> dict[str, FieldDefinition]:
    """Return the fields after by each name that an answer may call them."""
    old_entities = {entity.id: entity for entity in before}
    found: dict[str, FieldDefinition] = {}
    for entity in after:
        old = old_entities.get(entity.id, entity)
        old_fields = {field.id: field for field in old.fields}
        for field in entity.fields:
            for ref in refs_of(old, entity, old_fields.get(field.id, field), field):
                found.setdefault(ref, field)
    return found


def members_before(before: Schema, after: Schema) -> dict[str, list[str]]:
    """Return the members that each field had, by the names that an answer may call it."""
    fields = {f"{entity.id}/{field.id}": field for entity in before for field in entity.fields}
    by_ref = fields_by_ref(before, after)
    ids = {id(field): f"{entity.id}/{field.id}" for entity in after for field in entity.fields}
    return {
        ref: members_of(fields[ids[id(field)]])
        for ref, field in by_ref.items()
        if ids[id(field)] in fields
    }


def _fill(text: str, ref: str, value: str, before: Schema, after: Schema) -> Any:
    known = fields_by_ref(before, after)
    if ref in known:
        return _value(known[ref], value, f"--fill {text}")
    field, _, part = _longest(ref, known)
    if field is None or known[field].type.kind != "json" or not part:
        raise _unknown(ref, "--fill", known)
    try:
        return parse_json(value)
    except ValueMismatchError:
        return value  # unquoted text


def _longest(ref: str, known: Iterable[str]) -> tuple[str | None, str, str]:
    found = max((each for each in known if ref.startswith(f"{each}.")), key=len, default=None)
    return found, ".", "" if found is None else ref.removeprefix(f"{found}.")


def _field(ref: str, flag: str, before: Schema, after: Schema) -> FieldDefinition:
    known = fields_by_ref(before, after)
    if ref not in known:
        raise _unknown(ref, flag, known)
    return known[ref]


def _member(text: str, flag: str, before: Schema, after: Schema) -> tuple[str, str]:
    """Split "Product.state.old" into the field and its former member."""
    known = members_before(before, after)
    ref, _, member = _longest(text, known)
    if ref is None:
        raise _unknown(text, flag, [f"{each}.{m}" for each, ms in known.items() for m in ms])
    if member not in known[ref]:
        raise UsageError(
            f"{flag} {text}: {ref} had no member {member!r}. "
            f"Expected one of {listed(known[ref], 'or')}."
        )
    return ref, member


def _value(field: FieldDefinition, value: str, flag: str) -> Any:
    try:
        return parse_value(field, value)
    except ValueMismatchError as error:
        raise UsageError(f"{flag}: {value!r} does not fit; {error}.") from error


def _removed(
    ref: str, flag: str, before: Schema, after: Schema
) -> tuple[EntityDefinition, str | None]:
    """Return the entity, and the field if one is named, that no longer has this name."""
    for entity in before:
        if entity.name == ref:
            return entity, None
    for entity in before:
        for field in entity.fields:
            if ref in (f"{name}.{field.name}" for name in _names(entity, after)):
                return entity, field.name
    known = [entity.name for entity in before]
    known += [f"{entity.name}.{field.name}" for entity in before for field in entity.fields]
    raise _unknown(ref, flag, known, "There was no")


def _names(entity: EntityDefinition, after: Schema) -> list[str]:
    return [entity.name, *(each.name for each in after if each.id == entity.id)]


def _present(
    entity: EntityDefinition, before: Schema, after: Schema, renames: dict[str, str]
) -> EntityDefinition:
    """Return the entity after; one that is renamed by another flag included."""
    carried = carry_ids(before, after, renames)
    found = next((each for each in carried if each.id == entity.id), None)
    if found is None:
        raise UsageError(
            f"{entity.name} is gone. If it was renamed, name that first: --rename {entity.name}=NEW"
        )
    return found


def _pair(text: str, flag: str, example: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not equals or not old:
        raise UsageError(f"{flag} {text}: expected NAME=VALUE, as in {flag} {example}")
    return old.strip(), new


def _parts(text: str, parts: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, parts.split(",")):
        path, colon, field = part.partition(":")
        if not colon or not path or not field:
            raise UsageError(
                f"--split {text}: expected the parts as PATH:FIELD, as in "
                "--split Customer.address=street:road,geo.lat:latitude"
            )
        yield field.strip(), path.strip()


def _unknown(ref: str, flag: str, known: Iterable[str], start: str = "There is no") -> UsageError:
    known = list(known)
    return UsageError(f"{flag} {ref}: {start} {ref}.{did_you_mean(ref, known)}")
