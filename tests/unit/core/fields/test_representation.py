"""`repr` of entities, which users print and log, has no private field, however deep."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel

from starmodel.core.entity import Entity
from starmodel.core.fields.field import Field, Private
from starmodel.core.snapshot import NOTHING, as_seen


class Login(BaseModel):
    user: str = "ann"
    code: str = Field(default="S3CR", private=True)
    hint: Private[str] = "S3CR"


@dataclass
class Device:
    name: str = "phone"
    key: Annotated[str, Field(private=True)] = "S3CR"
    logins: list[Login] = field(default_factory=lambda: [Login()])


class Both(NamedTuple):
    first: Login
    count: int


class Account(Entity):
    login: Login = Login()
    many: list[Login] = [Login()]
    named: dict[str, tuple[Login, ...]] = {"a": (Login(),)}
    device: Device = Device()
    queue: deque[Login] = deque([Login()])
    both: Both = Both(Login(), 2)
    tags: frozenset[str] = frozenset({"x"})
    anything: Any = None
    more: Login | None = None


FIELDS = (
    "id='1'", "login=Login(user='ann')", "many=[Login(user='ann')]",
    "named={'a': (Login(user='ann'),)}", "device=Device(name='phone', logins=[Login(user='ann')])",
    "queue=deque([Login(user='ann')])", "both=Both(first=Login(user='ann'), count=2)",
    "tags=frozenset(['x'])", "anything={'of': [Login(user='ann')], 'it': ({1, 2}, [], ())}",
    "more=None",
)  # fmt: skip


def test_private_fields_of_nested_models_are_in_no_repr() -> None:
    account = Account(id="1", anything={"of": [Login()], "it": ({1, 2}, [], ())})
    assert repr(account) == f"Account({', '.join(FIELDS)})"
    assert str(account) == f"{account}" == " ".join(FIELDS)
    assert "S3CR" not in f"{[account]}"


def test_repr_of_a_value_inside_itself_ends() -> None:
    ring: list[Any] = [Login()]
    ring.append(ring)
    assert "anything=[Login(user='ann'), ...]" in repr(Account(anything=ring))


class Employee(Entity):
    model_config = {"scope": "record"}
    id: str
    name: str = ""
    salary: int = Field(default=0, access="role:hr")


def test_fields_with_a_read_rule_are_in_the_repr_for_their_readers_only() -> None:
    employee = Employee(id="1", salary=987_654)
    assert repr(employee) == "Employee(id='1', name='')"
    assert f"{[employee]}, {employee}" == "[Employee(id='1', name='')], id='1' name=''"
    assert "salary" not in repr(as_seen(employee, frozenset({"salary"})))
    assert repr(as_seen(employee, NOTHING)) == "Employee(id='1', name='', salary=987654)"
