"""Checks of the settings, alone and for a production deployment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from starmodel.app.application import Application
from starmodel.app.commands.redirects import matches_host
from starmodel.cli.doctor.finding import Finding
from starmodel.config import Settings

MIN_DISTINCT_CHARACTERS = 12
NEW_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


def check_settings(settings: Settings, application: Application | None) -> Iterator[Finding]:
    """Check for settings that contradict each other or weaken proxy and cookie security."""
    workers = os.environ.get("WEB_CONCURRENCY", "1")
    several = workers.isdigit() and int(workers) > 1
    in_memory = _in_memory(application) if application else []
    if several and in_memory:
        yield Finding(
            "problem", "workers", f"WEB_CONCURRENCY is {workers}, and each worker would store "
            f"{', '.join(in_memory)} in separate memory.",
            "Give them another store, or serve with one worker.",
        )  # fmt: skip
    if several and settings.event_bus == "memory":
        yield Finding(
            "problem", "workers", f"WEB_CONCURRENCY is {workers}, and event_bus is 'memory': pages "
            "would not receive changes that another worker committed.",
            "Choose an event bus that joins processes, or serve with one worker.",
        )  # fmt: skip
    host = urlsplit(settings.public_url or "").hostname
    if host and settings.allowed_hosts and not matches_host(host, tuple(settings.allowed_hosts)):
        yield Finding(
            "problem", "allowed_hosts", f"It does not have {host!r}, the host of public_url, so "
            "every visitor would be refused.", f"Add {host!r} to allowed_hosts.",
        )  # fmt: skip
    if settings.cookie_secure and (settings.public_url or "").startswith("http://"):
        yield Finding(
            "problem", "cookie_secure", "It is on, and public_url is plain HTTP: browsers would "
            "not send the session's cookie.", "Serve by https, or set cookie_secure to false.",
        )  # fmt: skip
    everyone = [
        str(n) for n in settings.trusted_proxies if ip_network(str(n), False).prefixlen == 0
    ]
    if everyone:
        yield Finding(
            "warning", "trusted_proxies", f"{', '.join(everyone)} trusts forwarded headers of "
            "every client: a visitor could forge any address.",
            "Name only the addresses of your proxies.",
        )  # fmt: skip


def check_production(settings: Settings, application: Application | None) -> Iterator[Finding]:
    """Check for risks in production; in development a single note."""
    if settings.env != "production":
        yield Finding(
            "note", "env", "This is development: the printed link signs in as the developer.",
            "On a server that others reach, set STARMODEL_ENV=production and "
            "STARMODEL_SECRET_KEY; run doctor again with them.",
        )  # fmt: skip
        return
    yield from _secret_key(settings)
    if settings.public_url is None:
        yield Finding(
            "warning", "public_url", "It is not set: behind a proxy forms may be refused, and "
            "cookies are not marked as secure.", "Set public_url=https://your.host",
        )  # fmt: skip
    if not settings.allowed_hosts:
        yield Finding(
            "warning", "allowed_hosts", "It is empty, so any Host header is answered.",
            "Set allowed_hosts to the names that visitors use.",
        )  # fmt: skip
    if not settings.cookie_secure:
        yield Finding(
            "warning", "cookie_secure", "Session cookies are also sent over plain HTTP.",
            "Serve by https and set public_url=https://…, or cookie_secure=true.",
        )  # fmt: skip
    if not settings.trusted_proxies:
        yield Finding(
            "note", "trusted_proxies", "It is empty: behind a proxy, all visitors seem to have "
            "the proxy's address, and share its limit of streams.",
            "If a proxy stands before the application, name its address or network.",
        )  # fmt: skip
    if settings.default_event_method == "get":
        yield Finding(
            "warning", "default_event_method", "Events by GET put their arguments into addresses "
            "and logs.", "Use 'post'.",
        )  # fmt: skip
    if settings.assets == "cdn":
        yield Finding(
            "note", "assets", "Pages load scripts from a public network, which learns who visits.",
            "Set assets=local.",
        )  # fmt: skip
    yield from _mail(settings, application)
    if application is not None:
        yield from _entities(application, settings)


def _mail(settings: Settings, application: Application | None) -> Iterator[Finding]:
    if (settings.mail_url or "").endswith("?tls=none"):
        yield Finding(
            "warning", "mail_url", "It has ?tls=none: e-mails with links to sign in are sent "
            "unencrypted.", "Leave it if the server is in your own network.",
        )  # fmt: skip
    plugins = (
        [] if application is None or application.plugins is None else (application.plugins.loaded)
    )
    has_users = any(made.plugin.name == "auth" for made in plugins)
    if has_users and application is not None and not application.mail.is_available:
        yield Finding(
            "warning", "mail_url", "It is not set, so nobody can reset a password, be invited or "
            "sign in by mail.", "Set mail_url and mail_from.",
        )  # fmt: skip


def _secret_key(settings: Settings) -> Iterator[Finding]:
    key = settings.secret_key.get_secret_value() if settings.secret_key else ""
    development_key = Path(".starmodel/secret_key")
    if len(set(key)) < MIN_DISTINCT_CHARACTERS:
        yield Finding(
            "warning", "secret_key", "It repeats few characters and may be guessed.",
            f"Make a new one: {NEW_KEY}",
        )  # fmt: skip
    elif _has_key(development_key, key):
        yield Finding(
            "warning", "secret_key", "It is the development key of this folder.",
            f"Make a new one: {NEW_KEY}",
        )  # fmt: skip
    else:
        yield Finding("ok", "secret_key", f"It is set, and {len(key)} characters long.")


def _in_memory(application: Application) -> list[str]:
    return [each.name for each in application.registry if each.store == "memory"]


def _has_key(file: Path, key: str) -> bool:
    return file.is_file() and file.read_text(encoding="ascii", errors="replace").strip() == key


def _entities(application: Application, settings: Settings) -> Iterator[Finding]:
    if in_memory := _in_memory(application):
        yield Finding(
            "warning", "memory", f"{', '.join(in_memory)} live in memory: deleted at each restart, "
            "and consistent with one worker only.", "Give persistent entities another store.",
        )  # fmt: skip
    sql = any(entity_type.store == "sql" for entity_type in application.registry)
    if sql and settings.origins["database_url"] == "the default":
        yield Finding(
            "warning", "database_url", "It is the default, a SQLite file in the current folder, "
            "which a deployment may replace.", "Set DATABASE_URL to a persistent path.",
        )  # fmt: skip
