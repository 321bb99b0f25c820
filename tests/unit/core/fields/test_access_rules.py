"""`Field(access=…)` is checked when its class is defined, or at the start of the application."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from starmodel import ConfigurationError, Entity, Field
from starmodel.access import record, role
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import NOTHING, as_seen, hidden_of, version_of
from starmodel.testing.fakes import fake_application

HR = role("hr")


def entity(name: str = "_Made", **fields: Any) -> Any:
    """An entity class with these fields, given as (type, default)."""
    body = {"__annotations__": {n: t for n, (t, _) in fields.items()}, "__module__": __name__}
    config = {"model_config": {"scope": "record"}}
    return type(name, (Entity,), {**body, **config, **{n: d for n, (_, d) in fields.items()}})


def test_rule_is_for_reading_and_writing_unless_given_for_each() -> None:
    cls = entity(
        both=(int, Field(default=0, access=HR)),
        one=(int, Field(default=0, access={"write": "role:boss"})),
        annotated=(Annotated[int, Field(access={"read": "nobody"})], 0),
        free=(int, Field(default=0, access="public")),
    )
    info = cls.__entity__

    assert info.read_rules == {"both": HR, "annotated": "nobody"}
    assert info.write_rules == {"both": HR, "one": "role:boss"}


@pytest.mark.parametrize(
    ("access", "message"),
    [
        ({"create": HR}, "the key 'create'; expected read, write"),
        ("everybody", "'everybody'; expected 'public'"),
        (5, "is 5; expected a rule's name"),
        ({"read": 5}, "is 5; expected a rule's name"),
    ],
)
def test_unknown_rule_is_refused(access: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Field(access=access)


async def _rule(actor: Any, record: Any) -> bool:
    return True


def test_coroutine_function_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="rules are not awaited"):
        Field(access=_rule)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": (str, Field(default="", access=HR))}, "id is in every URL"),
        ({"pin": (str, Field(default="", private=True, access=HR))}, "pin has access rules and is"),
    ],
)
def test_field_that_can_have_no_rule_is_refused(fields: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        entity(**fields)


def test_class_in_a_browser_store_has_no_rules_of_fields() -> None:
    class _Prefs(Entity):
        model_config = {"scope": "session"}
        theme: str = Field(default="", access=HR)

    _Prefs.model_config["store"] = "local_storage"
    with pytest.raises(ConfigurationError, match="sees and changes everything, but 'theme'"):
        fake_application(_Prefs)


class _Address(BaseModel):
    street: str = Field(default="", access=HR)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"pay": (int, Field(default=0, access=record.stat == "open")), "state": (str, "")},
            r"Field\(access=…\) on _Made.pay, read: record.stat: .* Did you mean 'state'",
        ),
        (
            {"pay": (int, Field(default=0, access={"write": record.boss.id == "a"}))},
            r"Field\(access=…\) on _Made.pay, write: record.boss.id: _Made has no relation 'boss'",
        ),
        ({"home": (_Address, _Address())}, "_Address.street has access rules inside of a field"),
    ],
)
def test_start_refuses_rules_over_unknown_names(fields: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        fake_application(entity(**fields))


def test_snapshot_without_a_viewer_shows_no_restricted_field() -> None:
    cls = entity(
        pay=(int, Field(default=7, access=HR)),
        note=(str, Field(default="n", access={"read": HR})),
        grade=(str, Field(default="g", access={"write": HR})),
    )
    made = cls(id="a")
    seen = as_seen(made, frozenset({"note"}))

    assert public_state(made) == {"id": "a", "grade": "g"}
    assert public_state(seen) == {"id": "a", "pay": 7, "grade": "g"}
    assert public_state(made, NOTHING) == {"id": "a", "pay": 7, "note": "n", "grade": "g"}
    assert (seen.note, seen, version_of(seen)) == ("n", made, version_of(made))
    assert hidden_of(seen.evolve(pay=8)) == {"pay", "note"}
    assert made.signals == {"id": "a", "grade": "g"}


def test_class_without_rules_hides_nothing() -> None:
    made = entity(pay=(int, 7))(id="a")

    assert hidden_of(made) is NOTHING or hidden_of(made) == NOTHING
    assert public_state(made) == {"id": "a", "pay": 7}
