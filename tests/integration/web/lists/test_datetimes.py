"""Naive and aware datetimes in filters, inputs and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import AwareDatetime, FutureDatetime, NaiveDatetime, PastDate, PastDatetime

from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig, event

MOMENTS = ["at", "back", "local", "began", "due"]


@unlisted
class Ring(Entity):
    model_config = EntityConfig(
        scope="record", access="public", path="/rings", list_filter=[*MOMENTS, "day"]
    )
    who: str
    at: datetime | None = None
    back: AwareDatetime | None = None
    local: NaiveDatetime | None = None
    began: PastDatetime | None = None
    due: FutureDatetime | None = None
    day: PastDate | None = None

    @event
    def postpone(self, until: AwareDatetime) -> None:
        self.back = until


@unlisted
class SqlRing(Ring):
    model_config = EntityConfig(store="sql")


@pytest.fixture(params=[Ring, SqlRing], ids=["memory", "sql"])
async def browser(request: Any, visit: Any) -> Any:
    browser = visit(request.param)
    zoned, local = "2024-06-01T10:00:30+00:00", "2024-06-01T10:00:30"
    for who, values in {
        "zoned": {"at": zoned, "back": zoned, "began": zoned},
        "paris": {"at": "2024-06-01T12:00:30+02:00", "back": "2024-06-01T12:00:30+02:00"},
        "local": {"at": local, "local": local, "began": local, "day": "2024-06-01"},
        "none": {},
    }.items():
        made = await browser.call("POST", "/rings", {"who": who, **values})
        assert made.status_code == 201, made.text
    return browser


async def found(browser: Any, question: str) -> list[str]:
    response = await browser.call("GET", f"/rings?{question}&order=who")
    assert response.status_code == 200, response.text
    return [item["who"] for item in response.json()["items"]]


ALL = ["local", "paris", "zoned"]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("at__gte=2024-06-01T09:00", ALL), ("at__gte=2024-06-01T10:00", ALL),
        ("at__gte=2024-06-01T10:01", []), ("at__lte=2024-06-01T10:00", ALL),
        ("at__lte=2024-06-01T10:00:29", []), ("at__lt=2024-06-01T10:00", []),
        ("at__gt=2024-06-01T10:00", []), ("at__gt=2024-06-01T09:59", ALL),
        ("at__gte=2024-06-01T10:00:30&at__lte=2024-06-01T10:00:30", ALL),
        ("at=2024-06-01T10:00:30", ALL), ("at__ne=2024-06-01T10:00:30", ["none"]),
        ("at__in=2024-06-01T10:00:30,2024-07-01T00:00", ALL),
        ("at__gte=2024-06-01&at__lte=2024-06-01", ALL), ("at__gt=2024-06-01", []),
        ("at__lt=2024-06-01", []), ("at__gte=2024-06-02", []),
        # An aware datetime is one instant, never compared with naive ones.
        ("at__gte=2024-06-01T09:00Z", ["paris", "zoned"]),
        ("at__gte=2024-06-01T11:30%2B02:00", ["paris", "zoned"]),
        ("at__gte=2024-06-01T12:01%2B02:00", []), ("at__lte=2024-06-01T12:00%2B02:00", ALL[1:]),
        ("back__gte=2024-06-01T09:00", ["paris", "zoned"]), ("back__gte=2024-06-01T10:01", []),
        ("back__lte=2024-06-01T10:00", ["paris", "zoned"]),
        ("back__gte=2024-06-01T11:30%2B02:00", ["paris", "zoned"]),
        ("back=2024-06-01T10:00:30", ["paris", "zoned"]),
        ("local__lte=2024-06-01T10:00", ["local"]), ("local__gte=2024-06-01T10:01", []),
        ("began__lte=2999-01-01T00:00", ["local", "zoned"]), ("began__gte=2999-01-01T00:00", []),
        ("day__lte=2999-01-01", ["local"]), ("due__gte=2000-01-01T00:00", []),
    ],
)  # fmt: skip
async def test_naive_bound_compares_with_rendered_value(
    browser: Any, question: str, names: list[str]
) -> None:
    assert await found(browser, question) == names
    page = await browser.page(f"/rings?{question}")
    shown = [name for name in [*ALL, "none"] if f">{name}<" in page.text]
    assert sorted(shown) == sorted(names)


async def test_datetime_filters_are_datetime_inputs_with_the_chosen_value(browser: Any) -> None:
    question = "&".join(f"{name}__gte=2024-06-01T09:00&{name}__lte=2024-06-01T10:00"
                        for name in MOMENTS)  # fmt: skip

    page = (await browser.page(f"/rings?{question}")).text

    for name in MOMENTS:
        for op, value in (("gte", "2024-06-01T09:00"), ("lte", "2024-06-01T10:00")):
            (box,) = [
                part for part in page.split("<input")[1:]
                if f'name="{name}__{op}"' in part.partition(">")[0]
            ]  # fmt: skip
            assert 'type="datetime-local"' in box.partition(">")[0]
            assert f'value="{value}"' in box.partition(">")[0]
    assert page.count("Back from (UTC)") == 1
    assert 'name="day__gte"' in page
    aware = (await browser.page("/rings?back__gte=2024-06-01T11:30%2B02:00")).text
    assert 'value="2024-06-01T09:30"' in aware


async def test_form_input_for_an_aware_datetime_is_in_utc(browser: Any) -> None:
    form = (await browser.page("/rings/new")).text
    box = next(part for part in form.split("<input")[1:] if 'name="back"' in part.partition(">")[0])
    assert 'type="datetime-local"' in box.partition(">")[0]
    assert "Back (UTC)" in form

    made = await browser.submit("/rings", {"who": "new", "back": "2024-06-01T10:00"})
    at = made.headers["location"]
    record = (await browser.call("GET", at)).json()
    assert datetime.fromisoformat(record["back"]) == datetime(2024, 6, 1, 10, tzinfo=UTC)
    assert "10:00 UTC" in (await browser.page(at)).text
    assert 'value="2024-06-01T10:00"' in (await browser.page(f"{at}/edit")).text

    await browser.submit(f"{at}/postpone", {"until": "2024-06-02T08:30"})
    assert (await browser.call("GET", at)).json()["back"] == "2024-06-02T08:30:00Z"
    wrong = await browser.call("POST", f"{at}/postpone", {"until": "2024-06-02T08:30"})
    assert wrong.status_code == 422  # a JSON client sends the time zone


async def test_edit_of_an_aware_datetime_keeps_microseconds(browser: Any) -> None:
    paris = timezone(timedelta(hours=2))
    moment = datetime(2024, 6, 1, 12, 0, 30, 5, tzinfo=paris)
    made = await browser.call("POST", "/rings", {"who": "x", "back": moment.isoformat()})
    at = made.headers["location"]
    form = (await browser.page(f"{at}/edit")).text
    rest = next(part for part in form.split("<input")[1:] if 'name="_rest.back"' in part)
    stored = rest.partition('value="')[2].partition('"')[0]

    sent = {"who": "y", "back": "2024-06-01T10:00:30.000", "_rest.back": stored}
    await browser.submit(f"{at}/update", sent)
    assert datetime.fromisoformat((await browser.call("GET", at)).json()["back"]) == moment
    await browser.submit(f"{at}/update", sent | {"back": "2024-06-01T11:00"})
    changed = datetime.fromisoformat((await browser.call("GET", at)).json()["back"])
    assert changed == datetime(2024, 6, 1, 11, tzinfo=UTC)


async def test_live_list_under_a_datetime_filter_is_updated(browser: Any) -> None:
    page = await browser.page("/rings?at__gte=2025-01-01T09:00")

    async with browser.watch(page) as stream:
        await stream.event()
        await stream.event()
        await stream.event()
        await browser.call("POST", "/rings", {"who": "early", "at": "2025-01-01T08:59:59Z"})
        await browser.call("POST", "/rings", {"who": "late", "at": "2025-01-01T09:00Z"})
        assert ">late<" in (await stream.event()).data["rows"]


@pytest.mark.parametrize(
    "question",
    ["local__gte=2024-06-01T10:00Z", "at__gte=soon", "at__in=2024-06-01,,", "back=2024-13-01",
     "day__gte=2024-06-01T10:00", "at__lte=99999-01-01", "at__gte=2024-06-01T10:00%2099"],
)  # fmt: skip
async def test_invalid_datetime_bound_is_rejected(browser: Any, question: str) -> None:
    assert (await browser.call("GET", f"/rings?{question}")).status_code == 400


async def test_extreme_datetime_bounds_are_no_5xx(browser: Any) -> None:
    for bound in ("0001-01-01", "9999-12-31", "9999-12-31T23:59", "0001-01-01T00:00%2B14:00"):
        for op in ("lt", "lte", "eq", "gte", "gt"):
            for name in ("at", "back"):
                await found(browser, f"{name}__{op}={bound}")
                assert (await browser.page(f"/rings?{name}__{op}={bound}")).status_code == 200
