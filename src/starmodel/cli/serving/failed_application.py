"""The ASGI application of a development server whose application can't be loaded.

In production the process exits instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import sys
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote

from starmodel.adapters.persistence.system.memory_sessions import MemorySessions
from starmodel.adapters.ui.franken.errors.tracebacks import WATCH, failure_page
from starmodel.adapters.web.http.csrf import OriginCheck
from starmodel.adapters.web.http.negotiation import content_codings
from starmodel.adapters.web.http.request import HttpRequest
from starmodel.adapters.web.http.sessions import CookieSessions
from starmodel.adapters.web.pages.assets import PREFIX, asset_urls, find_asset
from starmodel.adapters.web.pages.head import PageHead
from starmodel.adapters.web.paths import HEALTH_PATH, STREAM_PATH
from starmodel.adapters.web.server_address import server_address
from starmodel.adapters.web.settings import WebSettings
from starmodel.app.access.policy import DEV
from starmodel.app.ports.clock import system_clock
from starmodel.app.presentation.failures import Frame, own_frames, own_traceback
from starmodel.app.sessions.cache import SessionCache
from starmodel.app.sessions.session import DEVELOPMENT
from starmodel.bootstrap import session_store
from starmodel.bootstrap.services import cookie_sessions, session_cache
from starmodel.cli.serving.migrating import run_migrate
from starmodel.cli.terminal.errors import CommandError
from starmodel.config import load_settings, secret_keys
from starmodel.core.errors import AccessDeniedError, ConfigurationError, StoreError
from starmodel.core.values.json_data import json_bytes
from starmodel.migrations.errors import DriftError
from starmodel.plugins.built_in.dev_sign_in.links import log_sign_in_link, sign_in_token

log = logging.getLogger("starmodel.web")
Header = tuple[bytes, bytes]
NO_STORE = (b"cache-control", b"no-store")
MIGRATE_PATH = "/_starmodel/migrate"
PLAIN_TEXT = "The application has an error."
_LATER = "Please come back in a moment."
_HINT = "Developers see more: open the link that the server printed, or look into its terminal."


@dataclass(frozen=True)
class Failure:
    """A failure to load the application.

    Shapes: points are details of the text, a sentence each; trace is "" for errors with a complete
    message; command is what the developer types for a database that does not fit the classes;
    can_migrate, a button does it.
    """

    heading: str
    text: str
    points: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    trace: str = ""
    command: str = ""
    can_migrate: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        frames = tuple(own_frames(error))
        if isinstance(error, DriftError):
            return cls(
                "The database doesn't match the classes",
                error.summary,
                error.about,
                command=error.command,
                can_migrate=bool(error.command) and not error.asks,
            )
        if isinstance(error, ConfigurationError | CommandError):
            trace = own_traceback(error) if frames else ""
            return cls("The application can't start", str(error), (), frames, trace)
        text = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
        return cls("The application can't be loaded", text, (), frames, own_traceback(error))

    @property
    def digest(self) -> str:
        """A hash of the error; the page polls it to detect another failure."""
        return hashlib.sha256(f"{self.text}\n{self.points}\n{self.trace}".encode()).hexdigest()[:16]


class FailedApplication:
    """Responds to every request with status 500.

    The signed-in developer gets the traceback, other clients a generic
    message. Open pages reload when their stream reconnects, and again when the
    failure is corrected.
    """

    def __init__(self, failure: Failure) -> None:
        self._failure = failure
        self._token: str | None = None
        # The second store is in memory: an unreachable database may be the failure.
        self._sessions: list[CookieSessions] = []
        self._caches: list[SessionCache] = []
        self._origins = OriginCheck()
        self._migrating = asyncio.Lock()
        theme = "blue"
        try:
            settings = load_settings()
            secrets = secret_keys(settings)
        except ConfigurationError:
            pass  # without a key no session cookie can be verified
        else:
            theme = settings.theme
            self._origins = OriginCheck(
                public_url=settings.public_url, trusted_origins=settings.trusted_origins
            )
            self._token = sign_in_token(secrets[0])
            for store in (session_store(settings), MemorySessions()):
                cache = session_cache(settings, store, system_clock)
                self._caches.append(cache)
                self._sessions.append(cookie_sessions(settings, secrets, cache))
        self._head = PageHead(asset_urls(), theme)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1013, "reason": PLAIN_TEXT})
        else:
            await self._respond(scope, receive, send)

    def log_sign_in_link(self) -> None:
        """Print the sign-in link of the developer."""
        if self._token is not None:
            log_sign_in_link(server_address(sys.argv), "", self._token)

    async def close(self) -> None:
        """Close the session stores."""
        for cache in self._caches:
            await cache.close()

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            step = (await receive())["type"].partition(".")[2]
            if step == "startup":
                self.log_sign_in_link()
            if step == "shutdown":
                await self.close()
            await send({"type": f"lifespan.{step}.complete"})
            if step == "shutdown":
                return

    async def _respond(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        headers = dict(scope["headers"])
        if path.startswith(PREFIX):
            codings = content_codings(headers.get(b"accept-encoding", b""))
            file = find_asset(path[len(PREFIX) :], codings)
            if file is not None:
                await _send(send, 200, file.kind, file.body, file.headers)
                return
        if path == STREAM_PATH:
            opening = (
                f"event: starmodel-open\ndata: build {self._failure.digest}\ndata: failed 1\n\n"
            )
            await _send(send, 200, b"text/event-stream", opening.encode())
        elif path == HEALTH_PATH or b"text/html" not in headers.get(b"accept", b""):
            problem = {"type": "about:blank", "title": "Internal Server Error", "status": 500}
            body = json_bytes({**problem, "detail": PLAIN_TEXT})
            await _send(send, 500, b"application/problem+json", body, self._headers())
        elif path == MIGRATE_PATH and scope["method"] == "POST":
            await self._migrate(scope, headers, receive, send)
        elif self._has_token(scope):
            await self._sign_in(scope, headers, send)
        else:
            await self._page(scope, headers, send)

    def _headers(self) -> list[Header]:
        return [(b"starmodel-failure", self._failure.digest.encode())]

    def _has_token(self, scope: Any) -> bool:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        return self._token is not None and hmac.compare_digest(token.encode(), self._token.encode())

    async def _sign_in(self, scope: Any, headers: dict[bytes, bytes], send: Any) -> None:
        cookie = b""
        for sessions in self._sessions:
            session_cookie = sessions.cookie(headers.get(b"host", b""), scope.get("root_path", ""))
            try:
                session = await session_cookie.read(headers.get(b"cookie", b""))
                session.sign_in(DEV, provider=DEVELOPMENT)
                cookie = (await session_cookie.save(session) or "").encode("latin-1")
                break
            except StoreError as error:
                log.warning("The sign-in is stored in memory: %s", error)
        location = quote(f"/{scope['path'].lstrip('/')}").encode()
        await _send(
            send, 303, b"text/plain", b"", [(b"set-cookie", cookie), (b"location", location)]
        )

    async def _page(self, scope: Any, headers: dict[bytes, bytes], send: Any) -> None:
        root_path, failure = scope.get("root_path", ""), self._failure
        content: dict[str, Any] = {"heading": PLAIN_TEXT.rstrip("."), "text": _LATER, "hint": _HINT}
        if await self._is_developer(headers, root_path):
            content = {
                "heading": failure.heading,
                "text": failure.text,
                "points": failure.points,
                "frames": failure.frames,
                "trace": failure.trace,
                "command": failure.command,
                "migrate": f"{root_path}{MIGRATE_PATH}" if failure.can_migrate else "",
            }
        html = failure_page(
            self._head.basics(root_path) + self._head.html(root_path),
            self._head.html_class,
            failure.digest,
            f"{root_path}{HEALTH_PATH}",
            **content,
        )
        csp = (b"content-security-policy", self._head.policy(root_path, [WATCH]))
        kind = b"text/html; charset=utf-8"
        await _send(send, 500, kind, html.encode(), [csp, (b"x-content-type-options", b"nosniff")])

    async def _migrate(
        self, scope: Any, headers: dict[bytes, bytes], receive: Any, send: Any
    ) -> None:
        """Run `starmodel migrate` for the signed-in developer; the server then reloads."""
        root_path = scope.get("root_path", "")
        try:
            self._origins.check_origin(HttpRequest(scope, receive, WebSettings()))
            allowed = self._failure.can_migrate and await self._is_developer(headers, root_path)
        except AccessDeniedError:
            allowed = False
        if not allowed:
            await _send(send, 403, b"text/plain", b"Only the signed-in developer can do this.")
            return
        async with self._migrating:
            output = await asyncio.to_thread(run_migrate)
        if output is None:
            location = (b"location", quote(f"{root_path}/").encode())
            await _send(send, 303, b"text/plain", b"", [location])
            return
        log.warning("starmodel migrate failed: %s", output)
        self._failure = replace(
            self._failure, text="The migration failed.", points=_lines(output), can_migrate=False
        )
        await self._page(scope, headers, send)

    async def _is_developer(self, headers: dict[bytes, bytes], root_path: str) -> bool:
        for sessions in self._sessions:
            session_cookie = sessions.cookie(headers.get(b"host", b""), root_path)
            with contextlib.suppress(StoreError):
                if (await session_cookie.read(headers.get(b"cookie", b""))).is_developer:
                    return True
        return False


def _lines(output: str) -> tuple[str, ...]:
    """Return the lines of a failed command without their marks."""
    lines = (line.strip().removeprefix("starmodel: ") for line in output.splitlines())
    return tuple(line.removeprefix("- ") for line in lines if line)


async def _send(
    send: Any, status: int, kind: bytes, body: bytes, headers: list[Header] | None = None
) -> None:
    head = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        *(headers or []),
    ]
    if not any(name == b"cache-control" for name, _ in head):
        head.append(NO_STORE)
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
