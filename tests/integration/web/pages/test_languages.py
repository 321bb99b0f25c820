"""Applications with several languages: pages, errors, live parts and downloads in each."""

from __future__ import annotations

import enum
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Annotated, Any

import pytest

from integration.web.browser import HTML, ORIGIN, unlisted
from starmodel import UI, ConfigurationError, Entity, EntityConfig, Field, create_app, event, live

DE, EN = {"accept-language": "de-AT, en;q=0.5"}, {"accept-language": "en"}
GERMAN = """
msgid "Parcel"
msgstr "Paket"

msgid "Parcels"
msgstr "Pakete"

msgid "What is sent."
msgstr "Was versandt wird."

msgid "Price"
msgstr "Preis"

msgid "On the way"
msgstr "Unterwegs"

msgid "Send"
msgstr "Versenden"

msgid "Send it?"
msgstr "Wirklich versenden?"

msgid "Too heavy."
msgstr "Zu schwer."
"""


class State(enum.Enum):
    PACKED = "packed"
    ON_THE_WAY = "on_the_way"


@unlisted
class Parcel(Entity):
    """What is sent."""

    model_config = EntityConfig(scope="record", access="public")
    name: str = Field(min_length=2)
    price: Annotated[Decimal, UI(currency="EUR")] = Field(default=Decimal("1234.5"), ge=0)
    sent_on: date = date(2026, 10, 4)
    state: State = State.PACKED

    @event(confirm="Send it?")
    def send(self) -> None:
        self.state = State.ON_THE_WAY

    @event
    def weigh(self) -> None:
        raise ValueError("Too heavy.")


def translations(text: str, language: str = "de", domain: str = "messages") -> None:
    path = Path("locales", language, "LC_MESSAGES", f"{domain}.po")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def shop(serve: Any) -> Any:
    translations(GERMAN)
    return serve(Parcel, languages=["en", "de"])


async def make(browser: Any, **values: Any) -> str:
    reply = await browser.call("POST", "/parcels", {"name": "Box", **values})
    return str(reply.headers["location"])


async def test_page_is_in_the_language_that_the_browser_prefers(visit: Any, shop: Any) -> None:
    ann = visit(shop)
    await make(ann)

    german = await ann.get("/parcels", headers=HTML | DE)
    english = await ann.get("/parcels", headers=HTML | EN)

    assert '<html lang="de" dir="ltr" data-formats' in german.text
    for text in (
        ">Pakete<",
        "Was versandt wird.",
        "Pakete durchsuchen",
        ">Preis<",
        "Paket anlegen",
    ):
        assert text in german.text
    assert "1.234,50\xa0€</data>" in german.text
    assert ">4. Okt. 2026</time>" in german.text
    assert "Verbindung verloren." in german.text
    assert '<html lang="en" dir="ltr"' in english.text
    assert ">EUR 1,234.50</data>" in english.text
    assert ">4 Oct 2026</time>" in english.text
    assert german.headers["content-language"] == "de"
    assert "accept-language" in german.headers["vary"]


