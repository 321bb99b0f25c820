"""Codecs of enums: by member name, or by the texts of a declared type."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from sqlalchemy import Enum

from starmodel.adapters.persistence.encoders import of_type
from starmodel.adapters.persistence.sql.dialects.codecs import Codec


def stored_values(kind: type[enum.Enum], declared: Enum) -> dict[str, enum.Enum]:
    """Return the members by the texts that a declared SQLAlchemy type stores for them.

    Raises: ValueError, for a type of other members.
    """
    if declared.enum_class is None:
        names = list(declared.enums)
        for texts in (kind.__members__, {str(m.value): m for m in kind}):
            if texts.keys() <= set(names):
                return dict(texts)
        raise ValueError(f"Enum{tuple(names)!r} has neither names nor values of {kind.__name__}")
    members = list(kind)
    if declared.enum_class is not kind or len(declared.enums) != len(members):
        raise ValueError(
            f"its Enum is of {declared.enum_class.__name__} with {len(declared.enums)} values; "
            f"expected one for each of the {len(members)} members of {kind.__name__}. Check "
            "values_callable"
        )
    return dict(zip(map(str, declared.enums), members, strict=True))


def enum_codec(kind: type[enum.Enum], stored: Mapping[str, enum.Enum] | None = None) -> Codec:
    """Encode members by name, as SQLModel does, or by the texts of a declared type."""
    members = dict(kind.__members__) if stored is None else dict(stored)
    texts = {member: text for text, member in reversed(members.items())}
    if stored is None:
        texts = {member: member.name for member in kind}
    encode = of_type(kind, texts.__getitem__)
    return Codec(encode, members.__getitem__, "enum", members=kind)
