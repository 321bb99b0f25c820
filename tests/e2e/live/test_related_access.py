"""Open lists and pages under a rule that follows a relation, in the windows of two visitors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.browsing import Visitor
from e2e.serving import Server

PROGRAM = """
from starmodel import Actor, Entity, Field, Session, create_app, event
from starmodel.access import actor, record


class Project(Entity):
    model_config = {"scope": "record", "access": "signed_in"}
    id: str
    lead: str = ""

    @event
    def hand_over(self, to: str):
        self.lead = to


class Task(Entity):
    model_config = {"scope": "record", "access": record.project.lead == actor.id}
    id: str
    text: str = ""
    project_id: str = Field(foreign_key="project.id")


app = create_app([Project, Task], default_store=STORE)


@app.get("/in/{name}")
async def sign_in(session: Session, name: str):
    session.sign_in(Actor(name))
    if await Project.objects.find("hub") is None:
        await Project.objects.create(id="hub", lead="ann")
        await Task.objects.create(id="t1", text="Paint", project_id="hub")
    return "in"
"""


@pytest.mark.parametrize("store", ["memory", "sql"])
def test_windows_of_two_visitors_follow_a_change_of_the_related_record(
    serve: Callable[..., Server], visit: Callable[..., Visitor], store: str
) -> None:
    server = serve(PROGRAM.replace("STORE", repr(store)))
    ann, bob = visit(server), visit(server)
    for visitor, name in ((ann, "ann"), (bob, "bob")):
        visitor.context.request.get(f"/in/{name}")
    ann.expect_errors("status of 404")
    hers, page, his = ann.open("/tasks"), ann.open("/tasks/t1"), bob.open("/tasks")
    rows, status = "tbody tr[data-key=t1]", "#starmodel-status"
    expect(hers.locator(rows)).to_have_count(1)
    expect(his.locator(rows)).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Paint")

    bob.context.request.post(
        "/projects/hub/hand_over", data={"to": "bob"}, headers={"origin": server.url}
    )
    expect(his.locator(rows)).to_have_count(1)
    expect(hers.locator(rows)).to_have_count(0)
    expect(page.locator(status)).to_have_text("You no longer have access to this task.")

    ann.context.request.post(
        "/projects/hub/hand_over", data={"to": "ann"}, headers={"origin": server.url}
    )
    expect(hers.locator(rows)).to_have_count(1)
    expect(his.locator(rows)).to_have_count(0)
    expect(page.locator(status)).to_be_empty()
