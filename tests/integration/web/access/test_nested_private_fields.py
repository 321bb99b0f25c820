"""Private fields of nested models: refused in every payload, preserved by updates without them."""

from __future__ import annotations

import json
from typing import Any, Union

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic import Field as PlainField

from integration.web.browser import DATASTAR, HTML, JSON, ORIGIN, unlisted
from integration.web.forms.test_concurrent_edits import fields
from starmodel import Entity, EntityConfig, Field, dispatch, event

FORM = {"content-type": "application/x-www-form-urlencoded"}


class Deep(BaseModel):
    label: str = ""
    code: str = Field(default="", private=True)


class Place(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    street: str = ""
    code: str = Field(default="", private=True)
    pin: SecretStr = SecretStr("")
    left_out: str = PlainField(default="", exclude=True)
    other: str = Field(default="", private=True, alias="otherName")
    deep: Deep = Deep()


class Line(BaseModel):
    id: str
    text: str = ""
    code: str = Field(default="", private=True)


class Other(BaseModel):
    title: str
    note: str = ""


class Strict(BaseModel):
    """Its private field has no default."""

    name: str = ""
    token: str = Field(private=True, max_length=98765)


@unlisted
class House(Entity):
    model_config = EntityConfig(scope="record", access="public")
    name: str = "A"
    place: Place = Place()
    maybe: Place | None = None
    places: list[Place] = Field(default=[])
    pair: tuple[Place, int] = (Place(), 1)
    many: tuple[Place, ...] = ()
    named: dict[str, Place] = Field(default={})
    lines: list[Line] = Field(default=[])
    either: Union[Other, Place] = Other(title="t")  # noqa: UP007
    nested: dict[str, list[Place]] = Field(default={})
    strict: Strict = Strict(token="t0-of-the-class")

    @event
    def move(self, place: Place) -> None:
        self.place = place

    @event
    def add(self, to_add: Place) -> None:
        self.places.append(to_add)

    @event
    async def move_slowly(self, place: Place) -> None:
        self.place = place

    @event
    def put(self, many: tuple[Place, ...]) -> None:
        self.many = many


def place(street: str = "Old", mark: str = "s3cr3t") -> Place:
    return Place(
        street=street, code=mark, pin=SecretStr(mark), left_out=mark, other=mark,
        deep=Deep(label="l", code=mark),
    )  # fmt: skip


def marks(found: Place) -> set[str]:
    return {
        found.code, found.pin.get_secret_value(), found.left_out, found.other, found.deep.code,
    }  # fmt: skip


KEPT = {"s3cr3t"}


@pytest.fixture
async def house(visit: Any) -> Any:
    browser = visit(House)
    await browser.page("/")
    made = await House.objects.create(
        place=place(), maybe=place(), places=[place("a", "1"), place("b", "2")],
        pair=(place(), 1), many=(place(),), named={"x": place()},
        lines=[Line(id="1", code="one"), Line(id="2", code="two")], either=place(),
        nested={"k": [place()]}, strict=Strict(name="n", token="s3cr3t"),
    )  # fmt: skip
    browser.id, browser.url = made.id, f"/houses/{made.id}"
    return browser


async def stored(browser: Any) -> House:
    return await House.objects.get(browser.id)


SETS = [
    {"place": {"street": "x", "code": "mine"}},
    {"place": {"pin": "mine"}},
    {"place": {"left_out": "mine"}},
    {"place": {"other": "mine"}},
    {"place": {"otherName": "mine"}},
    {"place": {"deep": {"code": "mine"}}},
    {"maybe": {"code": "mine"}},
    {"places": [{"street": "a"}, {"code": "mine"}]},
    {"pair": [{"code": "mine"}, 2]},
    {"many": [{"code": "mine"}]},
    {"named": {"x": {"code": "mine"}}},
    {"named": {"new": {"pin": "mine"}}},
    {"lines": [{"id": "1", "code": "mine"}]},
    {"either": {"street": "x", "code": "mine"}},
    {"nested": {"k": [{"deep": {"code": "mine"}}]}},
    {"strict": {"name": "x", "token": "mine"}},
]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("data", SETS)
async def test_private_field_in_an_update_is_rejected_as_unknown(
    house: Any, data: dict[str, Any], method: str
) -> None:
    before = await stored(house)

    response = await house.call(method, house.url, data)

    assert response.status_code == 422
    name, text = next(iter(data)), response.text
    assert "is unknown" in response.json()["errors"][name]
    assert "s3cr3t" not in text
    assert await stored(house) == before
    unknown = json.loads(
        json.dumps(data).replace('"code"', '"zzzz"').replace('"pin"', '"zzz"')
        .replace('"left_out"', '"zzzzzzzz"').replace('"otherName"', '"zzzzzzzzz"')
        .replace('"other"', '"zzzzz"').replace('"token"', '"zzzzz"')
    )  # fmt: skip
    as_unknown = (await house.call(method, house.url, unknown)).json()
    for word in ("code", "pin", "left_out", "otherName", "other", "token"):
        text = text.replace(f"'{word}'", "'@'").replace(f'"{word} is', '"@ is')
    other = json.dumps(as_unknown)
    for size in (9, 8, 5, 4, 3):
        other = other.replace(f"'{'z' * size}'", "'@'").replace(f'"{"z" * size} is', '"@ is')
    assert json.loads(text) == json.loads(other)  # no response reveals which of the two exists


@pytest.mark.parametrize("data", SETS)
async def test_private_field_in_create_and_form_json_is_rejected(
    house: Any, data: dict[str, Any]
) -> None:
    name = next(iter(data))
    made = await house.call("POST", "/houses", data)
    form = {name: json.dumps(data[name])}
    posted = await house.submit(f"{house.url}/update", form)
    clicked = await house.post(f"{house.url}/update", data=form, headers=DATASTAR)

    assert (made.status_code, posted.status_code) == (422, 422)
    assert clicked.headers["starmodel-status"] == "422"
    assert await House.objects.count() == 1
    assert "mine" not in repr(await stored(house))


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("move", {"place": {"street": "x", "pin": "mine"}}),
        ("move", {"place": {"deep": {"code": "mine"}}}),
        ("move_slowly", {"place": {"code": "mine"}}),
        ("add", {"to_add": {"left_out": "mine"}}),
        ("put", {"many": [{"otherName": "mine"}]}),
    ],
)
async def test_private_field_in_an_argument_is_rejected(house: Any, path: str, data: Any) -> None:
    response = await house.call("POST", f"{house.url}/{path}", data)
    click = await house.click(f"{house.url}/{path}", data)
    name, value = next(iter(data.items()))
    query = await house.click(f"{house.url}/{path}?{name}={json.dumps(value)}")

    assert response.status_code == 422
    assert click.headers["starmodel-status"] == query.headers["starmodel-status"] == "422"
    assert "mine" not in repr(await stored(house))


