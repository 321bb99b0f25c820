"""The contract of events: the JSON API, clicks, forms and streams."""
# ruff: noqa: S101 - tests assert

from starmodel.testing.browser.asgi import DATASTAR, HTML, ORIGIN, send
from starmodel.testing.contracts.web.base import WebContractBase


class EventsContract(WebContractBase):
    """Generated routes, by every kind of request."""

    def test_events_by_json(self) -> None:
        with self.serving() as site:
            made = site.visitor.post("/products", {"name": "Pen", "price": 2})
            assert (made.status, made.headers["location"][:10]) == (201, "/products/")
            path = made.headers["location"]
            assert site.visitor.patch(path, {"price": 3}).json()["entity"]["price"] == 3.0
            assert site.visitor.get(path).json()["name"] == "Pen"
            assert site.visitor.delete(path).status == 200
            assert site.visitor.get(path).status == 404

    def test_conditional_request_is_answered_with_304(self) -> None:
        with self.serving() as site:
            tag = site.visitor.get("/counter").headers["etag"]
            again = site.visitor.request("GET", "/counter", headers={"if-none-match": tag})
            assert (again.status, again.body) == (304, b"")

    def test_click_updates_every_page_that_shows_the_entity(self) -> None:
        with self.serving() as site:
            first, second = site.visitor.open("/board"), site.another().open("/board")
            first.click("Add")
            second.click("Add")
            assert [page.signals["Board.notes"] for page in (first, second)] == [2, 2]

    def test_form_creates_a_record_and_shows_its_errors(self) -> None:
        with self.serving() as site:
            page, table = site.visitor.open("/products"), site.another().open("/products")
            page.click("New product")
            page.submit("Create", name="", price="much")
            assert set(page.errors) >= {"price"}
            page.submit("Create", name="Pen", price="2")
            assert page.url.startswith("/products/")
            assert "Pen" in table.text("main")

    def test_form_without_javascript_redirects(self) -> None:
        with self.serving() as site:
            headers = {
                **HTML, "origin": ORIGIN, "content-type": "application/x-www-form-urlencoded",
            }  # fmt: skip

            async def post(path: str, body: bytes) -> tuple[int, str | None]:
                reply = await send(site.app, "POST", path, headers, site.visitor.cookies, body)
                return reply.status, reply.headers.get("location")

            assert site.visitor.run(post("/counter/increment", b"amount=5")) == (303, "/counter")
            assert site.visitor.get("/counter").json()["count"] == 5
            assert site.visitor.run(post("/counter/increment", b"amount=much"))[0] == 422

    def test_repeated_click_runs_once(self) -> None:
        with self.serving() as site:
            headers = {**DATASTAR, "origin": ORIGIN, "idempotency-key": "key-1"}
            for _ in range(2):
                site.visitor.request("POST", "/counter/increment", {}, headers=headers)
            assert site.visitor.get("/counter").json()["count"] == 1

    def test_body_beyond_the_limit_is_rejected(self) -> None:
        with self.serving(max_body_bytes=1000) as site:
            assert site.visitor.post("/products", {"name": "x" * 2000}).status == 413
