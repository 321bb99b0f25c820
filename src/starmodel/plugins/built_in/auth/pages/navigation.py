"""The signed-in user, in the navigation of every generated page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastcore.xml import A, Div, Span

from starmodel.app.context import current_context
from starmodel.app.presentation.slots import Place
from starmodel.plugins.built_in.auth.pages.next_page import own_path, with_next
from starmodel.plugins.built_in.auth.pages.sign_in import sign_out_form
from starmodel.plugins.built_in.auth.pages.site import AuthSite

OWN_PAGES = ("/sign-in", "/sign-up", "/sign-out")


class Navigation:
    """The content of the slot `page.account`."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    def who(self, place: Place) -> Any:
        """The name with a link to the account and the button to sign out; a link for guests."""
        context = current_context.get()
        root = "" if context is None else context.root_path or ""
        if place.actor is None:
            url = with_next(f"{root}/sign-in", self._present_path(root))
            return A(Span(self._site.texts.text("sign_in.title")), href=url, cls="sm-who")
        name = A(Span(str(place.actor)), href=f"{root}/account", cls="sm-who")
        return Div(
            name, sign_out_form(self._site, root, "uk-btn uk-btn-ghost uk-btn-sm"), cls="sm-account"
        )

    def _present_path(self, root: str) -> str:
        """The path of the page that is rendered, to return to; "" where that is no use."""
        context = current_context.get()
        scope = None if context is None or context.is_patch else context.scope
        if not isinstance(scope, dict) or scope.get("method") != "GET":
            return ""
        path, query = str(scope["path"]), scope["query_string"].decode("latin-1")
        if path.removeprefix(root) in (*OWN_PAGES, "/"):
            return ""
        return own_path(quote(path) + (f"?{query}" if query else ""))