async def test_private_field_in_form_inputs_is_rejected(house: Any) -> None:
    for name in ("place.code", "place.pin", "place.deep.code", "place.otherName"):
        response = await house.submit(f"{house.url}/update", {"place.street": "x", name: "mine"})
        assert response.status_code == 422, name
    assert marks((await stored(house)).place) == KEPT


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_update_without_private_fields_preserves_them_at_any_depth(
    house: Any, method: str
) -> None:
    response = await house.call(
        method,
        house.url,
        {
            "place": {"street": "New"},
            "maybe": {"street": "New"},
            "pair": [{"street": "New"}, 2],
            "many": [{"street": "New"}],
            "named": {"x": {"street": "New"}, "y": {"street": "Other"}},
            "either": {"street": "New"},
            "nested": {"k": [{"street": "New"}]},
            "strict": {"name": "New"},
        },
    )

    assert response.status_code == 200, response.text
    assert "s3cr3t" not in response.text
    now = await stored(house)
    found = [
        now.place, now.maybe, now.pair[0], now.many[0], now.named["x"], now.either,
        now.nested["k"][0],
    ]  # fmt: skip
    for each in found:
        assert isinstance(each, Place)
        assert each.street == "New"
        assert marks(each) - {""} == KEPT
    assert marks(now.named["y"]) == {""}
    assert (now.strict.name, now.strict.token) == ("New", "s3cr3t")


async def test_list_preserves_private_fields_by_id_then_equality_then_position(house: Any) -> None:
    async def streets(*names: str) -> list[tuple[str, str]]:
        now = await house.call(
            "PATCH", house.url, {"places": [{"street": n, "deep": {"label": "l"}} for n in names]}
        )
        assert now.status_code == 200
        return [(p.street, p.code) for p in (await stored(house)).places]

    assert await streets("b", "a") == [("b", "2"), ("a", "1")]
    assert await streets("b", "c") == [("b", "2"), ("c", "1")]
    assert await streets("new", "b", "c") == [("new", ""), ("b", "2"), ("c", "1")]
    assert await streets("c") == [("c", "1")]

    lines = [{"id": "2", "text": "x"}, {"id": "3"}, {"id": "1"}]
    assert (await house.call("PATCH", house.url, {"lines": lines})).status_code == 200
    assert [line.code for line in (await stored(house)).lines] == ["two", "", "one"]


