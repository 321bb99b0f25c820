"""The same work on each server: increment one of 32 visitors' counters, respond with a patch.

Each is a plain ASGI application for `uvicorn servers:NAME`. The peers do by
hand what a careful author would: parse a cookie and the JSON body, count,
respond with one complete Datastar patch.
"""

import json
import os
import tempfile
from collections import defaultdict


def patch(count):
    return f'event: datastar-patch-signals\ndata: signals {{"Counter":{{"count":{count}}}}}\n\n'


def make_floor():
    """Bare ASGI doing the work: parse cookie and JSON, count, encode SSE text."""
    counters = defaultdict(int)

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        headers = dict(scope["headers"])
        visitor = headers[b"cookie"].decode().partition("=")[2]
        json.loads((await receive())["body"] or b"{}")
        counters[visitor] += int(scope["query_string"].partition(b"=")[2])
        await answer(send, patch(counters[visitor]), b"text/event-stream")

    return app


async def answer(send, text, kind):
    """Send one complete response with this content type."""
    body = text.encode()
    head = [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive, send):
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
        return Response(patch(counters[visitor]), media_type="text/event-stream")

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
        return Response(patch(counters[visitor]), media_type="text/event-stream")

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
    """The same behind a thousand routes of the application."""
    return _starmodel("memory", routes=1000)


def _database():
    return f"sqlite:///{tempfile.mkdtemp(prefix='starmodel-bench-')}/bench.db"


def make_sqlite():
    """StarModel on SQLite, synchronous NORMAL: COMMIT before the response."""
    return _starmodel("sql", database_url=_database())


def make_sqlite_full():
    """StarModel on SQLite, synchronous FULL: survives a power failure."""
    return _starmodel("sql", database_url=_database(), sqlite_synchronous="FULL")


def make_database_bare():
    """Bare ASGI: read, check and write of one visitor's row with the driver's own API."""
    from bare import counters

    return counters(marked=False)


def make_database_bare_marked():
    """The same with the idempotency key of the click, in a transaction."""
    from bare import counters

    return counters(marked=True)


def make_database_starmodel():
    """StarModel on the database of DATABASE_URL: COMMIT before the response."""
    return _starmodel("sql", database_url=os.environ["DATABASE_URL"])


def make_redis_bare():
    """Bare ASGI: one GET, and one script that checks the version and writes, with redis-py."""
    from redis.asyncio import Redis

    client = Redis.from_url(os.environ["REDIS_URL"], max_connections=64)
    write = client.register_script(
        "local held = redis.call('GET', KEYS[1])\n"
        "if held and string.match(held, '^%d+') ~= ARGV[1] then return 0 end\n"
        "redis.call('SET', KEYS[1], ARGV[2]) return 1"
    )

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        visitor = dict(scope["headers"])[b"cookie"].decode().partition("=")[2]
        json.loads((await receive())["body"] or b"{}")
        amount = int(scope["query_string"].partition(b"=")[2])
        while True:
            held = await client.get(f"bare:{visitor}")
            version, _, text = (held or b'0;{"count":0}').decode().partition(";")
            count = json.loads(text)["count"] + amount
            made = f"{int(version) + 1};" + json.dumps({"count": count})
            if await write(keys=[f"bare:{visitor}"], args=[version, made]):
                break
        await answer(send, patch(count), b"text/event-stream")

    return app


def make_redis_starmodel():
    """StarModel on the Redis of REDIS_URL: the script has replied before the response."""
    return _starmodel("redis", database_url=_database(), redis_url=os.environ["REDIS_URL"])


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


COLUMNS = ("name", "price", "stock", "size", "active", "since")
ROWS = 500


def _rows():
    from datetime import date

    return [
        {"name": f"Product {n:04}", "price": n / 7, "stock": n, "size": "SML"[n % 3],
         "active": n % 2 == 0, "since": date(2026, 1, 1 + n % 28)}
        for n in range(ROWS)
    ]  # fmt: skip


def _filled():
    """Create a SQLite file of products, which the peers read through SQLAlchemy."""
    import sqlalchemy as sa
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Base(DeclarativeBase):
        pass

    class Product(Base):
        __tablename__ = "product"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        price: Mapped[float]
        stock: Mapped[int]
        size: Mapped[str]
        active: Mapped[bool]
        since = mapped_column(sa.Date)

    engine = sa.create_engine(_database())
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(Product), _rows())
    return engine, Product


