"""The binder: validated event arguments from path, query, body and signals."""

import enum
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, SecretStr
from pydantic import Field as Constraint

from starmodel import (
    Actor,
    BindingError,
    ConfigurationError,
    Entity,
    EntityConfig,
    Field,
    Session,
    event,
)
from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.inputs import Inputs
from starmodel.app.uow import UnitOfWork
from starmodel.core.classes.registry import Registry


class Colour(enum.Enum):
    RED = "red"


class Address(BaseModel):
    zip: int
    pin: SecretStr = SecretStr("")


class Request:
    """A stand-in for the request class of a web framework."""


def binder(entity, name, *others):
    registry = Registry([entity, *others])
    return Binder(registry[entity], registry[entity].events[name], registry)


def counter():
    class Counter(Entity):
        count: int = 0

        @event
        def adjust(self, delta: int, note: str = "none", by: float | None = None):
            self.count += delta

    return binder(Counter, "adjust")


def product():
    class Product(Entity):
        name: str
        size: int | None = None
        cost: int = Field(default=0, private=True)
        rank: int = Field(default=0, editable=False)

    return binder(Product, "update")


def taking(annotation, default=...):
    class Taker(Entity):
        def take(self, value): ...

    def take(self, value=default): ...

    if default is ...:

        def take(self, value): ...

    take.__annotations__ = {"value": annotation}
    Taker.take = event(take)
    made = event(take)
    made.owner = "Taker"
    registry = Registry([Taker])
    return Binder(registry[Taker], made, registry)


SOURCES = ("path", "fixed", "body", "files", "signals")


@pytest.mark.parametrize("source", SOURCES)
def test_bind_each_source_gives_the_converted_value(source):
    assert counter().bind(Inputs(**{source: {"delta": "3"}})) == {"delta": 3}


@pytest.mark.parametrize("first", range(5))
def test_bind_name_in_several_sources_takes_the_first(first):
    given = {source: {"delta": n} for n, source in enumerate(SOURCES) if n >= first}
    assert counter().bind(Inputs(**given)) == {"delta": first}


def test_bind_bad_value_in_the_first_source_is_not_replaced_by_a_later_one():
    with pytest.raises(BindingError, match=r"got 'x' \(from path\)"):
        counter().bind(Inputs(path={"delta": "x"}, body={"delta": "y"}, signals={"delta": 3}))


def test_bind_bad_value_names_event_parameter_value_source_and_signature():
    with pytest.raises(BindingError) as caught:
        counter().bind(Inputs(fixed={"delta": "ten"}))
    assert str(caught.value) == (
        "Counter.adjust: 'delta' must be int, got 'ten' (from query). "
        "Signature: adjust(delta: int, note: str = 'none', by: float | None)."
    )
    assert caught.value.fields == {"delta": "Enter a whole number."}
    assert caught.value.status == 422


def test_bind_list_for_a_number_is_rejected() -> None:
    with pytest.raises(BindingError, match=r"'delta' must be int, got \[1\]"):
        counter().bind(Inputs(fixed={"delta": [1]}, fixed_name="arguments"))


def test_bind_signature_names_types_without_their_rules():
    class Shelf(Entity):
        @event
        def put(self, count: Annotated[int, Field(ge=1)] = 1):
            """Nothing."""

    with pytest.raises(BindingError, match=r"Signature: put\(count: int = 1\)\."):
        binder(Shelf, "put").bind(Inputs(fixed={"count": "0"}))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (Inputs(), "'delta' is missing"),
        (Inputs(body={"delta": [1]}), "'delta' must be int, got [1] (from body)"),
        (Inputs(body={"delta": None}), "'delta' must be int, got None (from body)"),
        (Inputs(signals={"delta": True, "by": "x"}), "'by' must be float, got 'x' (from signal)"),
        (Inputs(body={"delta": 1, "oops": 2}), "'oops' is unknown (from body)"),
        (Inputs(path={"oops": 2}), "'oops' is unknown (from path)"),
        (Inputs(files={"delta": 1, "oops": 2}), "'oops' is unknown (from files)"),
        (Inputs(body={"delta": 1, "note": 5}), "'note' input should be a valid string, got 5"),
        (Inputs(body={"delta": "9" * 80}, body_name="JSON body"), "…"),
    ],
)
def test_bind_bad_input_names_it(inputs, message):
    if message == "…":
        assert counter().bind(inputs) == {"delta": int("9" * 80)}
        return
    with pytest.raises(BindingError) as caught:
        counter().bind(inputs)
    assert f"Counter.adjust: {message}" in str(caught.value)


def test_bind_several_bad_values_names_each():
    with pytest.raises(BindingError) as caught:
        counter().bind(Inputs(body={"delta": "x", "by": "y"}))
    assert set(caught.value.fields) == {"delta", "by"}