async def test_choice_in_the_menu_takes_precedence(visit: Any, shop: Any) -> None:
    ann = visit(shop)
    page = (await ann.get("/parcels", headers=HTML | DE)).text
    assert 'value="de" lang="de" dir="ltr" aria-current="true"' in page

    chosen = await ann.submit(
        "/_starmodel/language", {"language": "en"}, headers=DE | {"referer": f"{ORIGIN}/parcels"}
    )
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/parcels")
    assert '<html lang="en"' in (await ann.get("/parcels", headers=HTML | DE)).text

    unknown = await ann.submit("/_starmodel/language", {"language": "../en"}, headers=EN)
    assert unknown.status_code == 422
    foreign = await ann.post(
        "/_starmodel/language", data={"language": "de"}, headers={"origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


async def test_errors_and_toasts_are_in_the_visitors_language(visit: Any, shop: Any) -> None:
    ann = visit(shop)
    url = await make(ann)

    refused = await ann.call("POST", "/parcels", {"name": "B", "price": -1}, headers=DE)
    assert refused.json()["errors"] == {
        "name": "Mindestens 2 Zeichen.", "price": "Muss mindestens 0 sein.",
    }  # fmt: skip
    assert refused.headers["content-language"] == "de"
    missing = await ann.get("/parcels/nope", headers=HTML | DE)
    assert "Paket: Dieser Eintrag ist nicht zu finden." in missing.text
    heavy = await ann.call("POST", f"{url}/weigh", headers=DE)
    assert heavy.json()["detail"] == "Zu schwer."
    english = await ann.call("POST", f"{url}/weigh", headers=EN)
    assert english.json()["detail"] == "Too heavy."
    sent = await ann.submit(f"{url}/send", headers=DE | {"referer": f"{ORIGIN}{url}"})
    assert sent.status_code == 303, sent.text
    page = await ann.get(url, headers=HTML | DE)
    assert "Versenden: erledigt für Paket Box." in page.text
    assert "Wirklich versenden" in unescape(page.text)


async def test_live_updates_are_in_the_language_of_each_page(visit: Any, shop: Any) -> None:
    ann, bob = visit(shop), visit(shop)
    url = await make(ann)
    german = await ann.get("/parcels", headers=HTML | DE)
    english = await bob.get("/parcels", headers=HTML | EN)

    async with ann.watch(german, **DE) as hers, bob.watch(english, **EN) as his:
        await bob.call("POST", f"{url}/send", headers=EN)
        rows = []
        for stream, end in ((hers, "Unterwegs"), (his, "On the way")):
            while end not in (text := (await stream.event()).data.get("rows", "")):
                pass
            rows.append(text)

    assert "Unterwegs" in rows[0]
    assert "1.234,50\xa0€" in rows[0]
    assert "On the way" in rows[1]
    assert "EUR 1,234.50" in rows[1]


async def test_notice_of_a_deletion_is_in_the_language_of_each_page(visit: Any, shop: Any) -> None:
    ann, bob = visit(shop), visit(shop)
    url = await make(ann)
    german = await ann.get(url, headers=HTML | DE)
    english = await bob.get(url, headers=HTML | EN)

    async with ann.watch(german, **DE) as hers, bob.watch(english, **EN) as his:
        await bob.call("DELETE", url, headers=EN)
        found = []
        for stream, end in ((hers, "entfernt"), (his, "has been removed")):
            while end not in (text := str((await stream.event()).data)):
                pass
            found.append(text)

    assert "Paket: Dieser Eintrag wurde entfernt." in found[0]
    assert "This parcel has been removed." in found[1]


async def test_own_live_view_is_rendered_once_for_each_language(visit: Any, shop: Any) -> None:
    ann = visit(shop)

    @shop.get("/own/{id}")
    async def own(id: str) -> Any:
        return state_of(await Parcel.objects.get(id))

    id = (await make(ann)).rpartition("/")[2]
    page = await ann.get(f"/own/{id}", headers=HTML | DE)
    assert 'lang="de" dir="ltr" data-formats' in page.text
    async with ann.watch(page, **DE) as stream:
        await ann.call("POST", f"/parcels/{id}/send", headers=EN)
        while "Unterwegs" not in (await stream.event()).data.get("elements", ""):
            pass


@live
def state_of(parcel: Parcel) -> Any:
    from fasthtml.common import P

    from starmodel import translated

    return P(translated("On the way") if parcel.state is State.ON_THE_WAY else "-")


async def test_download_has_headings_of_the_language(visit: Any, shop: Any) -> None:
    ann = visit(shop)
    await make(ann)

    german = await ann.get("/parcels/_export.csv?columns=name,price", headers=DE)

    assert german.text.splitlines()[0].lstrip("\ufeff") == "Name,Preis"


async def test_requests_at_once_do_not_share_their_language(visit: Any, shop: Any) -> None:
    import asyncio

    ann = visit(shop)
    pages = await asyncio.gather(
        *(ann.get("/parcels", headers=HTML | (DE if n % 2 else EN)) for n in range(12))
    )

    assert [">Pakete<" in page.text for page in pages] == [bool(n % 2) for n in range(12)]


async def test_one_other_language_and_texts_of_the_application(visit: Any, serve: Any) -> None:
    app = serve(Parcel, languages=["de"], texts={"event.save": "Sichern"})
    ann = visit(app)
    url = await make(ann)

    page = (await ann.get(f"{url}/edit", headers=HTML | EN)).text

    assert '<html lang="de"' in page
    assert ">Sichern<" in page
    assert "sm-languages" not in page
    assert app.starmodel.texts.text("event.save") == "Sichern"


async def test_language_without_texts_of_ours_uses_those_of_the_application(
    visit: Any, serve: Any
) -> None:
    header = (
        'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && '
        '(n%100<12 || n%100>14) ? 1 : 2);\\n"\n\n'
    )
    translations(
        f'{header}msgctxt "shown.keys"\nmsgid "{{count}} key"\n'
        'msgid_plural "{count} keys"\nmsgstr[0] "{count} klucz"\n'
        'msgstr[1] "{count} klucze"\nmsgstr[2] "{count} kluczy"\n',
        "pl", "starmodel",
    )  # fmt: skip
    app = serve(Parcel, languages=["pl"])
    texts = app.starmodel.texts

    made = [texts.text("shown.keys", count=n) for n in (1, 2, 5, 12, 22)]
    assert made == ["1 klucz", "2 klucze", "5 kluczy", "12 kluczy", "22 klucze"]
    assert '<html lang="pl"' in (await visit(app).page("/parcels")).text


async def test_right_to_left_language_has_its_direction(visit: Any, serve: Any) -> None:
    translations('msgctxt "event.save"\nmsgid "Save"\nmsgstr "حفظ"\n', "ar", "starmodel")
    page = (await visit(serve(Parcel, languages=["ar"])).page("/parcels/new")).text

    assert '<html lang="ar" dir="rtl"' in page


@pytest.mark.parametrize(
    ("languages", "text", "message"),
    [
        (["xx"], "", "'xx', which is no known language"),
        (["fr"], "", r"locales/fr/LC_MESSAGES/starmodel.po does not exist"),
        (["de", "de"], "", "'de' twice"),
        (["e n"], "", "must be a language tag such as de or pt-BR"),
        (["de"], "Speichern {x}", "The texts in 'de': The text 'event.save' has no parameter 'x'"),
    ],
)
def test_wrong_languages_and_placeholders_stop_the_start(
    languages: list[str], text: str, message: str
) -> None:
    if text:
        entry = f'msgctxt "event.save"\nmsgid "Save"\nmsgstr "{text}"\n'
        translations(entry, "de", "starmodel")
    with pytest.raises(ConfigurationError, match=message):
        create_app([Parcel], languages=languages)
