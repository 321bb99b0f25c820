"""The contract of WebSockets of the user: origin, session and entities."""
# ruff: noqa: S101 - tests assert

import asyncio
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from starmodel.testing.browser.asgi import HOST, ORIGIN
from starmodel.testing.contracts.web.base import Site, WebContractBase


class WebSocketsContract(WebContractBase):
    """WebSocket routes of the user."""

    def test_websocket_has_the_visitors_session_and_entities(self) -> None:
        with self.serving() as site:
            site.visitor.post("/counter/increment", {"amount": 4})

            async def talk(websocket: WebSocket) -> None:
                await websocket.accept()
                await websocket.receive_text()
                counter = await site.Counter.get(websocket)
                await websocket.send_text(f"{counter.count} {'session' in websocket.scope}")
                await websocket.close()

            site.app.router.routes.append(WebSocketRoute("/talk", talk))
            sent = _handshake(site, ORIGIN)
            assert [message["type"] for message in sent] == [
                "websocket.accept", "websocket.send", "websocket.close",
            ]  # fmt: skip
            assert sent[1]["text"] == "4 True"

    def test_websocket_of_another_site_is_closed(self) -> None:
        with self.serving() as site:

            async def talk(websocket: WebSocket) -> None:
                await websocket.accept()

            site.app.router.routes.append(WebSocketRoute("/talk", talk))
            sent = _handshake(site, "https://other.example")
            assert [(message["type"], message["code"]) for message in sent] == [
                ("websocket.close", 1008)
            ]

    def test_path_without_a_websocket_route_is_closed(self) -> None:
        with self.serving() as site:
            assert [message["type"] for message in _handshake(site, ORIGIN)] == ["websocket.close"]

    def test_exception_in_a_websocket_reaches_the_server(self) -> None:
        with self.serving() as site:

            async def talk(websocket: WebSocket) -> None:
                await websocket.accept()
                raise RuntimeError

            site.app.router.routes.append(WebSocketRoute("/talk", talk))
            assert _handshake(site, ORIGIN)[-1] == {"type": "error", "error": "RuntimeError"}

    def test_websocket_that_may_not_have_its_entity_is_closed(self) -> None:
        with self.serving() as site:

            async def talk(websocket: WebSocket) -> None:
                await site.Product.objects.get("none")

            site.app.router.routes.append(WebSocketRoute("/talk", talk))
            sent = _handshake(site, ORIGIN)
            assert [(message["type"], message["code"]) for message in sent] == [
                ("websocket.close", 1008)
            ]


def _handshake(site: Site, origin: str) -> list[dict[str, Any]]:
    """The messages that the application sends to a client that sends one message."""
    sent: list[dict[str, Any]] = []
    headers = {"host": HOST, "origin": origin, "cookie": site.visitor.cookies.header}
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
        "path": "/talk", "raw_path": b"/talk", "root_path": "", "query_string": b"",
        "client": ("127.0.0.1", 50000), "server": (HOST, 80), "subprotocols": [], "state": {},
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in headers.items()],
    }  # fmt: skip

    async def work() -> None:
        incoming: asyncio.Queue[Any] = asyncio.Queue()
        incoming.put_nowait({"type": "websocket.connect"})
        incoming.put_nowait({"type": "websocket.receive", "text": "hello"})

        async def send(message: Any) -> None:
            sent.append(message)

        try:
            await site.app(scope, incoming.get, send)
        except Exception as error:  # as the server sees it
            sent.append({"type": "error", "error": type(error).__name__})

    site.visitor.run(work())
    return sent
