"""Open lists whose reader loses access, or that grow beyond the scan limit."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

from playwright.sync_api import expect

from e2e.browsing import Visitor
from e2e.serving import Server

PROGRAM = """
from starmodel import AccessDeniedError, Entity, create_app, event
from starmodel.app.access.rules import RulePolicy


class Note(Entity):
    model_config = {"scope": "record"}
    id: str
    text: str = ""

    @event
    def revoke(self):
        policy.revoked = True
        self.text = "secret"

    @event
    def grant(self):
        policy.revoked = False
        self.text = "public"


class Revocable(RulePolicy):
    revoked = False

    def reads_fields(self, entity_type):
        return True

    def check(self, entity_type, need, actor, **about):
        if self.revoked and need == "read":
            raise AccessDeniedError("Revoked.")


policy = Revocable()
app = create_app([Note], policy=policy, access_scan_limit=3)
"""


def post(server: Server, path: str, **values: str) -> None:
    data, headers = json.dumps(values).encode(), {"content-type": "application/json"}
    headers |= {"accept": "application/json", "origin": server.url}
    request = urllib.request.Request(f"{server.url}{path}", data, headers)  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310 - our own address


def test_open_list_follows_the_access_of_its_reader(
    serve: Callable[..., Server], visit: Callable[..., Visitor]
) -> None:
    server = serve(PROGRAM)
    for name in "ab":
        post(server, "/notes", id=name, text=name)
    page = visit(server).open("/notes")
    rows, status = page.locator("tbody tr"), page.locator("#starmodel-status")
    expect(rows).to_have_count(2)

    post(server, "/notes/a/revoke")
    expect(rows).to_have_count(0)
    expect(status).to_have_text("You no longer have access to these notes.")

    post(server, "/notes/a/grant")
    expect(rows).to_have_count(2)
    expect(status).to_be_empty()


def test_list_beyond_the_scan_limit_displays_its_rows_and_a_notice(
    serve: Callable[..., Server], visit: Callable[..., Visitor]
) -> None:
    server = serve(PROGRAM)
    for name in "abc":
        post(server, "/notes", id=name, text=name)
    page = visit(server).open("/notes")
    rows, status = page.locator("tbody tr"), page.locator("#starmodel-status")
    expect(rows).to_have_count(3)

    post(server, "/notes", id="d", text="d")
    expect(status).to_contain_text("too long to follow its changes")
    expect(rows).to_have_count(3)