def test_bind_long_bad_value_is_cut():
    with pytest.raises(BindingError) as caught:
        counter().bind(Inputs(body={"delta": "x" * 1000}))
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", ["_key", "_delta", "__class__", "_originals", "_browser", "_", ""])
@pytest.mark.parametrize("source", ["fixed", "body", "files", "path"])
def test_bind_unknown_name_is_rejected_also_with_an_underscore(name, source):
    with pytest.raises(BindingError, match="is unknown"):
        counter().bind(Inputs(**({"fixed": {"delta": 1}} | {source: {"delta": 1, name: "k"}})))


def test_bind_unknown_signals_are_not_read():
    assert counter().bind(Inputs(signals={"delta": 1, "other": 2})) == {"delta": 1}


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [(int, 7, {}), (int | None, None, {}), (str, "d", {"value": ""}), (date | None, None, {})],
)
def test_bind_empty_form_input_is_missing_unless_text(annotation, default, expected):
    made = taking(annotation, default)
    assert made.bind(Inputs(body={"value": ""}, body_name="form")) == expected


def test_bind_empty_input_for_a_required_number_is_missing():
    with pytest.raises(BindingError, match="'value' is missing"):
        taking(int).bind(Inputs(body={"value": ""}))


def test_bind_empty_text_in_json_is_a_wrong_number():
    with pytest.raises(BindingError, match="must be int, got ''"):
        taking(int, 1).bind(Inputs(body={"value": ""}, body_name="JSON body"))


def test_bind_empty_input_of_an_optional_field_clears_it():
    assert product().bind(Inputs(body={"size": ""}, body_name="form")) == {"size": None}


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        (list[int], "[1, 2]", [1, 2]),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (Address, '{"zip": "8000"}', Address(zip=8000)),
        (list[str], ["a", "b"], ["a", "b"]),
        (Colour, "red", Colour.RED),
        (Literal["a", "b"], "b", "b"),
        (Decimal, "1.10", Decimal("1.10")),
        (date, "2024-02-29", date(2024, 2, 29)),
        (bool, "on", True),
        (Any, {"x": 1}, {"x": 1}),
    ],
)
def test_bind_types_are_converted(annotation, text, expected):
    assert taking(annotation).bind(Inputs(body={"value": text})) == {"value": expected}


@pytest.mark.parametrize(
    ("annotation", "text", "message"),
    [
        (list[int], '[1, "x"]', "[1] input should be a valid integer"),
        (list[int], "[1", "input should be a valid list, got '[1' (from body)"),
        (list[int], ["x"], "[0] input should be a valid integer"),
        (Address, '{"zip": "x"}', "['zip'] input should be a valid integer"),
        (Colour, "blue", "input should be 'red', got 'blue'"),
        (Annotated[int, Constraint(gt=0)], "0", "input should be greater than 0, got '0'"),
    ],
)
def test_bind_wrong_container_names_the_path(annotation, text, message):
    with pytest.raises(BindingError) as caught:
        taking(annotation).bind(Inputs(body={"value": text}))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "given"),
    [
        (Annotated[SecretStr, Constraint(min_length=20)], "hunter2"),
        (SecretStr, ["hunter2"]),
        (Address, {"zip": "x", "pin": "hunter2"}),
        (Address, '{"zip": "x", "pin": "hunter2"}'),
        (list[SecretStr], ["fine", {"a": "hunter2"}]),
    ],
)
def test_bind_bad_secret_is_not_shown(annotation, given):
    with pytest.raises(BindingError) as caught:
        taking(annotation).bind(Inputs(body={"value": given}))
    assert "hunter2" not in str(caught.value) + str(caught.value.fields)


def test_binder_secret_parameters_are_sensitive():
    class Door(Entity):
        @event
        def unlock(self, code: SecretStr, codes: list[SecretStr], name: str = ""): ...

    assert binder(Door, "unlock").sensitive == ["code", "codes"]


def test_bind_field_that_is_not_editable_is_rejected_as_unknown():
    for name in ("cost", "rank", "id"):
        with pytest.raises(BindingError, match=f"'{name}' is unknown") as caught:
            product().bind(Inputs(body={name: "5"}))
        assert "cost" not in str(caught.value).partition("Signature")[2]


def test_bind_hidden_field_among_signals_is_not_read():
    assert product().bind(Inputs(signals={"cost": 5, "size": 2})) == {"size": 2}


def test_bind_trusted_code_may_set_private_fields():
    assert product().bind(Inputs(fixed={"cost": 5}, trusted=True)) == {"cost": 5}


def test_bind_declared_parameter_ignores_field_options():
    class Product(Entity):
        name: str
        rank: int = Field(default=0, editable=False)

        @event
        def create(self, rank: int, **values: Any): ...

    assert binder(Product, "create").bind(Inputs(body={"rank": "5", "name": "x"})) == {
        "rank": 5,
        "name": "x",
    }


def entity_parameter(annotation="Shop", default=...):
    class Shop(Entity):
        model_config = EntityConfig(scope="record")

    class Product(Entity):
        name: str

        if default is ...:

            @event
            def move(self, to: Shop): ...
        else:

            @event
            def move(self, to: Shop | None = default): ...

    return binder(Product, "move", Shop), Shop


