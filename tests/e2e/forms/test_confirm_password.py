"""Events with `sudo=True` ask for the password and continue with what was typed."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Visitor, field, form
from e2e.serving import Server

Visit = Callable[..., Visitor]
PASSWORD = "correct horse battery"
VAULT = """
import time

from starmodel import Entity, create_app, event

later = 0.0


class Vault(Entity):
    model_config = {"scope": "app"}
    label: str = ""
    keys: int = 0

    @event(sudo=True)
    def relabel(self, label: str) -> None:
        self.label = label

    @event(sudo=True)
    def cut_key(self) -> None:
        self.keys += 1


app = create_app(
    [Vault], auth=True, secret_key="k" * 40, clock=lambda: time.time() + later,
    database_url="sqlite:///vault.db",
)


@app.get("/seed")
async def seed():
    auth = next(m.plugin for m in app.starmodel.plugins.loaded if m.plugin.name == "auth")
    await auth.accounts.create("ann@example.org", password="correct horse battery")
    return "done"


@app.get("/wait")
def wait():
    global later
    later += 3600
    return "done"
"""


@pytest.fixture
def vault(serve: Callable[..., Server]) -> Server:
    server = serve(VAULT)
    urllib.request.urlopen(f"{server.url}/seed").close()  # noqa: S310 - our own address
    return server


def signed_in(server: Server, visit: Visit, **options: object) -> Page:
    visitor = visit(server, **options)
    visitor.expect_errors("status of 401")
    page = visitor.context.new_page()
    page.goto(f"{server.url}/sign-in?next=/vault")
    page.get_by_label("E-mail").fill("ann@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{server.url}/vault")
    page.request.get(f"{server.url}/wait")
    page.reload()
    return page


def relabel(page: Page, text: str) -> None:
    form(page, "Relabel").get_by_label("Label").fill(text)
    form(page, "Relabel").get_by_role("button").click()


def test_dialog_continues_the_click_with_what_was_typed(vault: Server, visit: Visit) -> None:
    page = signed_in(vault, visit)
    relabel(page, 'A "new" label & more')
    dialog = page.get_by_role("dialog", name="Confirm that it's you")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("Password")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(form(page, "Relabel").get_by_label("Label")).to_have_value('A "new" label & more')

    form(page, "Relabel").get_by_role("button").click()
    dialog.get_by_label("Password").fill("a wrong one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This is not your password. Try again.")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{vault.url}/vault")
    expect(field(page, "Label")).to_have_text('A "new" label & more')

    form(page, "Cut key").get_by_role("button").click()
    expect(field(page, "Keys")).to_have_text("1")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_page_without_script_continues_the_form_with_what_was_typed(
    vault: Server, visit: Visit
) -> None:
    page = signed_in(vault, visit, java_script_enabled=False)
    relabel(page, "Typed without script")
    expect(page.get_by_role("heading", name="Confirm that it's you")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm and continue").click()
    expect(page).to_have_url(f"{vault.url}/vault")
    expect(field(page, "Label")).to_have_text("Typed without script")
