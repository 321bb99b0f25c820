"""`send_mail`: mail from the application's own code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starmodel.app.context import current_context
from starmodel.app.ports.mailer import MailMessage
from starmodel.core.errors import ConfigurationError

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def send_mail(
    to: str, subject: str, text: str, *, html: str = "", headers: Mapping[str, str] = NO_HEADERS
) -> bool:
    """Queue a message of the current application; False when the queue is full.

    It returns at once, and the message is sent later, so call it in an `@on` handler, a route or
    a script, never in an event: an event may run again, and its commit may fail.

    Raises: ValueError, for no `MailMessage`; ConfigurationError, without a mailer.
    """
    message = MailMessage(to, subject, text, html, headers)
    context = current_context.get()
    application: Any = None if context is None else context.host
    if application is None:
        raise ConfigurationError(
            "send_mail() runs in @on handlers and in routes. In a script, call "
            "app.starmodel.mail.send(MailMessage(…)) in its event loop."
        )
    return bool(application.mail.send(message))
