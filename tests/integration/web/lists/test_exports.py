"""Exports: all matching records as CSV, JSON lines and XLSX, under the rules of every face."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from types import SimpleNamespace
from typing import Annotated, Any
from xml.etree import ElementTree

import pytest
from pydantic import computed_field

from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig, Field, Relationship
from starmodel.access import actor, owner, record, role
from starmodel.app.exporting import workbook
from starmodel.app.exporting.columns import ExportColumn


class Status(StrEnum):
    PLACED = "placed"
    SHIPPED = "shipped"


@unlisted
class Buyer(Entity):
    model_config = EntityConfig(store="sql", access=role("staff") | owner("user_id"))
    name: str
    city: str = ""
    user_id: str = ""


@unlisted
class Purchase(Entity):
    model_config = EntityConfig(
        store="sql",
        access={"read": role("staff") | (record.buyer.user_id == actor.id), "write": role("staff")},
        list_display=["number", "buyer", "buyer.city", "status", "total", "margin"],
    )
    number: str
    buyer: Buyer
    status: Status = Status.PLACED
    ordered_on: date | None = None
    paid_at: datetime | None = None
    margin: Annotated[int, Field(access={"read": role("staff")})] = 0
    lines: list[PurchaseLine] = Relationship(order="position")

    @computed_field
    def total(self) -> Decimal:
        return sum((line.price for line in self.lines), Decimal(0))


@unlisted
class PurchaseLine(Entity):
    model_config = EntityConfig(store="sql", access="public")
    purchase: Purchase
    price: Decimal
    position: int = 0


EAST = datetime(1900, 3, 1, tzinfo=timezone(timedelta(hours=14)))
STAFF = "/sign-in/root?roles=staff"


@pytest.fixture
async def app(serve: Any) -> Any:
    app = serve(Purchase, PurchaseLine, Buyer)
    ann = await Buyer.objects.create(name="=Ann", city="Köln", user_id="ann")
    bob = await Buyer.objects.create(name="Bob", city="-Ulm", user_id="bob")
    for n in range(30):
        made = await Purchase.objects.create(
            number=f"{n:03}", buyer_id=(ann if n % 3 else bob).id, margin=-n,
            status=Status.SHIPPED if n % 2 else Status.PLACED,
            ordered_on=date(2026, 1, n + 1), paid_at=datetime(2026, 1, 1, 8, tzinfo=UTC),
        )  # fmt: skip
        await PurchaseLine.objects.create(purchase_id=made.id, price=Decimal("12.50"))
    return app


async def table(browser: Any, query: str = "") -> list[list[str]]:
    response = await browser.get(f"/purchases/_export.csv{query}")
    assert response.status_code == 200, response.text
    assert response.content.startswith(b"\xef\xbb\xbf")
    return [*csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline=""))]


async def test_csv_has_all_matches_with_titles_of_related_records(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get(STAFF)

    found = await table(root, "?status=shipped&order=-number&page=2&per_page=5")

    assert found[0] == ["Number", "Buyer", "City", "Status", "Total", "Margin"]
    assert [row[0] for row in found[1:]] == [f"{n:03}" for n in range(29, 0, -2)]
    assert found[1] == ["029", "'=Ann", "Köln", "shipped", "12.50", "-29"]
    assert [row[2] for row in found if row[0] == "003"] == ["'-Ulm"]


async def test_csv_is_an_attachment_that_no_cache_stores(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get(STAFF)

    response = await root.get("/purchases/_export.csv")
    head = await root.head("/purchases/_export.csv")

    assert response.headers["content-disposition"].startswith(
        'attachment; filename="purchases.csv"'
    )
    assert response.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert response.headers["cache-control"] == "no-store"
    assert b"\r\n" in response.content
    assert (head.status_code, head.content) == (200, b"")


async def test_export_has_the_rows_and_fields_that_its_reader_may_read(
    visit: Any, app: Any
) -> None:
    ann = visit(app)
    await ann.get("/sign-in/ann")

    found = await table(ann, "?order=number")

    assert found[0] == ["Number", "Buyer", "City", "Status", "Total"]
    assert len(found) == 1 + 20
    assert {row[1] for row in found[1:]} == {"'=Ann"}
    assert (await ann.get("/purchases/_export.csv?margin=1")).status_code == 400
    assert (await ann.get("/purchases/_export.csv?columns=margin")).status_code == 200
    assert await table(ann, "?columns=number,margin&number=001") == [["Number"], ["001"]]
    assert (await visit(app).get("/purchases/_export.csv")).status_code == 401


async def test_order_and_search_may_follow_relations(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get(STAFF)

    found = await table(root, "?order=-buyer.name,number&buyer.city__contains=u&columns=number,id")

    assert [row[0] for row in found[1:4]] == ["000", "003", "006"]
    assert found[0] == ["Number", "Id"]


async def test_unknown_filter_or_column_is_400(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get(STAFF)
    for words in ("colour=red", "columns=colour", "cursor=x", "status=placed&status=shipped"):
        assert (await root.get(f"/purchases/_export.csv?{words}")).status_code == 400, words


async def test_export_without_matches_has_the_headings_alone(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get(STAFF)

    lines = await root.get("/purchases/_export.jsonl?number=none")

    assert await table(root, "?number=none&columns=number,status") == [["Number", "Status"]]
    assert (lines.status_code, lines.content) == (200, b"")
    assert (await root.get("/purchases/_export.xlsx?number=none")).status_code == 200


@pytest.mark.parametrize("separator", [",", ";", "\t"])
async def test_no_cell_of_csv_is_a_formula_by_any_separator(
    visit: Any, app: Any, separator: str
) -> None:
    root = visit(app)
    await root.get(STAFF)
    kept = "a;b - c=d\n\ne"
    for name in ("a;=1", "a\tb\t@c", 'a"\r\n=1', "\n+1", "a;-b;\uff1d1", kept):
        await Buyer.objects.create(name=name, city="zz")

    text = (await root.get("/buyers/_export.csv?city=zz&columns=city,name")).text

    cells = [cell for line in text.splitlines() for cell in line.split(separator)]
    assert not [cell for cell in cells if cell.lstrip('"').startswith(tuple("=+-@\uff1d"))]
    assert kept in text


async def test_json_lines_have_ids_and_titles(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get(STAFF)

    response = await root.get("/purchases/_export.jsonl?number__in=001,002&order=number")
    first, second = map(json.loads, response.text.splitlines())

    assert response.headers["content-type"] == "application/x-ndjson"
    assert first | {"id": "", "buyer_id": ""} == {
        "id": "", "number": "001", "buyer_id": "", "buyer": "=Ann", "buyer.city": "Köln",
        "status": "shipped", "total": "12.50", "margin": -1,
    }  # fmt: skip
    assert second["id"] != first["id"]


async def test_workbook_has_typed_cells(visit: Any, app: Any) -> None:
    root = visit(app)
    await root.get(STAFF)

    response = await root.get(
        "/purchases/_export.xlsx?number=001"
        "&columns=number,buyer_id,margin,total,ordered_on,paid_at,status"
    )

    assert response.status_code == 200
    assert int(response.headers["content-length"]) == len(response.content)
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    rows = [[*row] for row in sheet.iter() if row.tag.endswith("}row")]
    cells = [(cell.get("t", "n"), "".join(cell.itertext())) for cell in rows[1]]
    assert [text for _, text in cells] == [
        "001", "=Ann", "-1", "12.5", "46024", "46023.33333333334", "shipped",
    ]  # fmt: skip
    assert [kind for kind, _ in cells] == ["inlineStr", "inlineStr", *("n",) * 4, "inlineStr"]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (Decimal("1E+400"), "inlineStr", "1E+400"),
        (Decimal("1E-400"), "inlineStr", "1E-400"),
        (float("inf"), "inlineStr", "inf"),
        (Decimal("-0.50"), "n", "-0.5"),
        (0.0, "n", "0"),
        (EAST, "inlineStr", "1900-02-28 10:00:00"),
        ("\x00\x1b\uffff\ufffe=1", "inlineStr", None),
    ],
)  # fmt: skip
def test_workbook_has_no_error_values(value: Any, kind: str, text: str | None) -> None:
    row = SimpleNamespace(cells=lambda columns: [value])
    book = workbook.Workbook("a/b", [ExportColumn("x", "X")])
    with closing(book):
        book.add([row])  # type: ignore[list-item]
        book.finish()
        content = b"".join(book.chunks())

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    [cell] = [*[each for each in sheet.iter() if each.tag.endswith("}row")][1]]
    assert cell.get("t", "n") == kind
    assert text is None or "".join(cell.itertext()) == text


async def test_workbook_of_too_many_rows_is_422(
    visit: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 30)
    root = visit(app)
    await root.get(STAFF)

    response = await root.get("/purchases/_export.xlsx", headers={"accept": "application/json"})

    assert response.status_code == 422
    assert "These are 30 purchases, and a workbook holds 29." in response.json()["detail"]
    assert (await root.get("/purchases/_export.xlsx?number__lt=029")).status_code == 200


async def test_rule_by_a_function_is_applied_to_each_row(visit: Any, serve: Any) -> None:
    def owns(by: Any, entity: Any = None) -> bool:
        return entity is None or entity.owner == by.id

    @unlisted
    class Note(Entity):
        model_config = EntityConfig(store="memory", scope="record", access=owns)
        text: str
        owner: str = ""

    app = serve(Note, access_scan_limit=600)
    for n in range(520):
        await Note.objects.create(text=f"{n:03}", owner="ann" if n % 2 else "bob")
    ann = visit(app)
    await ann.get("/sign-in/ann")

    lines = (await ann.get("/notes/_export.jsonl?order=text")).text.splitlines()

    assert [json.loads(line)["text"] for line in lines] == [f"{n:03}" for n in range(1, 520, 2)]
    for n in range(520, 620):
        await Note.objects.create(text=f"{n:03}")
    assert (await ann.get("/notes/_export.jsonl")).status_code == 422
