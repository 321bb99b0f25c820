"""What a rule or a policy returns: False denies, with 401 for guests and 403 for others."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import DATASTAR, HTML, JSON, ORIGIN, unlisted
from starmodel import Audience, Entity, RulePolicy, event
from starmodel.app.access.decisions import permits

NDJSON = {"accept": "application/x-ndjson"}


@unlisted
class Pen(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str = ""

    @event
    def use(self) -> None:
        self.name = "used"


def no(actor: Any, entity: Any) -> bool:
    return False


@unlisted
class Closed(Entity):
    model_config = {"scope": "record", "access": {"read": "public", "write": no}}
    name: str = ""

    @event
    def use(self) -> None:
        self.name = "used"


class Answers:
    """A policy that permits reading, and answers every other need with a value."""

    def __init__(self, answer: Any, *, denies_reading: bool = False) -> None:
        self.answer, self.denies_reading = answer, denies_reading

    def check(
        self, entity_type: Any, need: str, actor: Any, *, event: Any = None, entity: Any = None
    ) -> Any:
        return True if need == "read" and not self.denies_reading else self.answer

    def reads_fields(self, entity_type: Any) -> bool:
        return True

    def audience(self, entity_type: Any, actor: Any) -> Audience:
        return Audience()


class AwaitedAnswers(Answers):
    async def check(self, *args: Any, **options: Any) -> Any:
        return Answers.check(self, *args, **options)


DENIALS = [policy(answer) for policy in (Answers, AwaitedAnswers) for answer in (False, 0, "yes")]


async def statuses(browser: Any, method: str, path: str) -> set[int]:
    """The status that each kind of client gets."""
    found = set()
    for headers in (HTML, JSON, NDJSON, DATASTAR):
        data = {} if path.endswith("/use") or method == "DELETE" else {"name": "x"}
        body = {} if method == "GET" else {"json": data}
        reply = await browser.request(method, path, headers=headers | {"origin": ORIGIN}, **body)
        found.add(int(reply.headers.get("starmodel-status", reply.status_code)))
    return found


WRITES = [("POST", "/use"), ("PATCH", ""), ("DELETE", ""), ("GET", "/edit")]


@pytest.mark.parametrize("policy", DENIALS, ids=lambda p: f"{type(p).__name__} {p.answer!r}")
async def test_answer_of_a_policy_other_than_none_and_true_denies(
    visit: Any, serve: Any, policy: Any
) -> None:
    app = serve(Pen, policy=policy)
    browser = visit(app)
    pen = await Pen.objects.create(name="Blue")
    for status, sign_in in ((401, None), (403, "ann")):
        if sign_in:
            await browser.get(f"/sign-in/{sign_in}")
        for method, tail in WRITES:
            assert await statuses(browser, method, f"/pens/{pen.id}{tail}") == {status}
        for method, path in (("POST", "/pens"), ("GET", "/pens/new")):
            assert await statuses(browser, method, path) == {status}
        page = (await browser.page(f"/pens/{pen.id}")).text
        assert "Blue" in page
        assert f"{pen.id}/use" not in page
    assert (await Pen.objects.get(pen.id)).name == "Blue"


@pytest.mark.parametrize("policy", [Answers, AwaitedAnswers])
async def test_policy_that_denies_reading_hides_records_and_streams(
    visit: Any, serve: Any, policy: Any
) -> None:
    app = serve(Pen, policy=policy(False, denies_reading=True))
    browser = visit(app)
    pen = await Pen.objects.create(name="Blue")
    assert await statuses(browser, "GET", "/pens") == {401}
    assert await statuses(browser, "GET", f"/pens/{pen.id}") == {401}
    await browser.get("/sign-in/ann")
    assert await statuses(browser, "GET", "/pens") == {403}
    entity_type = app.starmodel.registry.get(Pen)
    assert not await permits(app.starmodel.policy, entity_type, None)


@pytest.mark.parametrize("answer", [None, True])
@pytest.mark.parametrize("policy", [Answers, AwaitedAnswers])
async def test_none_and_true_permit(visit: Any, serve: Any, policy: Any, answer: Any) -> None:
    browser = visit(serve(Pen, policy=policy(answer)))
    pen = await Pen.objects.create(name="Blue")
    assert await statuses(browser, "POST", f"/pens/{pen.id}/use") <= {200, 303}
    assert f"{pen.id}/use" in (await browser.page(f"/pens/{pen.id}")).text


async def test_rule_that_is_a_function_denies_guests_with_401_and_others_with_403(
    visit: Any, serve: Any
) -> None:
    browser = visit(serve(Closed, policy=RulePolicy()))
    made = await Closed.objects.create(name="Blue")
    paths = [(method, f"/closeds/{made.id}{tail}") for method, tail in WRITES]
    for method, path in [*paths, ("POST", "/closeds"), ("GET", "/closeds/new")]:
        assert await statuses(browser, method, path) == {401}
    await browser.get("/sign-in/ann")
    for method, path in [*paths, ("POST", "/closeds")]:
        assert await statuses(browser, method, path) == {403}
