"""What open pages and streams receive has the fields that their visitor may read."""

from __future__ import annotations

from typing import Any

from fasthtml.components import P

from integration.web.access.fields.employees import NOTE, SALARY, signed_in
from integration.web.browser import unlisted
from integration.web.streams.json_client import JsonStream
from integration.web.streams.test_stream_lists import watch
from starmodel import Entity, Field, event, live
from starmodel.access import role


async def change(app: Any, id: str, **values: Any) -> None:
    cls = next(iter(app.starmodel.registry)).cls
    await app.starmodel.dispatch((await app.starmodel.objects(cls).get(id)).do.update(**values))


async def received(stream: Any, count: int) -> str:
    return "\n".join([str(await stream.event()) for _ in range(count)])


async def test_stream_of_a_record_lacks_hidden_fields(employees: Any, ann: Any, eve: Any) -> None:
    for browser, fields in ((ann, {"note"}), (eve, {"note", "salary"})):
        async with JsonStream(browser, "/employees/ann") as stream:
            await stream.patch()
            assert stream.state.keys() & {"note", "salary"} == fields
            await change(employees, "ann", salary=SALARY + 1, note="x", name="Ann")
            await stream.patch()
            assert stream.state.keys() & {"note", "salary"} == fields
            assert stream.state["note"] == "x"
        await change(employees, "ann", salary=SALARY, note=NOTE)


async def test_field_leaves_and_returns_with_the_record(employees: Any, ann: Any) -> None:
    async with JsonStream(ann, "/employees/ann") as stream:
        for owner, is_shown in (("ann", True), ("bob", False), ("ann", True)):
            await change(employees, "ann", user_id=owner, name=owner)
            await stream.patch()
            while stream.state["name"] != owner:
                await stream.patch()
            assert ("note" in stream.state) is is_shown


async def test_page_of_a_record_lacks_hidden_fields(employees: Any, ann: Any) -> None:
    async with ann.watch(await ann.page("/employees/ann")) as stream:
        first = await received(stream, 4)
        await change(employees, "ann", salary=SALARY + 7, name="Anna")
        later = await received(stream, 2)

    assert NOTE in first
    assert "Anna" in later
    assert not [w for w in ("alary", str(SALARY), str(SALARY + 7)) if w in first + later]


async def test_page_empties_a_signal_that_may_not_be_read_any_more(
    employees: Any, ann: Any
) -> None:
    async with ann.watch(await ann.page("/employees/ann")) as stream:
        await received(stream, 4)
        await change(employees, "ann", user_id="bob")
        later = [await stream.event() for _ in range(2)]

    signals = [each.signals for each in later if each.type == "datastar-patch-signals"]
    assert [each["Employee"]["note"] for each in _by_class(signals)] == [""]
    assert NOTE not in str(later)


def _by_class(signals: list[Any]) -> list[Any]:
    return [{"Employee": next(iter(each.values()))} for each in signals]


async def test_open_lists_lack_hidden_fields(employees: Any, ann: Any, eve: Any) -> None:
    for browser, is_shown in ((ann, False), (eve, True)):
        async with (
            JsonStream(browser, "/employees?order=id") as stream,
            watch(browser, await browser.page("/employees?order=id")) as page,
        ):
            await stream.patch()
            assert ["salary" in row for row in stream.state] == [is_shown] * 2
            await page.event()
            await change(employees, "bob", salary=SALARY + 5, grade=f"g{is_shown}")
            await stream.patch()
            assert ["salary" in row for row in stream.state] == [is_shown] * 2
            rows = (await page.event()).data["rows"].replace(",", "")
            assert (str(SALARY + 5) in rows) is is_shown
            assert f"g{is_shown}" in rows


@unlisted
class Till(Entity):
    model_config = {"scope": "app", "access": "public"}
    count: int = 0
    margin: int = Field(default=41, access=role("boss"))

    @event
    def sell(self) -> None:
        self.count += 1
        self.margin += 1


@live
def shown(till: Till) -> Any:
    return P(f"margin {till.margin}", id="margin")


async def test_views_of_the_application_read_what_their_code_reads(serve: Any, visit: Any) -> None:
    app = serve(Till)

    @app.get("/board")
    def board(till: Till) -> Any:
        return till, shown(till)

    guest, boss = visit(app), await signed_in(visit, app, "zoe", "boss")
    for browser, is_shown in ((guest, False), (boss, True)):
        page = (await browser.page("/board")).text
        assert "margin 4" in page
        assert ("&quot;margin&quot;" in page) is is_shown
    async with guest.watch(await guest.page("/board")) as stream:
        await stream.event()
        await guest.click("/till/sell")
        text = ""
        while "margin 42" not in text or '"count":1' not in text:
            text += str(await stream.event())
        assert '"margin":' not in text
