"""The icon of an entity class in the navigation and on the start page."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

from starmodel.core.classes.registry import EntityType
from starmodel.core.fields.field_types import plain_types

_BY_SCOPE = {"record": "rows", "app": "globe", "user": "user", "session": "one"}


def icon_of(entity_type: EntityType) -> str:
    """The icon that the class names; else by what its first telling field holds, or its scope."""
    named: Any = entity_type.cls.model_config.get("icon")
    if named:
        return str(named)
    if not entity_type.is_record:
        return _BY_SCOPE[entity_type.scope]
    fields = entity_type.cls.__entity__.fields
    kinds = {name: set(map(_kind, plain_types(s.info.annotation))) for name, s in fields.items()}
    if "email" in kinds:
        return "user"
    if "done" in kinds and bool in kinds["done"]:
        return "tick"
    if any(decimal.Decimal in kind for name, kind in kinds.items() if "price" in name):
        return "tag"
    if any(kind & {datetime.date} for name, kind in kinds.items() if name in ("day", "date")):
        return "calendar"
    return "rows"


def _kind(annotation: Any) -> Any:
    return annotation if isinstance(annotation, type) else object
