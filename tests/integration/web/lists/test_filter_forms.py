"""The operators of filters in the form of a list, and how many records each choice leaves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig, Field
from starmodel.access import role
from starmodel.core.errors import ConfigurationError


class State(StrEnum):
    OPEN = "open"
    DONE = "done"


@unlisted
class Worker(Entity):
    model_config = EntityConfig(store="sql", access={"read": "public", "write": role("staff")})
    name: str


@unlisted
class Job(Entity):
    model_config = EntityConfig(
        store="sql",
        access={"read": "public", "write": role("staff")},
        list_filter=["state", "cost", "due", "title", "worker", "urgent"],
        fieldsets={"Job": ["title", "worker", "state"]},
    )
    title: str
    state: State = State.OPEN
    cost: Decimal = Field(Decimal(0), title="Total", decimal_places=2)
    due: date | None = None
    urgent: bool = False
    worker: Worker


@pytest.fixture
async def app(serve: Any) -> Any:
    app = serve(Job, Worker)
    ann = await Worker.objects.create(name="Ann")
    bob = await Worker.objects.create(name="Bob")
    for n in range(6):
        await Job.objects.create(
            title=f"Job {n}" if n else "", state="done" if n > 3 else "open", cost=Decimal(n),
            due=date(2026, 5, n + 1) if n % 2 else None, urgent=n == 5, worker=bob if n else ann,
        )  # fmt: skip
    return app


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("_op.cost=gt&cost__gte=2&cost__lte=", "cost__gt=2"),
        ("_op.cost=range&cost__gte=2&cost__lte=4", "cost__gte=2&cost__lte=4"),
        ("_op.cost=eq&cost__gte=&cost__lte=4", "cost=4"),
        ("_op.due=empty&due__gte=2026-05-01", "due__isnull=true"),
        ("_op.title=not_empty&title__contains=", "title__not_in=%22%22"),
        ("_op.state=in&state=&_any.state=open&_any.state=done", "state__in=open%2Cdone"),
        ("_op.state=ne&state=open&search=Job&order=-cost", "search=Job&order=-cost&state__ne=open"),
        ("_op.state=eq&state=&_op.nope=eq&nope=1", "nope=1"),
        ("_op.cost=gt&cost__gte=2&cost__lte=&cost__ne=3", "cost__ne=3&cost__gt=2"),
    ],
)
async def test_form_without_javascript_leads_to_the_filter_in_the_url(
    visit: Any, app: Any, sent: str, canonical: str
) -> None:
    response = await visit(app).call("GET", f"/jobs?{sent}", headers={"accept": "text/html"})

    assert response.status_code == 303
    assert response.headers["location"] == f"/jobs?{canonical}"


@pytest.mark.parametrize(
    ("question", "chip", "operators"),
    [
        ("cost__gte=3", "Total at least 3", {"cost__lt=3", "cost=3"}),
        ("cost__gte=3&cost__lte=4", "Total: between 3 and 4", set()),
        ("due__gte=2026-05-03", "Due: on or after 2026-05-03", {"due__lt=2026-05-03"}),
        ("state__in=open,done", "State is any of Open, Done", {"state__not_in=open%2Cdone"}),
        ("title__in=%22%22", "Title is empty", {"title__not_in=%22%22"}),
        ("due__isnull=true", "Due is empty", {"due__isnull=false"}),
        ("title__startswith=Job", "Title starts with Job", {"title__contains=Job", "title=Job"}),
    ],
)
async def test_chip_says_the_operator_and_leads_to_others(
    visit: Any, app: Any, question: str, chip: str, operators: set[str]
) -> None:
    page = (await visit(app).page(f"/jobs?{question}")).text

    assert f'<span dir="auto">{chip}</span>' in page
    for each in operators:
        assert f'href="/jobs?{each}"' in page


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("cost__gte=cheap", "“Total” is filtered by a number, such as 12 or 9.50."),
        ("due=soon", "“Due” is filtered by a date, such as 2026-05-31."),
        ("state=lost", "“State” is filtered by one of: open, done."),
        ("urgent=perhaps", "“Urgent” is filtered by true or false."),
    ],
)
async def test_wrong_value_is_named_by_the_label_of_its_field(
    visit: Any, app: Any, question: str, words: str
) -> None:
    response = await visit(app).call("GET", f"/jobs?{question}", headers={"accept": "text/html"})

    assert response.status_code == 400
    assert words in response.text


async def test_facets_count_what_each_choice_would_leave(visit: Any, app: Any) -> None:
    url = "/jobs/_facets?state=done&cost__gte=1&_of=state,urgent,worker_id,title,nope"

    found = (await visit(app).call("GET", url)).json()

    assert found["state"] == {
        "values": [{"value": "open", "count": 3}, {"value": "done", "count": 2}], "more": False,
    }  # fmt: skip
    counts = {each["value"]: each["count"] for each in found["urgent"]["values"]}
    assert counts == {"true": 1, "false": 1}
    assert [(each["title"], each["count"]) for each in found["worker_id"]["values"]] == [("Bob", 2)]
    assert found.keys() == {"state", "urgent", "worker_id"}


async def test_facets_obey_access_rules(visit: Any, serve: Any) -> None:
    def own(actor: Any, entity: Any) -> bool:
        return entity is None or entity.open

    @unlisted
    class Paper(Entity):
        model_config = EntityConfig(store="sql", access={"read": own, "write": "public"})
        open: bool = True
        kind: State = State.OPEN

    @unlisted
    class Letter(Entity):
        model_config = EntityConfig(store="sql", access="public")
        seal: bool = Field(default=False, access={"read": role("staff")})
        kind: State = State.OPEN

    browser = visit(serve(Paper, Letter))
    assert (await browser.call("GET", "/papers/_facets?_of=kind")).json() == {}
    found = (await browser.call("GET", "/letters/_facets?_of=seal,kind")).json()
    assert found == {"kind": {"values": [], "more": False}}


def test_relation_and_its_foreign_key_are_refused_together(serve: Any) -> None:
    @unlisted
    class Owner(Entity):
        model_config = EntityConfig(store="sql", access="public")
        name: str

    @unlisted
    class Pet(Entity):
        model_config = EntityConfig(store="sql", access="public", list_filter=["owner", "owner_id"])
        owner: Owner

    with pytest.raises(ConfigurationError, match="which are one relation"):
        serve(Owner, Pet)
