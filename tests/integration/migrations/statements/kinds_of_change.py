"""Every kind of change of a class, as migrations of one small shop."""

from __future__ import annotations

import enum
from typing import Any

from integration.migrations.changing import History
from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field
from starmodel.migrations.comparing.answers import Answers
from starmodel.migrations.steps.values import UNSET

State = enum.Enum("State", "OPEN SOLD")
More = enum.Enum("State", "OPEN SOLD GONE")
Fewer = enum.Enum("State", "OPEN")
CODE = (str | None, Field(default=None, max_length=20))
ROWS: dict[str, list[dict[str, Any]]] = {
    "Shop": [{"id": "s", "name": "x"}],
    "Product": [
        {"id": "a", "name": "n", "price": 1, "shop": "s", "state": "OPEN", "code": "c"},
        {"id": "b", "name": None, "price": 2, "shop": None, "state": "SOLD", "code": None},
    ],
}


def entity(name: str, /, *, config: dict[str, Any] | None = None, **fields: Any) -> type[Entity]:
    """A class of these fields. Shapes: each is its type, and its default if it has one."""
    namespace: dict[str, Any] = {
        "model_config": {"store": "sql", **(config or {})},
        "__module__": __name__,
        "__annotations__": {field: each[0] for field, each in fields.items()},
    }
    namespace |= {field: each[1] for field, each in fields.items() if len(each) > 1}
    return type(Entity)(name, (Entity,), namespace)


def shop(*, config: dict[str, Any] | None = None, **changed: Any) -> list[type[Entity]]:
    """The classes, with other fields; None removes one."""
    fields = {
        "name": (str | None, None), "price": (int, 0), "shop": (str | None, None),
        "state": (State, State.OPEN), "code": CODE, **changed,
    }  # fmt: skip
    kept = {name: each for name, each in fields.items() if each is not None}
    return [entity("Shop", name=(str, "")), entity("Product", config=config, **kept)]


def _reference(**options: Any) -> Any:
    return (str | None, Field(default=None, foreign_key="shop.id", **options))


ADDITIVE: dict[str, list[type[Entity]]] = {
    "class": [*shop(), entity("Note", text=(str, ""), shop=_reference(index=True))],
    "optional field": shop(note=(str | None, None)),
    "index": shop(price=(int, Field(0, index=True))),
    "indexed field": shop(size=(int | None, Field(None, index=True))),
    "unique constraint": shop(code=(CODE[0], Field(None, max_length=20, unique=True))),
    "unique field": shop(ean=(CODE[0], Field(None, max_length=20, unique=True))),
    "foreign key": shop(shop=_reference()),
    "foreign key field": shop(maker=_reference(ondelete="SET NULL")),
    "member": shop(state=(More, More.OPEN)),
    "expiry": shop(config={"ttl": 60}),
}
FILLED: dict[str, tuple[list[type[Entity]], Answers]] = {
    "default": (shop(colour=(str, "it's 5 %")), Answers()),
    "fill": (shop(colour=(str,)), Answers(fills={"Product.colour": "x"})),
    "required": (shop(name=(str, "none")), Answers()),
}
"""Changes that write values, and then require them."""
OTHER: dict[str, tuple[list[type[Entity]], Answers]] = {
    "optional": (shop(price=(int | None, 0)), Answers()),
    "type": (shop(price=(str, "0")), Answers(conversions={"Product.price": UNSET})),
    "length": (
        shop(code=(CODE[0], Field(None, max_length=10))),
        Answers(conversions={"Product.code": UNSET}),
    ),
    "removed field": (shop(price=None), Answers(drops={"Product.price": True})),
    "removed class": (shop()[1:], Answers(drops={"Shop": True})),
    "removed member": (
        shop(state=(Fewer, Fewer.OPEN)),
        Answers(replacements={"Product.state": {"SOLD": "OPEN"}}),
    ),
    "renamed field": (
        shop(name=None, title=(str | None, Field(None, renamed_from="name"))),
        Answers(),
    ),
    "renamed class": (
        [shop()[0], entity("Article", config={"renamed_from": "Product"}, name=(str | None, None),
                           price=(int, 0), shop=(str | None, None), state=(State, State.OPEN),
                           code=CODE)],
        Answers(),
    ),
}  # fmt: skip
EVERY = {**{name: (made, Answers()) for name, made in ADDITIVE.items()}, **FILLED, **OTHER}


def changed(url: str, name: str, *, filled: bool = True) -> History:
    """The tables of the shop, and the migration of one change, which has not run."""
    history = History(*shop())
    history.up(url)
    for each, rows in ROWS.items() if filled else ():
        history.store(url, each, *rows)
    classes, answers = EVERY[name]
    return history.change(*classes, answers=answers)
