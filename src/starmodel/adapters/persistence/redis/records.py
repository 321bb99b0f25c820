"""The stored form of the records of one class: JSON with a header, and index entries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import orjson

from starmodel.adapters.persistence.redis.codecs import Codec, codec_of
from starmodel.adapters.persistence.redis.keys import Keys, id_text
from starmodel.adapters.persistence.redis.sort_texts import MAX_SORT_BYTES, int_of, of_int
from starmodel.core.classes.registry import EntityType
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, ConstraintError, StoreFailedError
from starmodel.core.fields.annotations import type_name
from starmodel.core.fields.specs import FieldSpec
from starmodel.core.snapshot import construct
from starmodel.core.values.tagged_json import from_text
from starmodel.core.values.validation_messages import PRIVATE_PROBLEM
from starmodel.texts.catalogue import Message

HEADER = "$"
"""The name in the JSON of a record under which its header is."""
NONE = "2"
"""The sort text of None, after those of values, which begin with "1"."""
DECODE_ERRORS = (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError)


class Header(NamedTuple):
    """What a record has besides its fields.

    Shapes: shape is a digest of the fields and indexes of the class that wrote it; entries are
    its index entries, sort text by field.
    Units: expires_at is seconds since the epoch, None for never.
    """

    version: int
    expires_at: float | None
    shape: str
    entries: Mapping[str, str]


class CorruptRecordError(ValueError):
    """The value of a key is not the JSON of a record."""


class Records:
    """Encodes and decodes the records of one class.

    Shapes: indexed has the codec of each field with an index, the id excluded; uniques are the
    fields whose values no two records share.

    Raises: ConfigurationError, for a field that can't be stored, or not be indexed.
    """

    def __init__(self, entity_type: EntityType, keys: Keys) -> None:
        self.cls, self.name, self.ttl_s = entity_type.cls, entity_type.name, entity_type.ttl_s
        self.plural_title = entity_type.plural_title
        self.specs: Mapping[str, FieldSpec] = self.cls.__entity__.fields
        self.codecs = {name: self._codec(spec) for name, spec in self.specs.items()}
        self.indexed = {
            name: self.codecs[name] for name, spec in self.specs.items() if self._is_indexed(spec)
        }
        self.uniques = tuple(n for n in self.indexed if self.specs[n].options.sql.get("unique"))
        words = json.dumps([sorted(self.specs), sorted(self.indexed)])
        self.shape = hashlib.blake2b(words.encode(), digest_size=5).hexdigest()
        self.index_key, self.expiry_key = keys.index(self.name), keys.expiry(self.name)
        self.sequence_key, self.schema_key = keys.sequence(self.name), keys.schema(self.name)
        self._keys = keys
        self._fields_set = frozenset(self.specs)
        self._decoders = tuple((n, c.decode) for n, c in self.codecs.items() if c.decode)
        # Without tagged values orjson reads the JSON of a record in a fifth of the time.
        self._is_plain = not any(c.decode and not c.sort_text for c in self.codecs.values())

    def _codec(self, spec: FieldSpec) -> Codec:
        try:
            return codec_of(spec)
        except ValueError as error:
            raise ConfigurationError(
                f"{self.cls.__name__}.{spec.name}: {error}. Exclude it from storage with a "
                "property, or use another type."
            ) from error

    def _is_indexed(self, spec: FieldSpec) -> bool:
        options = spec.options.sql
        if spec.name == "id" or not (options.get("index") or options.get("unique")):
            return self._is_reference(spec)
        if self.codecs[spec.name].sort_text is None:
            raise ConfigurationError(
                f"{self.cls.__name__}.{spec.name} has an index and the type "
                f"{type_name(spec.info.annotation)}, which Redis can't index; expected one of "
                "str, int, float, bool, Decimal, datetime, date, timedelta, UUID, bytes and "
                "enums. Remove index=True or unique=True."
            )
        return True

    def _is_reference(self, spec: FieldSpec) -> bool:
        """Whether the field is a foreign key, which has an index for the lists of children."""
        return spec.is_foreign_key and self.codecs[spec.name].sort_text is not None

    def key(self, id: Any) -> str:
        """The key of a record. Raises: ValueError, for an id that no key can have."""
        return self._keys.record(self.name, id_text(id))

    def lock_key(self, id: Any) -> str:
        """The key of a record's lock. Raises: ValueError, as `key`."""
        return self._keys.lock(self.name, id_text(id))

    def id_entry(self, id: Any) -> str:
        """The sort text of an id, with which its index entries end. Raises: ValueError."""
        codec = self.codecs["id"]
        id_text(id)
        if codec.sort_text is None:
            raise ValueError(f"is {type(id).__name__}, expected str, int or UUID")
        codec.encode(id)
        return id if isinstance(id, str) else codec.sort_text(id)

    def id_of_entry(self, text: str) -> Any:
        """The id of a sort text of `id_entry`."""
        if self.codecs["id"].sort_text is of_int:
            return int_of(text)
        decode = self.codecs["id"].decode
        return text if decode is None else decode(text)

    def entry_texts(self, snapshot: Entity) -> dict[str, str]:
        """The sort texts of a record's indexed fields. Raises: ConstraintError."""
        return {
            name: self.sort_text(name, getattr(snapshot, name, None), codec)
            for name, codec in self.indexed.items()
        }

    def sort_text(self, name: str, value: Any, codec: Codec) -> str:
        """The sort text of a value in the index of a field. Raises: ConstraintError."""
        if value is None or codec.sort_text is None:
            return NONE
        try:
            text = "1" + codec.sort_text(value)
        except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
            raise self.problem(name, str(error)) from error
        if len(text) * 4 > MAX_SORT_BYTES and len(text.encode()) > MAX_SORT_BYTES:
            problem = f"is longer than {MAX_SORT_BYTES} bytes, the limit of an index in Redis"
            raise self.problem(name, problem)
        return text

    def encode(
        self,
        snapshot: Entity,
        version: int,
        expires_at: float | None,
        entries: Mapping[str, str] | None = None,
        unknown: Mapping[str, Any] | None = None,
    ) -> str:
        """The JSON of a record. Shapes: unknown are fields of newer builds, as parsed JSON.

        Raises: ConstraintError, naming the field that can't be stored.
        """
        parts = [""]
        for name, codec in self.codecs.items():
            value = getattr(snapshot, name, None)
            if value is None:
                text = "null"
            else:
                try:
                    text = codec.encode(value)
                except ValueError as error:
                    raise self.problem(name, str(error)) from error
            parts.append(f'"{name}":{text}')
        for name, value in (unknown or {}).items():
            parts.append(f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=False)}")
        texts = self.entry_texts(snapshot)
        if entries:
            texts = {**entries, **texts}
        parts[0] = f'"{HEADER}":"{self.header(version, expires_at, texts)}"'
        return "{" + ",".join(parts) + "}"

    def header(
        self,
        version: int,
        expires_at: float | None,
        entries: Mapping[str, str],
        *,
        shape: str | None = None,
    ) -> str:
        """The header of a record, without a character that JSON escapes."""
        expiry = "" if expires_at is None else f"{expires_at:.3f}"
        texts = ";".join(f"{name}={quote(text, safe=' ,:+')}" for name, text in entries.items())
        return f"{version};{expiry};{self.shape if shape is None else shape};{texts}"

    def problem(self, name: str, problem: str) -> ConstraintError:
        """The error for a value that can't be stored."""
        message = f"{self.cls.__name__}.{name} {problem}."
        spec = self.specs[name]
        if spec.private:
            return ConstraintError(message, shown=PRIVATE_PROBLEM)
        shown = Message("constraint.column", title=spec.title, problem=problem)
        return ConstraintError(message, {name: shown}, entity=self.name)

    def decode(self, raw: bytes, now: float) -> Entity | None:
        """The snapshot of a stored record; None when it has expired.

        Validators don't run. A value that its type can't decode is returned as it is stored.

        Raises: CorruptRecordError.
        """
        values = self.parsed(raw)
        header = read_header(values.get(HEADER))
        if header.expires_at is not None and header.expires_at <= now:
            return None
        return self.snapshot(values, header.version)

    def snapshot(self, values: dict[str, Any], version: int) -> Entity:
        """The snapshot of a record's parsed JSON."""
        found = {}
        for name, spec in self.specs.items():
            try:
                found[name] = values[name]
            except KeyError:
                found[name] = self._missing(spec, values)
        for name, decode in self._decoders:
            value = found[name]
            if value is not None and name in values:
                found[name] = _decoded(decode, value)
        return construct(self.cls, found, set(self._fields_set), version)

    def _missing(self, spec: FieldSpec, values: Mapping[str, Any]) -> Any:
        """The value of a field that the record lacks: under an earlier name, or the default."""
        for old in spec.options.renamed_from:
            if old in values:
                decode = self.codecs[spec.name].decode
                value = values[old]
                return value if decode is None or value is None else _decoded(decode, value)
        if spec.info.is_required():
            return None
        return spec.info.get_default(call_default_factory=True, validated_data={})

    def parsed(self, raw: bytes) -> dict[str, Any]:
        """The JSON of a record. Raises: CorruptRecordError."""
        try:
            values = orjson.loads(raw) if self._is_plain else from_text(raw.decode())
        except ValueError as error:
            raise CorruptRecordError(f"is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise CorruptRecordError("is JSON, and not an object")
        return values

    def unknown_of(self, raw: bytes) -> tuple[dict[str, Any], dict[str, str]]:
        """The fields and index entries of a record that this class does not have.

        Raises: CorruptRecordError.
        """
        try:
            values = json.loads(raw)
        except ValueError as error:
            raise CorruptRecordError(f"is not JSON: {error}") from error
        header = read_header(values.pop(HEADER, None) if isinstance(values, dict) else None)
        old = {name for spec in self.specs.values() for name in spec.options.renamed_from}
        known = self.specs.keys() | old
        fields = {name: value for name, value in values.items() if name not in known}
        entries = {n: text for n, text in header.entries.items() if n not in known}
        return fields, entries


def read_header(text: Any) -> Header:
    """Parse a header. Raises: CorruptRecordError."""
    if not isinstance(text, str):
        raise CorruptRecordError("was not written by StarModel")
    parts = text.split(";")
    try:
        version, expiry, shape = parts[:3]
        entries = dict(part.split("=", 1) for part in parts[3:] if part)
        decoded = {name: unquote(value) for name, value in entries.items()}
        return Header(int(version), float(expiry) if expiry else None, shape, decoded)
    except ValueError as error:
        raise CorruptRecordError(f"has the header {text[:80]!r}") from error


def _decoded(decode: Callable[[Any], Any], value: Any) -> Any:
    try:
        return decode(value)
    except DECODE_ERRORS:
        return value


def entry(name: str, text: str, id: str) -> str:
    """An entry of an index: field, sort text of the value, sort text of the id."""
    return f"{name}\0{text}\0{id}"


def corrupt(records: Records, id: Any, error: CorruptRecordError) -> StoreFailedError:
    """The error for a key whose value is not a record."""
    return StoreFailedError(
        f"The value of the key {records.key(id)!r} in Redis {error}, so {records.name} {id!r} "
        "is lost to this application. Repair the key, or delete it, with redis-cli."
    )
