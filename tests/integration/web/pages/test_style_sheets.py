"""The style sheet that a page links: its own small one, or the one with all components."""

from __future__ import annotations

import pytest
from fasthtml.components import Div

from starmodel import Entity, create_app
from starmodel.adapters.ui.franken.shell.page_assets import has_other_classes
from starmodel.adapters.web.pages.assets import asset_urls, generated_classes
from starmodel.plugins import Plugin, SlotContent
from starmodel.testing import Visitor

SMALL, WHOLE = asset_urls()["pages.css"], asset_urls()["starmodel.css"]


class Pen(Entity):
    model_config = {"access": "public", "store": "memory", "scope": "record"}
    name: str = "Pen"
    kind: str = "ball"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def visitor_of(classes: str = "", **options: object) -> Visitor:
    class Feature(Plugin):
        name = "feature"

        def slots(self):
            show = SlotContent("record.panels", "it", lambda p: Div(cls=classes), access="public")
            return [show] if classes else []

    return Visitor(create_app([Pen], plugins=[Feature()], secret_key="k" * 40, **options))


def html_of(visitor: Visitor, path: str) -> str:
    return visitor.request("GET", path, headers={"accept": "text/html"}).text


def sheet(visitor: Visitor, path: str) -> str:
    return html_of(visitor, path).partition('rel="stylesheet" href="')[2].partition('"')[0]


def record(visitor: Visitor) -> str:
    return f"/pens/{visitor.post('/pens', {'name': 'Pen'}).json()['entity']['id']}"


def test_generated_pages_have_styles_for_all_their_classes():
    visitor = visitor_of()
    for path in ("/", "/pens", "/pens/new", record(visitor), f"{record(visitor)}/edit", "/none"):
        html = html_of(visitor, path)
        assert f'href="{SMALL}" data-whole="{WHOLE}"' in html
        body = html.partition("<body")[2]
        assert not has_other_classes(body, generated_classes()), path


@pytest.mark.parametrize(("classes", "wanted"), [("sm-muted uk-card", SMALL), ("flex", WHOLE)])
def test_content_of_a_plugin_with_other_classes_brings_the_whole_style_sheet(classes, wanted):
    visitor = visitor_of(classes)
    assert sheet(visitor, record(visitor)) == wanted
    assert sheet(visitor, "/pens") == SMALL


def test_skin_with_other_classes_brings_the_whole_style_sheet():
    def detail(ui, resource, entity, audience):
        return Div(entity.name, cls="uk-alert")

    visitor = visitor_of(ui={"record.detail": detail})
    assert sheet(visitor, record(visitor)) == WHOLE
    assert sheet(visitor, "/pens") == SMALL
