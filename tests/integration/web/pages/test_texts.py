"""An application with texts of its own: pages, messages beside inputs, toasts and JSON errors."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import HTML, toasts, unlisted
from starmodel import ConfigurationError, Entity, EntityConfig, Field, create_app, event
from starmodel.plugins import Plugin
from starmodel.texts import Catalogue
from starmodel.texts.english import TEXTS, Text

OWN: dict[str, Text] = {
    "page.language": "de",
    "page.visitor": "Nicht angemeldet",
    "record.new": "{title} anlegen",
    "record.missing": "{entity} {id} gibt es nicht.",
    "record.not_found": "Diesen {title} gibt es nicht.",
    "record.all": "Alle {things}",
    "heading.404": "Nicht gefunden",
    "event.delete": "L\u00f6schen",
    "event.delete_confirm": "Wirklich weg?",
    "event.done": "{event}: fertig.",
    "bulk.done": {"one": "{event}: ein {title}.", "other": "{event}: {count} {things:lower}."},
    "toast.deleted_many": {"one": "Ein {title} ist weg.", "other": "{count} {things:lower} weg."},
    "list.empty": "Keine {things:lower} & nichts.",
    "shown.yes": "Ja",
    "value.missing": "Bitte ausf\u00fcllen.",
    "value.int": "Bitte eine ganze Zahl.",
    "value.taken": "Schon vergeben.",
    "value.at_most": "H\u00f6chstens {bound}, bitte.",
    "value.out_of_bounds": "Der Wert {problem}.",
    "bounds.digits": "hat mehr als {digits} Ziffern",
    "access.sign_in_to_do": "Bitte erst anmelden.",
    "access.sign_in_here": "Oder den Link benutzen.",
    "problem.unexpected": "Das ging schief.",
    "problem.no_page": "Unter {path} gibt es nichts.",
}


@unlisted
class Product(Entity):
    model_config = EntityConfig(scope="record", access="public", store="memory")
    id: str = Field(editable=True)
    name: str = Field(min_length=1)
    stock: int = Field(default=0, le=10)
    new: bool = True

    @event
    def count(self, number: int) -> None:
        self.stock = number

    @event(access="signed_in")
    def close(self) -> None:
        self.stock = 0

    @event
    def fail(self) -> None:
        raise RuntimeError("the shelf broke")


@pytest.fixture
def shop(serve: Any) -> Any:
    return serve(Product, texts=OWN)


async def test_pages_are_in_the_language_of_the_application(shop: Any, visit: Any) -> None:
    ann = visit(shop)

    empty = (await ann.page("/products")).text
    assert '<html lang="de"' in empty
    assert "Nicht angemeldet" in empty
    assert "Product anlegen" in empty
    assert "Keine products &amp; nichts." in empty
    await ann.call("POST", "/products", {"id": "p1", "name": "Stift"})
    listed = (await ann.page("/products")).text
    assert "L\u00f6schen" in listed
    assert "Wirklich weg" in listed
    assert "Delete" not in listed
    assert "Ja" in (await ann.page("/products/p1")).text


async def test_errors_in_json_are_in_the_language_of_the_application(shop: Any, visit: Any) -> None:
    ann = visit(shop)
    made = await ann.call("POST", "/products", {"id": "p1", "name": "Stift"})
    assert made.status_code == 201, made.text

    async def errors(path: str, data: dict[str, Any]) -> Any:
        return (await ann.call("POST", path, data)).json()["errors"]

    assert await errors("/products/p1/count", {}) == {"number": "Bitte ausf\u00fcllen."}
    assert await errors("/products/p1/count", {"number": "x"}) == {
        "number": "Bitte eine ganze Zahl."
    }
    assert await errors("/products/p1/count", {"number": 11}) == {
        "stock": "H\u00f6chstens 10, bitte."
    }
    assert await errors("/products", {"id": "p1", "name": "Stift"}) == {"id": "Schon vergeben."}


async def test_error_responses_use_the_language_of_the_application(shop: Any, visit: Any) -> None:
    ann = visit(shop)
    made = await ann.call("POST", "/products", {"id": "p1", "name": "Stift"})
    assert made.status_code == 201, made.text

    missing = await ann.call("GET", "/products/p2")
    assert missing.json()["detail"] == "Product 'p2' gibt es nicht."
    page = await ann.get("/products/p2", headers=HTML)
    assert "Nicht gefunden" in page.text
    assert "Diesen Product gibt es nicht." in page.text
    assert ">Alle Products</a>" in page.text
    assert "Unter /nowhere gibt es nichts." in (await ann.get("/nowhere", headers=HTML)).text
    failed = await ann.call("POST", "/products/p1/fail")
    assert failed.json()["detail"] == "Das ging schief."
    refused = await ann.click("/products/p1/close")
    assert toasts(refused.text) == [("error", "Bitte erst anmelden. Oder den Link benutzen.")]


async def test_toast_after_events_on_many_records_has_its_plural_form(
    shop: Any, visit: Any
) -> None:
    ann = visit(shop)
    for id in ("p1", "p2", "p3"):
        await ann.call("POST", "/products", {"id": id, "name": "Stift"})

    async def bulk(*ids: str) -> Any:
        reply = await ann.click("/products/_bulk", {"event": "delete", "id": list(ids)})
        return toasts(reply.text)

    assert await bulk("p1") == [("success", "Ein Product ist weg.")]
    assert await bulk("p2", "p3") == [("success", "2 products weg.")]


async def test_catalogue_can_be_given_with_a_plural_rule(serve: Any) -> None:
    texts = Catalogue({"shown.keys": {"none": "leer", "other": "{count} keys"}},
                      plural=lambda number: "other" if number else "none")  # fmt: skip

    app = serve(Product, texts=texts)

    assert app.starmodel.texts.text("shown.keys", count=0) == "leer"


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ({"event.creat": "x"}, "No text has the key 'event.creat'; the nearest is 'event.create'"),
        ({"record.new": "Neu"}, r"The text 'record.new' lacks its parameter \{title\}"),
        (["x"], r"texts is \['x'\]; expected texts by key"),
    ],
)
def test_wrong_text_stops_the_start(texts: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        create_app([Product], texts=texts)


async def test_two_applications_have_their_own_texts(shop: Any, serve: Any, visit: Any) -> None:
    upper = {key: text.upper() for key, text in TEXTS.items() if isinstance(text, str)
             and "{" not in text}  # fmt: skip
    other = visit(serve(Product, texts=upper))

    refused = await other.call("POST", "/products", {"name": "x", "stock": "y"})

    assert refused.json()["errors"] == {"stock": "ENTER A WHOLE NUMBER."}
    assert "NOT SIGNED IN" in (await other.page("/products")).text
    assert "Nicht angemeldet" in (await visit(shop).page("/products")).text


@unlisted
class AuditNote(Entity):
    model_config = EntityConfig(scope="record", access="public", plugin="audit", plural="notices")
    text: str = ""


async def test_texts_have_titles_of_classes_and_never_their_names(visit: Any, serve: Any) -> None:
    class Audit(Plugin):
        name = "audit"

        def entities(self) -> Any:
            return [AuditNote]

    browser = visit(serve(plugins=[Audit()]))
    made = await browser.call("POST", "/audit/notices", {"text": "x"})
    url = made.headers["location"]
    assert ">Notices<" in (await browser.page("/audit/notices")).text
    page = await browser.page(url)
    async with browser.watch(page) as stream:
        await browser.call("DELETE", url)
        while "has been removed" not in (text := str((await stream.event()).data)):
            pass
    assert "This audit note has been removed." in text
    for reply in (await browser.page(url), await browser.call("GET", url)):
        assert reply.status_code == 404
        assert "audit note " in reply.text.lower()
        assert "AuditNote" not in reply.text
