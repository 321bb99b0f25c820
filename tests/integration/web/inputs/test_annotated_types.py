"""Inputs are parsed by the whole annotation: strict types, validators, discriminators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Strict,
    StrictBool,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic import Field as PydanticField
from pydantic.alias_generators import to_camel

from integration.web.browser import Browser
from starmodel import BindingError, Entity, Field, create_app, event
from starmodel.testing import memory_stores


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str = ""


def _euro(value: Any) -> Any:
    return int(value.replace(".", "")) if isinstance(value, str) else value


def _split(value: Any) -> Any:
    return value.split(",") if isinstance(value, str) else value


Pet = Annotated[Cat | Dog, PydanticField(discriminator="kind")]
Euro = Annotated[int, BeforeValidator(_euro)]
Words = Annotated[list[str], BeforeValidator(_split)]
OPEN: Any = {"store": "sql", "access": "public"}


class Thing(Entity):
    model_config = OPEN
    class_: str = Field(default="", alias="class")
    size: int = Field(default=0, validation_alias=AliasChoices("size", "width"), ge=0, le=10)
    euro: Euro = 0
    day: Annotated[date, Strict()] = date(2024, 1, 1)
    days: list[Annotated[date, Strict()]] = []
    key: Annotated[UUID | None, Field(strict=True)] = None
    money: Decimal | None = Field(default=None, strict=True)
    n: StrictInt | None = None
    ok: StrictBool = False
    pet: Pet | None = None
    pets: list[Pet] = []
    code: Annotated[str, StringConstraints(to_upper=True)] = ""
    by: dict[str, StrictInt] = {}
    words: Words = []

    @event
    def take(
        self,
        euro: Euro = 0,
        n: StrictInt = 0,
        pet: Pet | None = None,
        day: Annotated[date, Strict()] = date(2024, 1, 1),
        few: Annotated[int | None, PydanticField(ge=1)] = 5,
        words: Words = [],  # noqa: B006 - each call gets a copy
    ) -> dict[str, Any]:
        return {"euro": euro, "n": n, "pet": pet, "day": day, "few": few, "words": words}


class Tight(Entity):
    model_config = {**OPEN, "strict": True, "str_strip_whitespace": True}
    n: int = 0
    day: date | None = None
    text: str = ""


class Camel(Entity):
    model_config = {**OPEN, "alias_generator": to_camel, "coerce_numbers_to_str": True}
    first_name: str = ""


class Reader(Entity):
    model_config = OPEN
    n: int = 0
    day: date | None = None

    @field_validator("n", mode="before")
    @classmethod
    def read(cls, value: Any) -> Any:
        return _euro(value)


class Whole(Entity):
    model_config = OPEN
    n: int = 0

    @model_validator(mode="before")
    @classmethod
    def read(cls, data: Any) -> Any:
        return {**data, "n": _euro(data.get("n", 0))}


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "memory":
        with memory_stores():
            yield
    else:
        yield


@pytest.fixture
async def browser(stores: None) -> AsyncIterator[Browser]:
    app = create_app([Thing, Tight, Camel, Reader, Whole], database_url="sqlite://")
    browser = Browser(app)
    yield browser
    await browser.aclose()
    await app.starmodel.close()


ACCEPTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"class": "x"}, {"class_": "x"}),
    ({"class_": "x"}, {"class_": "x"}),
    ({"width": 4}, {"size": 4}),
    ({"euro": "1.234"}, {"euro": 1234}),
    ({"day": "2024-02-02"}, {"day": "2024-02-02"}),
    ({"days": ["2024-02-02"]}, {"days": ["2024-02-02"]}),
    ({"key": "00000000-0000-0000-0000-000000000001"},) * 2,
    ({"money": "1.50"}, {"money": "1.50"}),
    ({"n": 5}, {"n": 5}),
    ({"ok": True}, {"ok": True}),
    ({"pet": {"kind": "dog"}}, {"pet": {"kind": "dog", "name": ""}}),
    ({"pets": [{"kind": "cat", "lives": 1}]}, {"pets": [{"kind": "cat", "lives": 1}]}),
    ({"code": "ab"}, {"code": "AB"}),
    ({"by": {"a": 5}}, {"by": {"a": 5}}),
    ({"words": "a,b"}, {"words": ["a", "b"]}),
]  # fmt: skip
REFUSED: list[dict[str, Any]] = [
    {"size": 11}, {"width": 11}, {"day": 5}, {"n": "5"}, {"n": 5.0}, {"ok": "true"}, {"ok": 1},
    {"pet": {"lives": 3}}, {"pet": {"kind": "cow"}}, {"pets": [{"lives": 1}]}, {"by": {"a": "5"}},
    {"days": [5]}, {"nothing": 1}, {"Class": "x"},
]  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), ACCEPTED, ids=str)
async def test_json_is_parsed_by_the_field_annotation(
    browser: Browser, sent: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = await browser.call("POST", "/things", sent)

    assert made.status_code == 201, made.text
    stored = (await browser.call("GET", made.headers["location"])).json()
    assert expected.items() <= stored.items()
    again = await browser.call("PATCH", made.headers["location"], sent)
    assert again.status_code == 200, again.text


@pytest.mark.parametrize("sent", REFUSED, ids=str)
async def test_json_outside_the_field_annotation_is_rejected(
    browser: Browser, sent: dict[str, Any]
) -> None:
    response = await browser.call("POST", "/things", sent)

    assert response.status_code == 422
    assert "Annotated" not in response.text
    assert set(response.json()["errors"]) <= {"size", *sent}


async def test_event_parameters_are_parsed_by_their_annotation(browser: Browser) -> None:
    url = (await browser.call("POST", "/things", {})).headers["location"]

    sent = {"euro": "1.234", "n": 5, "pet": {"kind": "dog"}, "day": "2024-05-05", "words": "a,b"}
    taken = await browser.call("POST", f"{url}/take", {**sent, "few": None})

    assert taken.json()["result"] == {
        "euro": 1234, "n": 5, "pet": {"kind": "dog", "name": ""}, "day": "2024-05-05",
        "few": None, "words": ["a", "b"],
    }  # fmt: skip
    for wrong in ({"n": "5"}, {"pet": {"lives": 3}}, {"few": 0}, {"day": 5}):
        refused = await browser.call("POST", f"{url}/take", wrong)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, list(wrong))


async def test_form_text_is_accepted_for_strict_fields(browser: Browser) -> None:
    sent = {
        "n": "7", "ok": "true", "day": "2024-07-07", "days": "2024-07-07\n2024-08-08",
        "money": "2.50", "euro": "2.000", "key": "00000000-0000-0000-0000-000000000002",
    }  # fmt: skip
    made = await browser.submit("/things", sent)
    assert made.status_code == 303, made.text

    stored = (await browser.call("GET", made.headers["location"])).json()

    expected = {"n": 7, "ok": True, "days": ["2024-07-07", "2024-08-08"], "euro": 2000}
    assert expected.items() <= stored.items()
    taken = await browser.submit(f"{made.headers['location']}/take", {"n": "5", "euro": "1.0"})
    assert taken.status_code == 303
    fetched = await browser.call("POST", f"{made.headers['location']}/take?n=5&day=2024-05-05", {})
    assert (
        fetched.json()["result"]["n"],
        fetched.json()["result"]["day"],
    ) == (5, "2024-05-05")


@pytest.mark.parametrize(
    ("query", "total"),
    [("n=7", 1), ("n__in=7,8", 1), ("euro=2.000", 1), ("euro__gt=2.000", 0), ("code=ab", 1),
     ("size__gte=-1", 1), ("size__lt=100", 1), ("day=2024-07-07", 1), ("money=2.5", 1),
     ("ok=true", 1), ("class=x", 1), ("class__contains=X", 1), ("class___ne=x", 0),
     ("width__lt=1", 1)],
)  # fmt: skip
async def test_filters_are_parsed_by_the_field_annotation(
    browser: Browser, query: str, total: int
) -> None:
    await browser.call("POST", "/things", {
        "n": 7, "euro": 2000, "code": "AB", "day": "2024-07-07", "money": "2.5", "ok": True,
        "class": "x",
    })  # fmt: skip

    response = await browser.call("GET", f"/things?total=1&{query}")

    assert (response.status_code, response.json().get("total")) == (200, total), response.text


async def test_model_config_of_the_class_applies(browser: Browser) -> None:
    refused = await browser.call("POST", "/tights", {"n": "5"})
    made = await browser.call("POST", "/tights", {"n": 5, "day": "2024-01-01", "text": " x "})
    form = await browser.submit("/tights", {"n": "7", "day": "2024-07-07"})
    camel = await browser.call("POST", "/camels", {"firstName": 5})

    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["n"])
    assert {"n": 5, "day": "2024-01-01", "text": "x"}.items() <= made.json()["entity"].items()
    assert form.status_code == 303
    assert camel.json()["entity"]["first_name"] == "5"


@pytest.mark.parametrize("path", ["/readers", "/wholes"])
async def test_before_validators_receive_the_raw_input(browser: Browser, path: str) -> None:
    made = await browser.call("POST", path, {"n": "1.000"})
    assert made.json()["entity"]["n"] == 1000
    url = made.headers["location"]

    changed = await browser.call("PATCH", url, {"n": "2.500"})
    form = await browser.submit(f"{url}/update", {"n": "3.500"})
    wrong = await browser.call("PATCH", url, {"n": "x"})

    assert changed.json()["entity"]["n"] == 2500
    assert (form.status_code, wrong.status_code) == (303, 422)
    assert (await browser.call("GET", url)).json()["n"] == 3500


async def test_strict_types_apply_to_code(browser: Browser) -> None:
    thing = await Thing.objects.create(n=5, day=date(2024, 5, 5))
    assert (thing.n, thing.day) == (5, date(2024, 5, 5))

    with pytest.raises(BindingError, match="'n' must be int"):
        await Thing.objects.create(n="5")
