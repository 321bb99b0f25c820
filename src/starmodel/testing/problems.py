"""What a test is told when a page is not as it expected; each counts as a failed assertion."""

from __future__ import annotations

from collections.abc import Iterable

MOST_NAMED = 12


class NotOnPageError(AssertionError):
    """What was looked for isn't on the page, or is there more than once."""


class UnreadableExpressionError(AssertionError):
    """An expression of the page needs a browser to be understood."""


class ServerFailedError(AssertionError):
    """The application failed; the cause is its own exception."""


def not_found(what: str, where: str, there: Iterable[str], kind: str) -> NotOnPageError:
    """The error for something that isn't there, with what is there instead.

    >>> print(not_found("the button 'Buy'", "/shop", ["Sell", "Rent"], "buttons and links"))
    /shop doesn't show the button 'Buy'. Its buttons and links: 'Sell', 'Rent'.
    """
    names = list(dict.fromkeys(there))
    shown = ", ".join(map(repr, names[:MOST_NAMED])) or "none"
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return NotOnPageError(f"{where} doesn't show {what}. Its {kind}: {shown}{more}.")


def ambiguous(what: str, where: str, there: Iterable[str], remedy: str) -> NotOnPageError:
    """The error for something that could mean several elements."""
    names = list(there)
    shown = "; ".join(names[:MOST_NAMED])
    return NotOnPageError(f"On {where} {what} means {len(names)} elements: {shown}. {remedy}")
