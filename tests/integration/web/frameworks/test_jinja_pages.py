"""`starmodel.jinja.render`: templates as the content of pages, with hostile values."""

import sys

import pytest

from integration.web.browser import unlisted
from starmodel import ConfigurationError, Entity, create_app, event, live, page
from starmodel.jinja import render
from starmodel.testing import ServerFailedError, Visitor, memory_stores
from starmodel.testing.browser.asgi import HTML

HOSTILE = """"'><script>alert(1)</script>{{ 7*7 }}"""


@unlisted
class Counter(Entity):
    count: int = 0
    name: str = ""

    @event
    def increment(self, amount: int = 1, text: str = ""):
        self.count += amount

    @event(confirm='Start "again"?')
    def reset(self):
        self.count = 0


@live
def shown_name(counter: Counter):
    from fasthtml.common import P

    return P(counter.name, id="name")


PAGE = """
{{ counter }}
<p id="count" data-text="{{ Counter.count_signal }}"></p>
<button id="add" data-on:click="{{ Counter.increment(2, text=text) }}">Add</button>
<button id="reset" data-on:click="{{ Counter.reset }}">Again</button>
<p id="text" title="{{ text }}">{{ text }}</p>
<p id="list">{{ [text, 1] }}</p>
{{ name(counter) }}
{{ tile(text, 3) }}
<a href="{{ url('/other') }}">Other</a>
"""


@pytest.fixture(params=["fasthtml", "starlette"])
def app(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/page.html").write_text(PAGE)

    @page("/page", access="public")
    def shown(counter: Counter):
        return render("page.html", counter=counter, text=HOSTILE, name=shown_name)

    @page("/missing", access="public")
    def missing():
        return render("none.html")

    with memory_stores():
        yield create_app([Counter], web=request.param, pages=[shown, missing])


def test_template_stands_in_the_layout_and_is_live(app):
    with Visitor(app) as ann:
        tab = ann.open("/page")
        assert "sm-side" in tab.html
        tab.click("#add")
        assert tab.text("#count") == "2"
        assert not tab.errors


def test_hostile_values_are_escaped_in_texts_attributes_and_components(app):
    with Visitor(app) as ann:
        html = ann.request("GET", "/page", headers=HTML).text.partition("<main")[2]
        assert "<script>alert" not in html
        tab = ann.open("/page")
        assert tab.text("#text") == HOSTILE
        assert tab.all("#text")[0]["title"] == HOSTILE
        assert "49" not in tab.text("#text")
        assert HOSTILE.replace("'", "\\'") in tab.text("#list") or "<script>" in tab.text("#list")
        [reset] = tab.all("#reset")
        assert reset["data-on:click"].startswith('@ask("Start ')


def test_missing_template_names_the_folders(app):
    with (
        Visitor(app) as ann,
        pytest.raises(ServerFailedError, match=r"no template .none\.html. in"),
    ):
        ann.request("GET", "/missing", headers=HTML)


def test_missing_package_names_the_extra(app, monkeypatch):
    from starmodel.adapters.ui import templates

    templates._environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with Visitor(app) as ann, pytest.raises(ServerFailedError, match=r"starmodel\[jinja\]"):
        ann.request("GET", "/page", headers=HTML)


def test_outside_a_request_says_so():
    with pytest.raises(ConfigurationError, match="call it in a request"):
        render("page.html")