def make_list_floor():
    """Bare ASGI: the query by SQLAlchemy Core, f-strings with every value escaped."""
    from html import escape

    import sqlalchemy as sa

    engine, product = _filled()
    table = product.__table__
    query = sa.select(table).order_by(table.c.id).limit(51)
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    heads = "".join(f"<th>{name.capitalize()}</th>" for name in COLUMNS)

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        rows = connection.execute(query).all()[:50]
        body = "".join(
            f'<tr><td><a href="/products/{row.id}">{escape(row.name)}</a></td>'
            f"<td>{escape(str(row.price))}</td><td>{escape(str(row.stock))}</td>"
            f"<td>{escape(row.size)}</td><td>{'Yes' if row.active else 'No'}</td>"
            f"<td>{escape(str(row.since))}</td></tr>"
            for row in rows
        )
        await answer(
            send,
            f"<!doctype html><title>Products</title><h1>Products</h1><table><thead><tr>{heads}"
            f"</tr></thead><tbody>{body}</tbody></table>",
            b"text/html",
        )

    return app


def make_list_jinja():
    """Starlette and Jinja2 with the ORM, as in most Python applications."""
    import sqlalchemy as sa
    from jinja2 import Environment
    from sqlalchemy.orm import Session
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    engine, product = _filled()
    template = Environment(autoescape=True).from_string(
        "<!doctype html><title>Products</title><h1>Products</h1><table><thead><tr>"
        "{% for name in columns %}<th>{{ name }}</th>{% endfor %}</tr></thead><tbody>"
        "{% for row in rows %}<tr><td><a href='/products/{{ row.id }}'>{{ row.name }}</a></td>"
        "<td>{{ row.price }}</td><td>{{ row.stock }}</td><td>{{ row.size }}</td>"
        "<td>{{ 'Yes' if row.active else 'No' }}</td><td>{{ row.since }}</td></tr>{% endfor %}"
        "</tbody></table>"
    )

    async def products(request):
        with Session(engine) as session:
            rows = session.scalars(sa.select(product).order_by(product.id).limit(51)).all()[:50]
            return HTMLResponse(template.render(columns=COLUMNS, rows=rows))

    return Starlette(routes=[Route("/products", products)])


def make_list_monsterui():
    """FastHTML with MonsterUI's components by hand, and the ORM."""
    import sqlalchemy as sa
    from fasthtml.components import A, Title
    from fasthtml.core import FastHTML
    from monsterui.franken import TableFromDicts
    from sqlalchemy.orm import Session

    engine, product = _filled()
    app = FastHTML(default_hdrs=False, secret_key="benchmark", canonical=False)

    @app.get("/products")
    def products():
        with Session(engine) as session:
            rows = session.scalars(sa.select(product).order_by(product.id).limit(51)).all()[:50]
            shown = [
                {
                    "Name": A(row.name, href=f"/products/{row.id}"), "Price": row.price,
                    "Stock": row.stock, "Size": row.size,
                    "Active": "Yes" if row.active else "No", "Since": row.since,
                }
                for row in rows
            ]  # fmt: skip
            return Title("Products"), TableFromDicts([n.capitalize() for n in COLUMNS], shown)

    return app


def _products(kept):
    """StarModel's generated list: navigation, filters, row menus, bulk actions, live."""
    from datetime import date
    from typing import Literal

    from starmodel import Entity, create_app, event

    class Product(Entity):
        model_config = {"store": "sql", "access": "public"}
        name: str
        price: float = 1.0
        stock: int = 0
        size: Literal["S", "M", "L"] = "M"
        active: bool = True
        since: date | None = None

        @event
        def archive(self):
            self.active = False

    database = _database()
    app = create_app([Product], secret_key="benchmark" * 5, database_url=database)

    async def fill():
        for row in _rows():
            await Product.objects.create(**row)
        await app.starmodel.close()

    import asyncio
    import threading

    filler = threading.Thread(target=lambda: asyncio.run(fill()))
    filler.start()
    filler.join()
    if not kept:
        import starmodel.adapters.ui.franken.lists.rows as rows

        rows.MAX_KEPT = -1  # disables the cache of rendered rows
    return app


def make_list_starmodel():
    """StarModel's generated list, with each row rendered once per version of its record."""
    return _products(kept=True)


def make_list_starmodel_afresh():
    """The same without the cache of rendered rows."""
    return _products(kept=False)


NAMES = [name[5:] for name in list(globals()) if name.startswith("make_")]
LIST_SERVERS = [name for name in NAMES if name.startswith("list_")]
DATABASE_SERVERS = [name for name in NAMES if name.startswith("database_")]
REDIS_SERVERS = [name for name in NAMES if name.startswith("redis_")]
_OTHERS = ("board", *LIST_SERVERS, *DATABASE_SERVERS, *REDIS_SERVERS)
EVENT_SERVERS = [name for name in NAMES if name not in _OTHERS]


def __getattr__(name):
    if name in NAMES:
        os.chdir(tempfile.mkdtemp(prefix="starmodel-bench-"))
        return globals()[f"make_{name}"]()
    raise AttributeError(name)
