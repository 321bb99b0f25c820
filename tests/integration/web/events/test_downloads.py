"""`Download`: a file that an event makes, for pages, plain forms and API clients."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from integration.web.browser import unlisted
from starmodel import Download, Entity, EntityConfig, Toast, event
from starmodel.adapters.web.http.attachments import attachment_headers, safe_name
from starmodel.adapters.web.resources.events.downloads import LASTS_S, MAX_KEPT


@unlisted
class Report(Entity):
    model_config = EntityConfig(access="public", scope="app")
    made: int = 0

    @event
    def text(self) -> Any:
        self.made += 1
        return Download("name;sum\nÄ;1\n", 'Täglich/"1".csv')

    @event
    def data(self) -> Any:
        return [Download(b"\x00\x01", "data.bin"), Toast("Here it is.", "success")]

    @event
    def file(self) -> Any:
        return Download(Path("a.txt"), "a.txt")

    @event
    async def parts(self) -> Any:
        async def rows() -> Any:
            for n in range(3):
                yield f"{n}\n"

        return Download(rows(), "rows.txt", "text/plain; charset=utf-8")

    @event
    def lines(self) -> Any:
        return Download((f"{n}\n" for n in range(3)), "rows.txt")

    @event
    async def steps(self) -> Any:
        self.made += 1
        yield Download(b"1", "one.txt")


@pytest.fixture
def reports(visit: Any) -> Any:
    return visit(Report)


def file_url(text: str) -> str:
    found = re.search(r'<a hidden download href="([^"]+)"', html.unescape(text))
    assert found is not None
    return found[1]


async def test_api_client_gets_the_bytes_as_an_attachment(reports: Any) -> None:
    got = await reports.call("POST", "/report/text")
    assert got.status_code == 200
    assert got.text == "name;sum\nÄ;1\n"
    assert got.headers["content-type"] == "text/csv"
    assert got.headers["content-disposition"] == (
        "attachment; filename=\"T_glich_1_.csv\"; filename*=UTF-8''T%C3%A4glich_1_.csv"
    )
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    assert (await reports.call("GET", "/report")).json()["made"] == 1


@pytest.mark.parametrize("name", ["parts", "lines"])
async def test_iterators_are_streamed_after_the_commit(reports: Any, name: str) -> None:
    assert (await reports.call("POST", f"/report/{name}")).content == b"0\n1\n2\n"


async def test_plain_form_gets_the_file_too(reports: Any) -> None:
    got = await reports.submit("/report/steps", {})
    assert (got.status_code, got.content) == (200, b"1")


async def test_path_is_read_and_a_missing_one_is_a_fault(reports: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 200_000)
    got = await reports.call("POST", "/report/file")
    assert (got.content, got.headers["content-type"]) == (b"x" * 200_000, "text/plain")
    (tmp_path / "a.txt").unlink()
    missing = await reports.call("POST", "/report/file")
    assert missing.status_code == 500


async def test_click_gets_an_address_that_works_once_for_its_visitor(
    reports: Any, visit: Any
) -> None:
    other = visit(reports.app)
    clicked = await reports.click("/report/data")
    assert "Here it is." in clicked.text
    url = file_url(clicked.text)
    assert (await other.get(url)).status_code == 404
    got = await reports.get(url)
    assert (got.content, got.headers["content-type"]) == (b"\x00\x01", "application/octet-stream")
    again = await reports.page(url)
    assert (again.status_code, "no longer here" in again.text) == (404, True)
    assert (await reports.get("/_starmodel/downloads")).status_code == 404
    streamed = await reports.click("/report/steps")
    assert (await reports.get(file_url(streamed.text))).content == b"1"


async def test_kept_files_are_bounded_in_time_and_number(
    reports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [file_url((await reports.click("/report/data")).text) for _ in range(3)]
    clock = reports.app.starmodel.clock
    now = clock()
    monkeypatch.setattr(reports.app.starmodel, "clock", lambda: now + LASTS_S + 1)
    assert (await reports.get(urls[0])).status_code == 404
    kept = reports.app.gateway.events.downloads
    await reports.click("/report/data")
    assert len(kept._kept) == 1
    assert MAX_KEPT >= 100


async def test_repeated_request_gets_no_second_file(reports: Any) -> None:
    headers = {"headers": {"idempotency-key": "k1"}}
    first = await reports.call("POST", "/report/text", **headers)
    again = await reports.call("POST", "/report/text", **headers)
    assert first.text.startswith("name")
    assert again.json()["result"] is None
    assert (await reports.call("GET", "/report")).json()["made"] == 1


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("a\r\nSet-Cookie: x.txt", "a_Set-Cookie_ x.txt"),
        ("\u202efdp.exe", "fdp.exe"),
        ("", "download"),
        ("x" * 300 + ".csv", "x" * 130 + ".csv"),
        ("a\udce9\u061cb.csv", "a_b.csv"),
    ],
)
def test_file_name_is_safe_in_headers_and_folders(given: str, safe: str) -> None:
    assert safe_name(given).lstrip("_.") == safe
    assert b"\n" not in attachment_headers(given)[0][1]


def test_wrong_media_type_is_refused() -> None:
    with pytest.raises(ValueError, match="text/csv"):
        Download(b"", "x", "text/html\r\nx: y")
