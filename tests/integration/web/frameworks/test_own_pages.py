"""`page`: content of the application's own inside the generated layout, on each framework."""

import re

import pytest
from fasthtml.common import H2, P, Style, Title

from integration.web.browser import unlisted
from starmodel import Actor, ConfigurationError, Entity, Redirect, create_app, event, page
from starmodel.access import role
from starmodel.testing import Visitor, memory_stores
from starmodel.testing.browser.asgi import HTML


@unlisted
class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount


@unlisted
class Order(Entity):
    model_config = {"scope": "record", "access": "public", "group": "Sales"}
    number: str = ""


@unlisted
class Note(Entity):
    model_config = {"scope": "record", "access": "public", "nav": False}
    text: str = ""


called: list[str] = []


def pages():
    """Functions with `@page`, new for each test; not collected, since they are in a function."""

    @page("/dashboard", title="Figures", icon="home", group="Work", access="public")
    async def dashboard(counter: Counter):
        """What happened today."""
        return counter, P(data_text=Counter.count_signal, id="count"), P(["<b>bold</b>"])

    @page("/staff", access=role("staff"))
    def staff_room():
        called.append("staff")
        return H2("Staff")

    @page("/orders/{id}/print", access="public")
    async def printed(order: Order):
        return Title(f"Order {order.number}"), Style("p { margin: 0 }"), P(order.number, id="no")

    @page("/old", access="public", nav=False)
    def moved():
        return Redirect("/dashboard")

    return [dashboard, staff_room, printed, moved]


@pytest.fixture(params=["fasthtml", "starlette"])
def app(request):
    called.clear()
    with memory_stores():
        yield create_app([Counter, Order, Note], web=request.param, pages=pages(), title="Shop")


def navigation(html):
    """The labels of the links in the side bar, and the group headings."""
    nav = html.partition("<nav")[2].partition("</nav>")[0]
    return re.findall(r"<span>([^<]*)</span>|<p[^>]*>([^<]*)</p>", nav)


def labels(html):
    return [link or f"# {group}" for link, group in navigation(html)]


def test_content_stands_in_the_layout_and_follows_its_entity(app):
    with Visitor(app) as ann:
        tab, other = ann.open("/dashboard"), ann.open("/dashboard")
        html = ann.request("GET", "/dashboard", headers=HTML).text
        assert "Figures · Shop" in html
        assert 'content="What happened today."' in html
        assert re.search(r'href="/dashboard" aria-current="page"', html)
        assert "&lt;b&gt;bold&lt;/b&gt;" in html
        ann.post("/counter/increment", {"amount": 3})
        for each in (tab, other):
            assert each.text("#count") == "3"


def test_access_is_decided_before_the_function_runs_and_hides_the_entry(app):
    with Visitor(app) as ann:
        refused = ann.request("GET", "/staff", headers=HTML)
        assert refused.status == 401
        assert not called
        assert "Staff room" not in labels(ann.request("GET", "/dashboard", headers=HTML).text)
        ann.sign_in(Actor("ann"))
        assert ann.request("GET", "/staff", headers=HTML).status == 403
        assert not called
        ann.sign_in(Actor("ann", roles=frozenset({"staff"})))
        shown = ann.request("GET", "/staff", headers=HTML)
        assert shown.status == 200
        assert called == ["staff"]
        assert "Staff room" in labels(shown.text)


def test_path_with_parameters_has_a_breadcrumb_and_no_entry(app):
    with Visitor(app) as ann:
        made = ann.post("/orders", {"number": "<7>"}).json()
        html = ann.request("GET", f"/orders/{made['entity']['id']}/print", headers=HTML).text
        assert "Order &lt;7&gt; · Shop" in html
        assert 'class="sm-crumb"' in html
        assert "Printed" not in labels(html)
        assert html.index("<style>p {") < html.index("<body")
        assert re.search(r'href="/orders" aria-current="page"', html)
        assert ann.request("GET", "/orders/none/print", headers=HTML).status == 404


def test_redirect_and_request_of_an_open_page(app):
    with Visitor(app) as ann:
        moved = ann.request("GET", "/old", headers=HTML)
        assert (moved.status, moved.headers["location"]) == (303, "/dashboard")
        part = ann.request("GET", "/dashboard", headers={"datastar-request": "true"})
        assert "<html" not in part.text
        assert 'id="count"' in part.text


def test_navigation_has_pages_first_then_groups_and_leaves_hidden_classes_out(app):
    with Visitor(app) as ann:
        html = ann.request("GET", "/dashboard", headers=HTML).text
        assert labels(html) == ["Counter", "# Work", "Figures", "# Sales", "Orders"]


def test_declared_navigation_orders_classes_and_pages(in_memory):
    own = pages()
    declared = [Order, {"Rest": [own[0], "Counter"]}, "/late"]
    app = create_app([Counter, Order, Note], pages=own, navigation=declared)

    @app.page("/late", access="public")
    def late():
        return P("late")

    with Visitor(app) as ann:
        html = ann.request("GET", "/late", headers=HTML).text
        assert labels(html) == ["Late", "# Sales", "Orders", "# Rest", "Figures", "Counter"]
        assert re.search(r'href="/late" aria-current="page"', html)


def test_page_at_the_path_of_a_class_takes_its_place_in_the_navigation(in_memory):
    @page("/orders", title="All orders", access="public")
    def orders():
        return P("All of them")

    with Visitor(create_app([Counter, Order], pages=[orders])) as ann:
        html = ann.request("GET", "/orders", headers=HTML).text
        assert labels(html) == ["All orders", "Counter"]
        assert "All of them" in html


def test_navigation_names_an_unknown_class(in_memory):
    with pytest.raises(ConfigurationError, match="navigation names 'Ordr'"):
        create_app([Order], pages=[], navigation=["Ordr"])
    with pytest.raises(ConfigurationError, match=r"names .*twice"):
        create_app([Order], pages=[], navigation=[Order, {"Sales": ["Order"]}])


def test_navigation_names_a_path_that_no_page_has(in_memory):
    app = create_app([Order], pages=[], navigation=["/missing"])
    with pytest.raises(Exception, match="'/missing', which no page has"), Visitor(app):
        pass


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "dashboard"}, "expected an absolute path"),
        ({"path": "/_starmodel/x"}, "expected an absolute path"),
        ({"path": "/a/../b"}, "expected an absolute path"),
        ({"path": "/a", "icon": "nonsense"}, "there are alert"),
        ({"path": "/a", "access": "role"}, "access is 'role'"),
        ({"path": "/a", "nav": "no"}, "nav is 'no'"),
    ],
)
def test_senseless_options_stop_the_start(in_memory, options, message):
    def declare():
        return create_app([Order], pages=[page(**options)(lambda: "")])

    with pytest.raises(ConfigurationError, match=message):
        declare()


def test_two_pages_with_one_path_stop_the_start(in_memory):
    with pytest.raises(ConfigurationError, match="another page has this path"):
        create_app([Counter, Order], pages=[*pages(), pages()[0]])


def test_pages_without_the_decorator_are_refused(in_memory):
    with pytest.raises(ConfigurationError, match="functions with the decorator @page"):
        create_app([Order], pages=[labels])
