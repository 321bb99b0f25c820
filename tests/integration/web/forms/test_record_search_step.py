"""Choosing a record without JavaScript: typed words come back as matches to choose from."""

from __future__ import annotations

import re
from typing import Any

import pytest

from integration.web.forms.test_record_choices import Buyer, Purchase, make
from starmodel.adapters.web.http.bodies.form_fields import nested_fields
from starmodel.app.commands.binding.search_words import SearchWords


@pytest.fixture
def ann(visit: Any) -> Any:
    return visit(Buyer, Purchase)


def radios(page: str) -> list[tuple[str, bool]]:
    """The (value, is checked) of each radio button."""
    return [
        (re.search(r'value="([^"]*)"', tag)[1], " checked" in tag)  # type: ignore[index]
        for tag in re.findall(r'<input type="radio"[^>]*>', page)
    ]


async def test_typed_words_come_back_as_matches_with_all_else_kept(ann: Any) -> None:
    anns = [await make(ann, "/buyers", name="Ann", email=f"{n}@x.example") for n in (1, 2)]
    sent = {"title": "Kept title", "_search.buyer_id": "ann", "_shown.buyer_id": "", "buyer_id": ""}
    step = await ann.submit("/purchases", sent)
    assert sorted(radios(step.text)) == sorted((id, False) for id in anns)
    assert 'value="Kept title"' in step.text
    assert "1@x.example" in step.text
    assert "Choose one from the list." in step.text

    done = await ann.submit(
        "/purchases",
        {
            "title": "Kept title",
            "_search.buyer_id": "ann",
            "_shown.buyer_id": "ann",
            "buyer_id": anns[1],
        },
    )
    assert done.status_code == 303
    [stored] = (await ann.call("GET", "/purchases")).json()["items"]
    assert stored["buyer_id"] == anns[1]


async def test_single_match_is_checked_and_no_match_is_said(ann: Any) -> None:
    bea = await make(ann, "/buyers", name="Bea")
    step = await ann.submit("/purchases", {"title": "x", "_search.buyer_id": "be", "buyer_id": ""})
    assert radios(step.text) == [(bea, True)]
    step = await ann.submit("/purchases", {"title": "x", "_search.buyer_id": "zz", "buyer_id": ""})
    assert radios(step.text) == []
    assert "No results for" in step.text


async def test_typed_id_is_a_search_and_no_choice(ann: Any) -> None:
    bea = await make(ann, "/buyers", name="Bea")
    step = await ann.submit("/purchases", {"title": "x", "_search.buyer_id": bea, "buyer_id": ""})
    assert step.status_code == 422
    assert (await ann.call("GET", "/purchases")).json()["items"] == []


async def test_event_parameter_has_the_same_step(ann: Any) -> None:
    bea, cal = [await make(ann, "/buyers", name=name) for name in ("Bea", "Cal")]
    id = await make(ann, "/purchases", title="Tea", buyer_id=bea)
    step = await ann.submit(
        f"/purchases/{id}/hand_over", {"_search.buyer": "cal", "_shown.buyer": "", "buyer": ""}
    )
    assert radios(step.text) == [(cal, True)]
    await ann.submit(
        f"/purchases/{id}/hand_over", {"_search.buyer": "cal", "_shown.buyer": "cal", "buyer": cal}
    )
    assert (await ann.call("GET", f"/purchases/{id}")).json()["buyer_id"] == cal


async def test_cleared_text_clears_an_optional_record(ann: Any) -> None:
    bea = await make(ann, "/buyers", name="Bea")
    id = await make(ann, "/purchases", title="Tea", buyer_id=bea, agent_id=bea)
    await ann.submit(
        f"/purchases/{id}/update",
        {
            "_search.agent_id": "",
            "_shown.agent_id": "Bea",
            "agent_id": bea,
            "_exact.agent_id": '["",null]',
        },
    )
    assert (await ann.call("GET", f"/purchases/{id}")).json()["agent_id"] is None


@pytest.mark.parametrize(
    ("words", "shown", "id", "expected"),
    [
        ("Bea", "Bea", "b1", "b1"),
        ("", "", "b1", "b1"),
        ("Cal", "Bea", "b1", SearchWords("Cal")),
        ("", "Bea", "b1", ""),
        ("be", "be", "", SearchWords("be")),
        ("   ", "", "", ""),
    ],
)
def test_unchanged_text_keeps_the_id(words: str, shown: str, id: str, expected: str) -> None:
    pairs = [("_search.x", words), ("_shown.x", shown), ("x", id)]
    made = nested_fields(pairs)["x"]  # type: ignore[arg-type]
    assert made == expected
    assert type(made) is type(expected)
