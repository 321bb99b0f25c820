"""Error responses name nothing before the access check, and never a private field."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, field_validator
from sqlalchemy import CheckConstraint

from integration.web.browser import DATASTAR, HTML, JSON, ORIGIN, unlisted
from integration.web.entities import owns
from starmodel import Entity, EntityConfig, Field, event

FACES = [JSON, HTML, DATASTAR]


class Tag(BaseModel):
    label: str = Field(default="", max_length=5)
    weight: int = Field(default=0, le=4711, private=True)


SHOWN = Tag(weight=4242)


@unlisted
class Ware(Entity):
    model_config = EntityConfig(scope="record", access="public")
    name: str = Field(default="", max_length=9)
    margin: int = Field(default=1, le=4711, private=True)
    tag: Tag = Tag()
    tags: list[Tag] = Field(default=[])

    @field_validator("margin")
    @classmethod
    def not_thirteen(cls, value: int) -> int:
        if value == 13:
            raise ValueError("margin must not be 13, limit 4711")
        return value

    @event
    def raise_margin(self, by: int) -> None:
        self.margin += by

    @event
    def raise_weight(self, by: int) -> None:
        self.tag.weight += by

    @event
    def raise_in_list(self, by: int) -> None:
        self.tags = [Tag.model_construct(label="a", weight=by)]

    @event
    def evolve_margin(self, by: int) -> Any:
        return self.evolve(margin=by)

    @event
    def make_tag(self, by: int) -> None:
        self.tag = Tag(weight=by)

    @event
    def break_both(self, by: int) -> None:
        self.margin, self.name = by, "x" * 10

    @event
    async def raise_slowly(self, by: int) -> Any:
        yield
        self.margin += by


@unlisted
class Ledger(Entity):
    """Readable by staff only."""

    model_config = EntityConfig(scope="record", access="role:staff")
    balance: int = Field(default=0, ge=0)

    @event
    def book(self, amount_of_cents: int, recipient_name: str) -> None: ...


@unlisted
class Kept(Entity):
    model_config = EntityConfig(scope="record", access="public")
    token: str = Field(private=True, max_length=4711)
    name: str = ""


@pytest.fixture
async def ware(visit: Any) -> Any:
    browser = visit(Ware, Ledger, Kept)
    browser.url = f"/wares/{(await Ware.objects.create()).id}"
    return browser


@pytest.mark.parametrize("headers", FACES)
@pytest.mark.parametrize("by", [5000, 12])
@pytest.mark.parametrize(
    "name",
    ["raise_margin", "raise_weight", "raise_in_list", "evolve_margin", "make_tag", "raise_slowly"],
)
async def test_private_field_error_names_neither_field_nor_bound(
    ware: Any, name: str, by: int, headers: Any
) -> None:
    if by == 12 and name not in ("raise_margin", "raise_slowly"):
        return  # the field's validator runs only there
    response = await ware.post(
        f"{ware.url}/{name}", json={"by": by}, headers=headers | {"origin": ORIGIN}
    )

    status = int(response.headers.get("starmodel-status", response.status_code))
    assert status in (200, 422)  # a stream has begun when its second step fails
    text = html.unescape(response.text)
    assert "This can't be saved as it is." in text
    for word in ("weight", "4711", "must not be 13"):
        assert word not in text
    if headers is not HTML:  # a page has the event's own name
        assert "margin" not in text.replace(name, "")


async def test_public_field_is_named_beside_a_private_one(ware: Any) -> None:
    response = (await ware.call("POST", f"{ware.url}/break_both", {"by": 5000})).json()

    assert response["errors"] == {
        "": "This can't be saved as it is.", "name": "At most 9 characters.",
    }  # fmt: skip
    assert "margin" not in response["detail"]


async def test_create_without_a_required_private_field_does_not_name_it(ware: Any) -> None:
    for headers in FACES:
        reply = await ware.post("/kepts", json={"name": "x"}, headers=headers | {"origin": ORIGIN})
        for word in ("token", "Token", "4711"):
            assert word not in reply.text.replace("?token=", "")


async def test_trusted_code_error_names_the_private_field(ware: Any) -> None:
    from starmodel import InvalidStateError, dispatch

    made = await Ware.objects.create()
    with pytest.raises(InvalidStateError, match="margin"):
        await dispatch(made.do.raise_margin(5000))


@pytest.mark.parametrize("who", [None, "ann"])
async def test_denied_class_discloses_no_field_or_parameter_name(
    ware: Any, who: str | None
) -> None:
    if who:
        await ware.page(f"/sign-in/{who}")
    status = 403 if who else 401
    id = (await Ledger.objects.create()).id
    for method, path, data in [
        ("GET", "/ledgers?nothing=1", None), ("GET", "/ledgers?order=nothing", None),
        ("GET", "/ledgers?balance__odd=1", None), ("GET", "/ledgers?cursor=x", None),
        ("POST", "/ledgers", {"nothing": 1}), ("PATCH", f"/ledgers/{id}", {"nothing": 1}),
        ("PATCH", "/ledgers/none", {"balance": -1}), ("POST", f"/ledgers/{id}/book", {"x": 1}),
        ("POST", f"/ledgers/{id}/book", {}), ("GET", "/ledgers/new", None),
        ("GET", f"/ledgers/{id}/edit", None), ("POST", "/ledgers/_bulk", {"event": "nothing"}),
        ("POST", "/ledgers/_bulk", {"event": "book", "id": [id]}), ("POST", "/ledgers/_bulk", {}),
    ]:  # fmt: skip
        for headers in FACES:
            options = {} if data is None else {"json": data}
            response = await ware.request(
                method, path, headers=headers | {"origin": ORIGIN}, **options
            )
            found = int(response.headers.get("starmodel-status", response.status_code))
            assert found == status, (method, path, headers)
            for word in ("balance", "cents", "recipient", "Balance", "Recipient"):
                assert word not in response.text, (method, path)


async def test_bulk_discloses_an_event_only_to_permitted_actors(visit: Any) -> None:
    class Task(Entity):
        model_config = EntityConfig(scope="record", access="public")

        @event(access="role:boss")
        def assign(self, person: str) -> None: ...

    browser = visit(Task)
    data = {"event": "assign", "id": ["x"]}

    assert (await browser.call("POST", "/tasks/_bulk", data)).status_code == 401
    await browser.page("/sign-in/ann")
    assert (await browser.call("POST", "/tasks/_bulk", data)).status_code == 403
    await browser.page("/sign-in/ann?roles=boss")
    assert (await browser.call("POST", "/tasks/_bulk", data)).status_code == 422  # no person


async def test_parameter_default_discloses_no_private_field(visit: Any) -> None:
    class Shop(Entity):
        model_config = EntityConfig(scope="app", access="public")

        @event
        def put(self, n: int, tag: Tag = SHOWN) -> None: ...

    Shop.__entity__.events["put"].fn.__annotations__["tag"] = Tag
    response = await visit(Shop).call("POST", "/shop/put", {"n": "x"})

    assert response.status_code == 422
    assert "4242" not in response.text
    assert "weight" not in response.text


@unlisted
class Folder(Entity):
    model_config = EntityConfig(store="sql", access=owns)
    owner: str


@unlisted
class Page(Entity):
    model_config = EntityConfig(store="sql", access="public")
    text: str = ""
    folder_id: str | None = Field(default=None, foreign_key="folder.id")


@pytest.mark.parametrize("who", [None, "bob"])
async def test_foreign_key_to_an_unreadable_record_gets_the_error_of_a_missing_one(
    visit: Any, tmp_path: Path, who: str | None
) -> None:
    browser = visit(Folder, Page, database_url=f"sqlite:///{tmp_path / 'x.db'}")
    if who:
        await browser.page(f"/sign-in/{who}")
    hers = (await Folder.objects.create(owner="ann")).id
    page = await Page.objects.create(text="x")
    for method, path in (
        ("POST", "/pages"), ("PATCH", f"/pages/{page.id}"), ("POST", f"/pages/{page.id}/update"),
    ):  # fmt: skip
        responses = [await browser.call(method, path, {"folder_id": id}) for id in (hers, "none")]
        assert {a.status_code for a in responses} == {409}
        assert responses[0].json() == responses[1].json()
        checks = [
            await browser.post(
                path, data={"folder_id": id},
                headers=JSON | {"origin": ORIGIN, "starmodel-check": "1"},
            )
            for id in (hers, "none")
        ] if method == "POST" else [responses[0]] * 2  # fmt: skip
        assert checks[0].json() == checks[1].json()
    await browser.page("/sign-in/ann")
    assert (
        await browser.call("PATCH", f"/pages/{page.id}", {"folder_id": hers})
    ).status_code == 200
    if who:
        await browser.page(f"/sign-in/{who}")
        stored = await browser.call("PATCH", f"/pages/{page.id}", {"text": "y", "folder_id": hers})
        assert stored.status_code == 200  # the existing records are given


async def test_constraint_of_a_private_column_names_no_field(visit: Any, tmp_path: Path) -> None:
    class Member(Entity):
        model_config = EntityConfig(store="sql", access="public")
        name: str = ""
        number: int = Field(
            default=7, unique=True, private=True,
            sa_column_args=[CheckConstraint("number < 4711")],
        )  # fmt: skip

        @event
        def renumber(self, to: int) -> None:
            self.number = to

    browser = visit(Member, database_url=f"sqlite:///{tmp_path / 'm.db'}")
    made = await browser.call("POST", "/members", {"name": "a"})
    taken = await browser.call("POST", "/members", {"name": "b"})
    url = made.headers["location"]
    large = await browser.call("POST", f"{url}/renumber", {"to": 5000})
    huge = await browser.call("POST", f"{url}/renumber", {"to": 2**70})

    for result in (taken, large, huge):
        assert result.status_code in (409, 422)
        assert "number" not in result.text.lower().replace("/renumber", "")
        assert "4711" not in result.text
        assert not result.json().get("errors")
