"""The slots page.head and form.after."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from fasthtml.common import Script, Style
from fasthtml.components import Link, Meta, P

from starmodel import ConfigurationError, Entity, create_app
from starmodel.plugins import Plugin, SlotContent
from starmodel.testing import Visitor


class Pen(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


def visitor_of(*contents: SlotContent) -> Visitor:
    class Feature(Plugin):
        name = "feature"

        def slots(self):
            return contents

    app = create_app([Pen], plugins=[Feature()], secret_key="k" * 40)
    return Visitor(app, raise_errors=False)


def found(visitor: Visitor, path: str, selector: str) -> list[Any]:
    """The elements in the <head> of a page."""
    return BeautifulSoup(visitor.open(path).reply.text, "lxml").head.select(selector)


def head(render: Any, **options: Any) -> SlotContent:
    return SlotContent("page.head", "head", render, **{"access": "public", **options})


def test_head_has_the_content_on_every_page_once() -> None:
    def about(place):
        what = place.entity.name if place.entity else getattr(place.entity_type, "name", "start")
        return [Meta(name="about", content=what), Link(rel="author", href='/"<ann>')]

    with visitor_of(head(about)) as visitor:
        id = visitor.post("/pens", {"name": "<Blue>"}).json()["entity"]["id"]
        for path, what in (("/", "start"), ("/pens", "Pen"), (f"/pens/{id}", "<Blue>")):
            (meta,) = found(visitor, path, "meta[name=about]")
            assert meta["content"] == what
            assert found(visitor, path, "link[rel=author]")[0]["href"] == '/"<ann>'


async def waits(place):
    return Meta(name="waited", content="yes")


def test_coroutine_fills_the_head() -> None:
    with visitor_of(head(waits)) as visitor:
        assert found(visitor, "/", "meta[name=waited]")


@pytest.mark.parametrize(
    "made",
    [P("text"), "text", "<script>alert(1)</script>", object(), [Meta(name="a"), P("x")], 7],
    ids=lambda made: str(made)[:12],
)
def test_content_that_belongs_to_no_head_is_left_out_and_logged(
    made: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with visitor_of(head(lambda place: made)) as visitor:
        page = visitor.open("/")
        assert page.status == 200
        before = page.reply.text.partition("</head>")[0]
        assert "alert(1)" not in before
        assert "<p>" not in before
    assert "The content slot-feature-head failed" in caplog.text


def test_failing_content_of_the_head_leaves_the_page_whole(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(place):
        raise RuntimeError("a secret detail")

    with visitor_of(head(fail)) as visitor:
        page = visitor.open("/")
        assert page.status == 200
        assert not page.has(".sm-slot-error")
        assert "secret" not in page.reply.text
    assert "a secret detail" in caplog.text


def test_head_is_for_those_whom_access_permits() -> None:
    with visitor_of(head(lambda place: Meta(name="who"), access="signed_in")) as visitor:
        assert not found(visitor, "/", "meta[name=who]")
        visitor.sign_in("ann")
        assert found(visitor, "/", "meta[name=who]")


def test_text_of_a_style_or_script_in_the_head_is_not_escaped() -> None:
    parts = [Style("a > b { color: red }"), Script(src="/x.js")]
    with visitor_of(head(lambda place: parts)) as visitor:
        assert "a > b { color: red }" in visitor.open("/").reply.text


def test_head_is_not_refreshed() -> None:
    with pytest.raises(ConfigurationError, match="the head of a page is not refreshed"):
        head(lambda place: None, refresh_on=[Pen])


def test_content_after_a_form_knows_the_record_that_it_edits() -> None:
    def hint(place):
        return P(f"after {place.entity.name if place.entity else 'a new one'}")

    content = SlotContent("form.after", "hint", hint, access="public")
    with visitor_of(content) as visitor:
        id = visitor.post("/pens", {"name": "Blue"}).json()["entity"]["id"]
        assert visitor.open("/pens/new").text("#slot-feature-hint") == "after a new one"
        assert visitor.open(f"/pens/{id}/edit").text("#slot-feature-hint") == "after Blue"
        assert not visitor.open(f"/pens/{id}").has("#slot-feature-hint")
        assert not visitor.open("/pens").has("#slot-feature-hint")
