"""The side bar's links for new records, and where the page of a missing record leads."""

from __future__ import annotations

from typing import Any

from integration.web.browser import sign_in_link, unlisted
from starmodel import Entity


@unlisted
class Note(Entity):
    model_config = {"scope": "record", "access": {"read": "public", "write": "signed_in"}}
    text: str


async def test_side_bar_offers_a_new_record_to_those_who_may_create_one(
    serve: Any, visit: Any
) -> None:
    app = serve(Note)
    guest = (await visit(app).page("/notes")).text
    assert "sm-side-new" not in guest
    signed_in = visit(app)
    await signed_in.page(sign_in_link(app))
    page = (await signed_in.page("/notes")).text
    assert 'href="/notes/new" aria-label="Create note"' in page


async def test_page_of_a_missing_record_leads_to_its_list(serve: Any, visit: Any) -> None:
    reply = await visit(serve(Note)).page("/notes/<b>x")
    assert reply.status_code == 404
    assert "This note can't be found." in reply.text.replace("&#x27;", "'").replace("&#39;", "'")
    assert ">All notes</a>" in reply.text
    assert "<b>x" not in reply.text
