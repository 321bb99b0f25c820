"""The port of the plugin that authenticates a signed-in actor again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

PROOF = "_proof"
"""The field of a form in which the password is sent together with the event's own fields."""


class Confirmation(Protocol):
    """Requests a proof of identity, such as the password, and verifies it.

    Shapes: exchange is the HTTP exchange of the request.
    """

    path: str
    """Where programs and pages send the proof alone, by POST."""

    async def verify(self, exchange: Any, proof: str) -> str:
        """ "" when the proof is right, else why it is not, for people.

        Raises: TooManyAttemptsError; StoreUnavailableError.
        """

    def form(self, url: str, fields: Sequence[tuple[str, str]], why: str, *, modal: bool) -> Any:
        """The component of the form that sends the fields and `PROOF` to the URL.

        Shapes: why is an error to show, "" for none; modal is True for a dialog in an open page.
        """
