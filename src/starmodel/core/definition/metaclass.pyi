"""The metaclass of entities, for type checkers alone: at run time it is pydantic's.

SQLModel's as its base makes them accept `class P(Entity, SQLModel, table=True)`.
"""

from typing import Any

from pydantic import PrivateAttr
from sqlmodel.main import SQLModelMetaclass
from typing_extensions import dataclass_transform

from starmodel.core.fields.field import Field
from starmodel.core.signals import Signal

@dataclass_transform(kw_only_default=True, field_specifiers=(Field, PrivateAttr))
class EntityMeta(SQLModelMetaclass):
    model_config: Any  # SQLModel's metaclass declares its own keys alone

    def __getattr__(cls, name: str) -> Signal: ...  # any `…_signal` of the class
