"""Parses the states of browser stores from a request."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starmodel.adapters.web.http.request import HttpRequest
from starmodel.app.commands.binding.form_names import BROWSER
from starmodel.app.context import use_browser_state
from starmodel.app.sessions.browser_state import BrowserState
from starmodel.app.sessions.scopes import Scopes
from starmodel.app.sessions.session import Session
from starmodel.core.errors import AccessDeniedError, RequestError
from starmodel.core.values.signal_names import keys_of
from starmodel.texts.catalogue import Message

MAX_TOKENS = 100


@dataclass(frozen=True, slots=True)
class SubmittedStates:
    """The states of browser stores in a request, and its page tokens.

    Shapes: states map a class name to the stored text or its parsed JSON;
    signals are the current values of bound fields; page has page tokens;
    owner is "" for a caller without a page.
    """

    states: Mapping[str, Any] = field(default_factory=dict)
    signals: dict[str, Any] = field(default_factory=dict)
    page: Sequence[str] = ()
    owner: str = ""


NOTHING_SENT = SubmittedStates()


def parse_states(request: HttpRequest, data: dict[str, Any]) -> SubmittedStates:
    """Pop and validate "_browser" from the data. Raises: RequestError."""
    given = data.pop(BROWSER, None) if data else None
    if given is None or given == "":
        return NOTHING_SENT
    if isinstance(given, str):
        given = request.parsed(given.encode(), BROWSER)
    if not isinstance(given, dict):
        raise _unreadable("is no object")
    states, signals = given.get("states", {}), given.get("signals", {})
    page, owner = given.get("page", []), given.get("owner", "")
    if not (isinstance(states, dict) and isinstance(signals, dict) and isinstance(owner, str)):
        raise _unreadable("has other types")
    if not isinstance(page, list) or not all(isinstance(token, str) for token in page):
        raise _unreadable("has a page that is no list of tokens")
    if len(page) > MAX_TOKENS:
        raise _unreadable(f"names more than {MAX_TOKENS} parts of a page")
    return SubmittedStates(states, keys_of(signals), page, owner)


def use_states(
    sent: SubmittedStates, session: Session, scopes: Scopes, names: Collection[str]
) -> None:
    """Set the browser states of these classes for the current request.

    Raises: AccessDeniedError, for a page that was rendered for another actor.
    """
    if sent.owner:
        mine = (scopes.browser_owner(session, session.actor), scopes.browser_owner(session))
        if sent.owner not in mine:
            raise AccessDeniedError(Message("access.other_actor"))
    use_browser_state(BrowserState(session.key, names, sent.states, sent.page))


def _unreadable(why: str) -> RequestError:
    return RequestError(
        f"{BROWSER} {why}; expected {{'states': {{class: state}}}} as an earlier answer gave them."
    )