def test_bind_entity_parameter_comes_as_the_record_s_id():
    made, shop = entity_parameter()
    assert made.bind(Inputs(fixed={"to": "s1"})) == {"to": "s1"}
    assert made.bind(Inputs(fixed={"to": shop(id="s2")})) == {"to": "s2"}
    assert made.entities == {"to": shop}


def test_bind_entity_parameter_that_is_required_is_missing_when_empty_or_null():
    made, _ = entity_parameter()
    for value in ("", None):
        with pytest.raises(BindingError, match="'to' is missing"):
            made.bind(Inputs(body={"to": value}, body_name="JSON body"))


def test_bind_optional_entity_parameter_may_be_empty():
    made, _ = entity_parameter(default=None)
    assert made.bind(Inputs(body={"to": ""}, body_name="form")) == {}
    assert made.bind(Inputs(body={"to": None}, body_name="JSON body")) == {"to": None}


def test_binder_entities_inside_containers_are_rejected():
    """Otherwise a client could forge records."""

    class Shop(Entity):
        model_config = EntityConfig(scope="record")

    for annotation in (list[Shop], dict[str, Shop], Shop | int, list[Shop | None]):
        with pytest.raises(ConfigurationError, match="'value' must name one entity"):
            taking(annotation)


def test_binder_special_parameters_are_found_by_type_and_by_name():
    class Counter(Entity):
        @event
        def go(
            self,
            who: Actor | None,
            visit: Session,
            unit: UnitOfWork,
            asked: Request,
            request,
            session,
            actor,
            signals,
            datastar,
            uow,
        ): ...

    made = binder(Counter, "go")
    assert made.special == {
        "who": "actor",
        "visit": "session",
        "unit": "uow",
        "asked": "request",
        "request": "request",
        "session": "session",
        "actor": "actor",
        "signals": "signals",
        "datastar": "signals",
        "uow": "uow",
    }
    assert made.parameters == {}


@pytest.mark.parametrize("name", ["actor", "session", "uow", "request"])
def test_bind_special_parameter_is_never_taken_from_input(name):
    class Counter(Entity):
        @event
        def go(self, actor, session, uow, request): ...

    for source in ("path", "fixed", "body", "files"):
        with pytest.raises(BindingError, match=f"'{name}' is unknown"):
            binder(Counter, "go").bind(Inputs(**{source: {name: "root"}}, trusted=True))
    assert binder(Counter, "go").bind(Inputs(signals={name: "root"})) == {}


def test_binder_special_name_with_another_type_is_an_ordinary_parameter():
    class Log(Entity):
        @event
        def add(self, actor: str): ...

    assert binder(Log, "add").bind(Inputs(body={"actor": "me"})) == {"actor": "me"}


@pytest.mark.parametrize("annotation", [object(), type("Opaque", (), {})])
def test_binder_type_that_no_request_can_fill_is_a_configuration_error(annotation):
    with pytest.raises(ConfigurationError, match="can't be read from a request"):
        taking(annotation)


def test_binder_star_arguments_are_a_configuration_error():
    class Log(Entity):
        @event
        def add(self, *lines: str): ...

    with pytest.raises(ConfigurationError, match=r"\*lines can't be filled"):
        binder(Log, "add")


def test_binder_unresolvable_annotation_is_a_configuration_error():
    class Log(Entity):
        @event
        def add(self, line: "Missing"): ...  # noqa: F821

        @event
        def ask(self, request: "Missing"): ...  # noqa: F821

    with pytest.raises(ConfigurationError, match="can't be resolved"):
        binder(Log, "add")
    assert binder(Log, "ask").special == {"request": "request"}


def test_parameter_with_a_field_as_its_default_is_rejected_with_the_right_form():
    class Lamp(Entity):
        @event
        def dim(self, level: int = Field(default=1, ge=0)):
            pass

    with pytest.raises(ConfigurationError, match=r"write level: Annotated\[type, Field"):
        binder(Lamp, "dim")


@pytest.mark.parametrize(
    ("annotation", "default"), [(int, "many"), (list[int], ["a"]), (Literal["a", "b"], "c")]
)
def test_parameter_whose_default_has_another_type_is_rejected(annotation, default):
    def act(self, amount=default):
        """Nothing."""

    act.__annotations__["amount"] = annotation
    entity = type("Thing", (Entity,), {"act": event(act)})
    with pytest.raises(ConfigurationError, match=r"Thing\.act: parameter 'amount' has the default"):
        binder(entity, "act")


@pytest.mark.parametrize("kind", [object, object | None, list[object], dict[str, list[object]]])
def test_parameter_of_type_object_is_rejected(kind: Any):
    class Thing(Entity):
        @event
        def act(self, value: kind):
            """Nothing."""

    with pytest.raises(
        ConfigurationError, match=r"Thing\.act: parameter 'value' has the type .*obj"
    ):
        binder(Thing, "act")
