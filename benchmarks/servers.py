"""The same work under each server: one of 32 visitors' counters goes up, the caller gets a patch.

Each is a plain ASGI application for `uvicorn servers:NAME`. The peers do by
hand what a careful author would: read a cookie and the JSON body, count,
answer one finished Datastar patch.
"""

import json
import os
import tempfile
from collections import defaultdict

HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]


def _patch(count):
    return f'event: datastar-patch-signals\ndata: signals {{"Counter":{{"count":{count}}}}}\n\n'


def make_floor():
    """Bare ASGI doing the work: cookie, JSON in, count, SSE text out."""
    counters = defaultdict(int)

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        headers = dict(scope["headers"])
        visitor = headers[b"cookie"].decode().partition("=")[2]
        json.loads((await receive())["body"] or b"{}")
        counters[visitor] += int(scope["query_string"].partition(b"=")[2])
        body = _patch(counters[visitor]).encode()
        head = [*HEADERS, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})

    return app


async def _lifespan(receive, send):
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def make_starlette():
    """Starlette by hand, with its Request, Response and Route."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    counters = defaultdict(int)

    async def increment(request):
        visitor = request.cookies["starmodel"]
        await request.json()
        counters[visitor] += int(request.query_params["amount"])
        return Response(_patch(counters[visitor]), media_type="text/event-stream")

    return Starlette(routes=[Route("/counter/increment", increment, methods=["POST"])])


def make_fasthtml():
    """FastHTML by hand, with injection and its signed-cookie session."""
    from fasthtml.core import FastHTML
    from starlette.responses import Response

    app = FastHTML(default_hdrs=False, secret_key="benchmark", canonical=False)
    counters = defaultdict(int)

    @app.post("/counter/increment")
    async def increment(request, session, amount: int):
        visitor = request.cookies["starmodel"]
        counters[visitor] += amount
        return Response(_patch(counters[visitor]), media_type="text/event-stream")

    return app


def _starmodel(store, routes=0, **options):
    from starmodel import Entity, create_app, event

    class Counter(Entity):
        model_config = {"store": store, "scope": "session"}
        count: int = 0

        @event
        def increment(self, amount: int = 1):
            self.count += amount

    app = create_app([Counter], secret_key="benchmark" * 5, **options)
    for number in range(routes):

        @app.get(f"/page{number}/{{name}}", name=f"page{number}")
        def page(name: str):
            return name

    return app


def make_memory():
    """StarModel, memory store: session, access, binding, key, draft, validation, commit, bus."""
    return _starmodel("memory")


def make_memory_1000_routes():
    """The same behind a thousand routes of the user's own."""
    return _starmodel("memory", routes=1000)


def _database():
    return f"sqlite:///{tempfile.mkdtemp(prefix='starmodel-bench-')}/bench.db"


def make_sqlite():
    """StarModel on SQLite, synchronous NORMAL: COMMIT before the reply."""
    return _starmodel("sql", database_url=_database())


def make_sqlite_full():
    """StarModel on SQLite, synchronous FULL: survives the loss of power."""
    return _starmodel("sql", database_url=_database(), sqlite_synchronous="FULL")


def make_board():
    """StarModel, one shared entity whose generated page many visitors have open."""
    from starmodel import Entity, create_app, event

    class Board(Entity):
        model_config = {"scope": "app", "access": "public"}
        level: int = 0

        @event
        def raise_level(self):
            self.level += 1

    limits = {"max_streams_per_session": 100_000, "max_streams_per_address": 100_000}
    return create_app([Board], secret_key="benchmark" * 5, max_streams=100_000, **limits)


NAMES = [name[5:] for name in list(globals()) if name.startswith("make_")]
EVENT_SERVERS = [name for name in NAMES if name != "board"]


def __getattr__(name):
    if name in NAMES:
        os.chdir(tempfile.mkdtemp(prefix="starmodel-bench-"))
        return globals()[f"make_{name}"]()
    raise AttributeError(name)
