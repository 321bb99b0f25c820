"""Access rules as expressions: how they combine, and what they refuse."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from starmodel import (
    AccessDeniedError,
    Actor,
    ConfigurationError,
    Entity,
    Field,
    NotSignedInError,
    RulePolicy,
    event,
)
from starmodel.access import actor, mfa, owner, record, role
from starmodel.app.access.decisions import check, permits
from starmodel.app.access.policy import DEV
from starmodel.core.classes.registry import Registry
from starmodel.core.fields.access_rules import check_access
from starmodel.testing.fakes import fake_application

ANN = Actor("ann", claims={"team": "red"})
BOSS = Actor("bob", roles=frozenset({"boss"}))


class _Firm(Entity):
    model_config = {"scope": "record"}
    id: str
    city: str | None = None


class _Note(Entity):
    model_config = {"scope": "record"}
    user_id: str | None = None
    number: int | None = None
    key: uuid.UUID | None = None
    team: str | None = None
    tags: list[str] = []
    firm_id: str | None = Field(default=None, foreign_key="_firm.id")

    @event
    def sign(self) -> None: ...


Note: Any = _Note


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`typed(access)`: the entity type of a note under this access rule."""

    def made(access: Any) -> Any:
        monkeypatch.setitem(_Note.model_config, "access", access)
        return Registry([_Firm, _Note])[_Note]

    return made


async def permitted(typed: Any, rule: Any, who: Actor | None, **values: Any) -> bool:
    return await permits(RulePolicy(), typed({"read": rule}), who, entity=_Note(**values))


async def test_owner_compares_the_id_of_the_actor(typed: Any) -> None:
    rule = owner("user_id")
    assert await permitted(typed, rule, ANN, user_id="ann")
    assert not await permitted(typed, rule, ANN, user_id="ANN")
    assert not await permitted(typed, rule, ANN, user_id=None)
    assert not await permitted(typed, rule, None, user_id=None)


async def test_id_of_the_actor_is_read_as_the_type_of_the_field(typed: Any) -> None:
    key = uuid.uuid4()
    assert await permitted(typed, owner("number"), Actor("7"), number=7)
    assert not await permitted(typed, owner("number"), Actor("07"), number=7)
    assert not await permitted(typed, owner("number"), ANN, number=7)
    assert await permitted(typed, owner("key"), Actor(str(key)), key=key)
    assert not await permitted(typed, owner("key"), ANN, key=key)


@pytest.mark.parametrize("who", [None, BOSS, Actor("ann", claims={"team": None})])
@pytest.mark.parametrize("value", [None, "red"])
async def test_missing_attribute_matches_nothing(typed: Any, who: Any, value: Any) -> None:
    for rule in (
        record.team == actor.team,
        record.team != actor.team,
        record.team.in_(actor.team),
        actor.team == record.team,
        actor.team.in_([None, "red"]),
        actor.team == actor.team,
    ):
        assert not await permitted(typed, rule, who, team=value), rule


async def test_none_in_a_claim_matches_no_record(typed: Any) -> None:
    who = Actor("ann", claims={"teams": [None, "red"]})
    assert await permitted(typed, record.team.in_(actor.teams), who, team="red")
    assert not await permitted(typed, record.team.in_(actor.teams), who)
    assert await permitted(typed, record.team.in_(["blue", None]), who)


async def test_strings_and_functions_combine_with_expressions(typed: Any) -> None:
    def small(actor: Any, note: Any) -> bool:
        return (note.number or 0) < 5

    for rule in ("role:boss" | owner("user_id"), small & role("boss"), ~mfa() & "signed_in"):
        assert await permitted(typed, rule, BOSS, number=1)
        assert not await permitted(typed, rule, None, number=1)


async def test_mfa_reads_the_methods_of_the_sign_in(typed: Any) -> None:
    assert await permitted(typed, mfa(), Actor("a", claims={"amr": ["pwd", "mfa"]}))
    assert await permitted(typed, mfa(), DEV)
    for who in (None, ANN, Actor("a", claims={"amr": "mfa"}), Actor("a", claims={"amr": ["pwd"]})):
        assert not await permitted(typed, mfa(), who)


async def test_class_is_refused_where_no_record_can_be_permitted(typed: Any) -> None:
    entity_type = typed({"read": role("boss") | owner("user_id"), "write": role("boss")})
    with pytest.raises(NotSignedInError):
        await check(RulePolicy(), entity_type, "read", None)
    await check(RulePolicy(), entity_type, "read", ANN)
    with pytest.raises(AccessDeniedError):
        await check(RulePolicy(), entity_type, "write", ANN)


async def test_built_in_events_have_rules_of_their_own(typed: Any) -> None:
    entity_type = typed({"write": "nobody", "update": owner("user_id"), "create": "signed_in"})
    events, note, policy = entity_type.events, _Note(user_id="ann"), RulePolicy()

    may = {name for name in events if await permits(policy, entity_type, ANN, event=events[name])}

    assert may == {"create", "update"}
    assert await permits(policy, entity_type, ANN, event=events["update"], entity=note)
    assert not await permits(policy, entity_type, BOSS, event=events["update"], entity=note)


