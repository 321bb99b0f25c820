"""Fields that an event left alone, though their validation changes them."""

from __future__ import annotations

from collections.abc import Collection, Set
from typing import TypeVar

from starmodel.core.changes.copies import copy_value
from starmodel.core.changes.drafts import validated
from starmodel.core.changes.patches import same
from starmodel.core.entity import Entity
from starmodel.core.errors import InvalidStateError
from starmodel.core.values.models import field_values

E = TypeVar("E", bound=Entity)


def only_decoded(draft: E, base: E, closed: E, names: Collection[str]) -> Set[str]:
    """Those of the changed fields that the event left alone: validation alone reads them otherwise.

    Such as a text that another program wrote, and that is the value of an enum's member.
    """
    raw, before, after = field_values(draft), field_values(base), field_values(closed)
    names = set(names) & raw.keys() & before.keys()
    left = {name for name in names if same(copy_value(raw[name]), before[name])}
    for others in ((), names - left) if left else ():
        values = before | {name: after[name] for name in others}
        try:
            again = field_values(validated(draft.__entity__.cls, values))
        except InvalidStateError:
            continue  # what was stored does not fit; with what the event repaired it may
        return {name for name in left if same(again[name], after[name])}
    return set()
