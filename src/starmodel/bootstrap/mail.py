"""The mailer of an application, chosen by the scheme of `mail_url`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from starmodel.adapters.mail.smtp import SmtpMailer
from starmodel.app.application import Application
from starmodel.app.failures import is_failure
from starmodel.app.health import HealthCheck, OwnedCheck
from starmodel.app.mail.mailbox import Mailbox
from starmodel.app.mail.queue import MailQueue
from starmodel.app.ports.mailer import Mailer, MailerOptions, MakeMailer
from starmodel.config import Settings
from starmodel.core.errors import ConfigurationError
from starmodel.core.values.mail_addresses import MailSender, mail_sender
from starmodel.plugins.hidden_values import HiddenValues
from starmodel.plugins.host import PluginHost, note_ignored

BUILT_IN: Mapping[str, MakeMailer] = {"smtp": SmtpMailer, "smtps": SmtpMailer}
CHECK_LIMIT_S = 30.0
DEVELOPMENT = "mailbox"
"""The scheme of the mailer that development uses without `mail_url`."""


def connect_mail(
    application: Application, settings: Settings, host: PluginHost, own: Mailer | None
) -> None:
    """Give the application a queue with its own mailer, or the one that `mail_url` names.

    In development without `mail_url` it is the mailbox; in production none. A mailer that
    connects to others has a health check.

    Raises: ConfigurationError, for an unknown scheme, and for a URL that the mailer refuses.
    """
    makers = _makers(host)
    url, is_development = settings.mail_url, settings.env == "development"
    if url is None and is_development and DEVELOPMENT in makers:
        url = f"{DEVELOPMENT}:"
    hidden = HiddenValues([part for part in _secret_parts(url or "") if part])
    if own is None and url is not None:
        own = _made(makers, MailerOptions(url, _sender(settings), is_development), hidden)
    application.mail = queue = MailQueue(own, clock=application.clock, hide=hidden.hide)
    if own is not None and not isinstance(own, Mailbox):
        check = HealthCheck("server", queue.check, CHECK_LIMIT_S)
        application.extensions.health_checks.append(OwnedCheck("mail", check, hidden.hide))


def _makers(host: PluginHost) -> dict[str, MakeMailer]:
    """What makes a mailer, by scheme; the first of two for one scheme wins."""
    makers, owners = dict(BUILT_IN), dict.fromkeys(BUILT_IN, "StarModel")
    for made in host.loaded:
        for scheme, make in made.mailers.items():
            if scheme in makers:
                note_ignored(made, f"The mailer {scheme!r} is that of {owners[scheme]} already.")
            else:
                makers[scheme], owners[scheme] = make, made.plugin.name
    return makers


def _made(makers: Mapping[str, MakeMailer], options: MailerOptions, hidden: HiddenValues) -> Mailer:
    scheme = options.url.partition(":")[0]
    if scheme not in makers:
        raise ConfigurationError(
            f"mail_url begins with {scheme!r}; expected one of {', '.join(sorted(makers))}. "
            "A plugin can add others."
        )
    try:
        return makers[scheme](options)
    except ConfigurationError:
        raise
    except BaseException as error:  # code of plugins may raise anything
        if not is_failure(error):
            raise
        text = hidden.hide(f"{type(error).__name__}: {error}")
        # Not chained: the cause may have the password.
        raise ConfigurationError(f"The mailer {scheme!r} can't be made: {text}") from None


def _sender(settings: Settings) -> MailSender:
    if settings.mail_from is None:  # the mailbox alone has none
        return MailSender("", "no-reply@localhost")
    return mail_sender(settings.mail_from)


def _secret_parts(url: str) -> list[str]:
    """The parts of `mail_url` that no text may have: the whole, the password, parameters."""
    parts = urlsplit(url)
    password = parts.password or ""
    return [url, password, unquote(password), parts.query.partition("=")[2]]