@pytest.mark.parametrize(
    "code",
    [
        "role('a') and role('b')", "not owner('a')", "1 < record.number < 5",
        "record.team in ['red']", "'red' in record.teams", "bool(record.done)",
        "role('a') | 'everybody'", "role('a') & record.done", "record.team.in_('red')",
        "record.team.is_('red')", "role('')", "owner(record.team)",
        "record.user_id == actor", "record.user_id != actor", "record.user_id == record",
        "actor == 'ann'", "record == 'ann'", "actor and 'public'", "'public' if record else role",
        "record.user_id == owner", "record.done == (record.team == 'red')",
        "record.team == role('red')", "record.user_id.in_([actor.id, 'ann'])",
        "record.user_id.in_([record.team])", "record.user_id.in_([actor])",
    ],
)  # fmt: skip
def test_what_python_can_not_express_is_refused(code: str) -> None:
    names = {"role": role, "owner": owner, "record": record, "actor": actor}
    with pytest.raises(TypeError):
        eval(code, names)  # noqa: S307 - of this file


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (record.tags == "a", r"_Note\.tags has several values and equals no single one"),
        (record.tags.in_(["a", "b"]), "has several values"),
        (record.tags == actor.id, "has several values"),
        (record.tem == "a", r"record\.tem: _Note has no field 'tem'\. Did you mean 'team'\?"),
        (record.firn.city == "a", r"_Note has no relation 'firn'\. Did you mean 'firm"),
        (record.firm.citi == "a", r"record\.firm\.citi: _Firm has no field 'citi'.*'city'"),
        (record.team.name == "a", r"_Note\.team is no foreign key"),
        (record.firm == "a", r"_Note\.firm is a relation\. Continue with a field of _Firm"),
        (role("staff") | ~(record.tem == actor.team), r"record\.tem"),
        (record.team == record.firm.citi, r"record\.firm\.citi"),
    ],
)
@pytest.mark.parametrize("key", ["read", "delete"])
def test_unknown_names_are_start_errors(typed: Any, rule: Any, message: str, key: str) -> None:
    typed({key: rule})
    with pytest.raises(ConfigurationError, match=message) as error:
        fake_application(_Firm, _Note)
    assert str(error.value).startswith(f"_Note.model_config['access']['{key}']: record.")


async def _later(actor: Any, entity: Any) -> bool:
    return False


class _Later:
    async def __call__(self, actor: Any, entity: Any) -> bool:
        return False


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (_later, "the coroutine function '_later'"),
        (_Later(), "the coroutine function '<"),
        (lambda actor: False, "'<lambda>', which takes"),
        (owner, "'owner', which takes"),
        (mfa, "'mfa', which takes"),
    ],
)
def test_function_that_can_not_decide_is_refused(rule: Any, message: str) -> None:
    for made in (lambda: rule, lambda: {"read": rule}, lambda: role("boss") | rule):
        with pytest.raises(ConfigurationError, match=message):
            check_access("access", made())


@pytest.mark.parametrize(
    "answer",
    [lambda: _later(None, None), lambda: _Later, lambda: iter(()), lambda: ANN.attribute],
    ids=["coroutine", "class", "iterator", "method"],
)
async def test_answer_that_is_always_true_permits_nobody(
    typed: Any, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as a coroutine of a function that was not awaited, and a method that was not called."""

    def rule(actor: Any, entity: Any) -> Any:
        return answer()

    for access in (rule, role("boss") | rule, "signed_in" & ~(owner("team") & rule)):
        assert not await permitted(typed, access, ANN, team="ann")
        assert "'rule' returned" in caplog.text
        caplog.clear()
        assert not await permitted(typed, access, None)
        assert not caplog.text


async def test_function_that_raises_denies(typed: Any) -> None:
    def rule(actor: Any, note: Any) -> bool:
        return actor.claims["key"] is not None

    for access in (rule, role("boss") | rule, "signed_in" & ~(owner("user_id") & rule)):
        assert not await permitted(typed, access, ANN, user_id="ann")
    assert await permitted(typed, role("boss") | rule, BOSS)
    assert await permitted(typed, rule, Actor("eve", claims={"key": 1}))


def test_coroutine_function_is_no_rule() -> None:
    async def later(actor: Any, entity: Any) -> bool:
        return False

    with pytest.raises(ConfigurationError, match="coroutine function 'later'"):

        class Thing(Entity):
            model_config = {"access": later}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (role("staff") | owner("user_id"), "(role('staff') | record.user_id == actor.id)"),
        (~record.team.in_(["a"]) & "public", "(~record.team in ['a'] & 'public')"),
    ],
)
def test_rule_is_written_as_python(rule: Any, text: str) -> None:
    assert str(rule) == text


@pytest.mark.parametrize("id", ["", None, 5])
def test_id_of_an_actor_is_a_text(id: Any) -> None:
    with pytest.raises(ValueError, match="expected a text"):
        Actor(id)


def test_claims_are_frozen_and_have_names_of_their_own() -> None:
    with pytest.raises(TypeError):
        ANN.claims["team"] = "blue"  # type: ignore[index]
    with pytest.raises(ValueError, match="'roles'"):
        Actor("ann", claims={"roles": ["boss"]})
    assert Actor("ann", claims={"team": "red"}) == ANN != Actor("ann")
    assert hash(ANN) == hash(Actor("ann"))
