"""Which fields the page of a record displays: conditional ones, empty long ones, related cards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from integration.web.browser import unlisted
from starmodel import UI, Entity, Field
from starmodel.access import record

HOSTILE = "\"><script>alert(1)</script> \u202e{{x}} ' & \u2066"


@unlisted
class Team(Entity):
    model_config = {"scope": "record", "access": "public", "title_field": "name"}
    name: str
    email: Annotated[str, UI(second_line=True)] = ""


@unlisted
class Ticket(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str
    kind: str = "person"
    vat: Annotated[str, UI(visible_if=record.kind == "company")] = ""
    note: Annotated[str, UI(widget="markdown")] = ""
    team_id: str = Field(default="", foreign_key="team.id")


@pytest.fixture
def app(serve: Callable[..., Any]) -> Any:
    return serve(Team, Ticket)


async def _page(app: Any, visit: Any, **values: Any) -> str:
    ticket = await app.starmodel.objects(Ticket).create(name="T", **values)
    return str((await visit(app).page(f"/tickets/{ticket.id}")).text)


async def test_conditional_field_is_displayed_while_its_condition_holds(
    app: Any, visit: Any
) -> None:
    assert "<dt>Vat</dt>" not in await _page(app, visit)
    assert "<dt>Vat</dt>" in await _page(app, visit, kind="company")


async def test_long_field_without_a_value_has_no_row_of_its_own(app: Any, visit: Any) -> None:
    assert 'class="sm-long"' not in await _page(app, visit)
    assert 'class="sm-long"' in await _page(app, visit, note="Long")


async def test_related_record_is_a_card_with_its_second_line(app: Any, visit: Any) -> None:
    team = await app.starmodel.objects(Team).create(name=HOSTILE, email=HOSTILE)
    page = await _page(app, visit, team_id=team.id)
    card = page.partition('class="sm-relations"')[2].partition("</dl>")[0]
    assert f'href="/teams/{team.id}"' in card
    assert 'class="sm-second"' in card
    assert card.count("&lt;script&gt;") == 2
    assert "<script" not in card
    assert len(re.findall(r"<a ", card)) == 1  # "Open" only says that the card is a link