async def test_argument_named_like_a_field_preserves_its_private_fields(house: Any) -> None:
    for path in ("move", "move_slowly"):
        await house.call("POST", f"{house.url}/{path}", {"place": {"street": path}})
        now = (await stored(house)).place
        assert (now.street, marks(now) - {""}) == (path, KEPT)
    await house.call("POST", f"{house.url}/put", {"many": [{"street": "New"}]})
    assert marks((await stored(house)).many[0]) - {""} == KEPT


async def test_response_can_be_sent_back_unchanged(house: Any) -> None:
    """Secrets are masked by asterisks, which keep the stored value."""
    before = await stored(house)
    read = (await house.call("GET", house.url)).json()
    read.pop("id")

    assert (await house.call("PUT", house.url, read)).status_code == 200
    assert await stored(house) == before


async def test_generated_forms_have_no_private_field(house: Any) -> None:
    for path in ("/houses/new", f"{house.url}/edit", house.url):
        page = (await house.page(path)).text
        assert "s3cr3t" not in page
        assert "t0-of-the-class" not in page
        for name in ("place.code", "place.pin", "place.left_out", "place.other", "strict.token"):
            assert f'name="{name}"' not in page
        assert "98765" not in page
    form = fields((await house.page(f"{house.url}/edit")).text, "House-update")
    response = await house.submit(f"{house.url}/update", {**form, "place.street": "New"})
    assert response.status_code == 303, response.text
    now = await stored(house)
    assert (now.place.street, marks(now.place)) == ("New", KEPT)
    assert [p.code for p in now.places] == ["1", "2"]
    assert now.strict.token == "s3cr3t"


async def test_create_with_required_private_field_names_none(visit: Any) -> None:
    class Safe(Entity):
        model_config = EntityConfig(scope="record", access="public")
        strict: Strict

    browser = visit(Safe)
    for headers in (JSON, HTML, DATASTAR):
        response = await browser.post(
            "/safes", json={"strict": {"name": "x"}},
            headers=headers | {"origin": ORIGIN},
        )  # fmt: skip
        assert "token" not in response.text.replace("data-token", "")
        assert "98765" not in response.text
    assert await Safe.objects.count() == 0


async def test_trusted_code_may_set_private_fields(house: Any) -> None:
    old = await stored(house)
    await dispatch(old.do.update(place=place("New", "by code")))
    assert marks((await stored(house)).place) == {"by code"}
    await dispatch(old.do.update(place={"street": "Again"}))
    assert marks((await stored(house)).place) - {""} == {"by code"}


async def test_synced_signal_sets_no_private_field(visit: Any) -> None:
    class Desk(Entity):
        model_config = EntityConfig(scope="app", access="public")
        place: Place = Field(default=place(), sync=True, signal=True)

        @event
        def go(self) -> None: ...

    browser = visit(Desk)
    refused = await browser.click("/desk/go", {"Desk": {"place": {"code": "mine"}}})
    taken = await browser.click("/desk/go", {"Desk": {"place": {"street": "New"}}})

    assert refused.headers["starmodel-status"] == "422"
    assert taken.headers["starmodel-status"] == "200"
    found = await visit(browser.app).app.starmodel.persistence.for_class(Desk).get(Desk, "app")
    assert (found.place.street, marks(found.place) - {""}) == ("New", KEPT)


async def test_required_secret_of_a_model_that_only_events_take_is_an_input(visit: Any) -> None:
    class Credentials(BaseModel):
        name: str
        password: SecretStr

    class Door(Entity):
        model_config = EntityConfig(scope="app", access="public")
        opened: str = ""

        @event
        def enter(self, who: Credentials) -> None:
            self.opened = who.name + who.password.get_secret_value()

    Door.__entity__.events["enter"].fn.__annotations__["who"] = Credentials
    browser = visit(Door)

    response = await browser.call("POST", "/door/enter", {"who": {"name": "a", "password": "b"}})
    assert response.json()["entity"]["opened"] == "ab"
