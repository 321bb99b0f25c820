"""Thousands of requests with unique visitor-chosen values use bounded cache memory."""

from __future__ import annotations

import functools
import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest

from integration.web.browser import ORIGIN, unlisted
from starmodel import Entity, event
from starmodel.core.values.bounded_cache import BoundedCache
from starmodel.testing.browser.asgi import DATASTAR, HTML, JSON, Cookies, scope_of

pytestmark = pytest.mark.slow
MB = 1_000_000
BIG = 60_000  # values that a visitor chooses in one place


@unlisted
class Pen(Entity):
    model_config = {
        "scope": "record", "access": "public", "search_fields": ["name"], "list_filter": ["stock"],
    }  # fmt: skip
    name: str = ""
    stock: int = 0

    @event
    def sell(self, count: int = 1) -> None:
        self.stock -= count

    @event
    def note(self, text: str = "") -> str:
        return f"got {len(text)}"


@unlisted
class Tally(Entity):
    model_config = {"scope": "app", "access": "public"}
    count: int = 0

    @event
    def add(self, amount: int = 1, by: str = "") -> None:
        self.count += amount


def words(number: int, length: int = BIG) -> str:
    return f"n{number}" + "x" * length


class Attacker:
    """Sends unique values in every request, as a raw ASGI client."""

    def __init__(self, app: Any) -> None:
        self.app, self.own = app, {"origin": ORIGIN}

    async def ask(
        self, method: str, url: str, headers: dict[str, str], body: bytes = b"", root: str = ""
    ) -> Any:
        path, _, query = url.partition("?")  # without `urlsplit`, which has a separate cache
        scope = scope_of(method, "/", self.own | headers, Cookies())
        scope |= {"path": root + unquote(path), "raw_path": (root + path).encode()}
        scope |= {"query_string": query.encode(), "root_path": root}
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        status = 0

        async def receive() -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def take(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        await self.app(scope, receive, take)
        return status

    def query_names(self, n: int) -> Any:
        return self.ask("GET", f"/pens?{words(n)}=1", HTML)

    def event_query_names(self, n: int) -> Any:
        return self.ask("POST", f"/tally/add?{words(n)}=1", DATASTAR)

    def fixed_arguments(self, n: int) -> Any:
        return self.ask("POST", f"/tally/add?by={words(n)}", DATASTAR)

    def many_query_names(self, n: int) -> Any:
        names = "&".join(f"a{n}_{i}=1" for i in range(3000))
        return self.ask("GET", f"/tally?{names}", JSON)

    def mount_points(self, n: int) -> Any:
        return self.ask("GET", "/pens", HTML, root=f"/{words(n, 5000)}")  # below Mount("/{name}")

    def hosts(self, n: int) -> Any:
        return self.ask("GET", "/tally", JSON | {"host": f"h{n}.example:{n}"})

    def forwarded(self, n: int) -> Any:
        return self.ask("GET", "/tally", JSON | {"x-forwarded-for": words(n)})

    def accepts(self, n: int) -> Any:
        return self.ask("GET", "/tally", {"accept": f"application/json, {words(n)}"})

    def search(self, n: int) -> Any:
        return self.ask("GET", f"/pens?search={words(n, 150)}", HTML)

    def filters(self, n: int) -> Any:
        return self.ask("GET", f"/pens?stock__gt={n}&name__in={n},{n + 1}&order=-name,stock", HTML)

    def shapes(self, n: int) -> Any:
        names = ",".join(map(str, range(n % 90 + 1)))
        return self.ask("GET", f"/pens?name__in={names}&stock__lt={n}", JSON)

    def ids(self, n: int) -> Any:
        return self.ask("GET", f"/pens/{quote(words(n, 5000))}", HTML)

    def cookies(self, n: int) -> Any:
        return self.ask("GET", "/tally", JSON | {"cookie": f"starmodel={words(n, 8000)}"})

    def idempotency_keys(self, n: int) -> Any:
        key = {"idempotency-key": f"{n}" + "k" * 100}
        text = words(n).encode()
        return self.ask("POST", "/tally/add", JSON | key | {"content-type": "application/json"},
                        b'{"by": "%s"}' % text)  # fmt: skip

    def origins(self, n: int) -> Any:
        return self.ask("POST", "/tally/add", JSON | {"origin": f"http://{words(n)}"})

    def referers(self, n: int) -> Any:
        return self.ask("POST", "/tally/add", HTML | {"referer": f"http://testserver/{words(n)}"})

    def asset_names(self, n: int) -> Any:
        return self.ask("GET", f"/_starmodel/assets/{words(n)}.js", HTML)

    def tokens(self, n: int) -> Any:
        return self.ask("GET", f"/_starmodel/stream?token={words(n)}&have={words(n)}", HTML)

    def paths(self, n: int) -> Any:
        return self.ask("GET", f"/{words(n)}", HTML)

    def methods(self, n: int) -> Any:
        return self.ask(f"M{words(n)}", "/tally", JSON)  # h11 takes any token

    def partial_updates(self, n: int) -> Any:
        return self.ask(
            "POST", "/pens", JSON | {"content-type": "application/json"},
            b'{"name": "p%d", "stock": %d}' % (n, n),
        )  # fmt: skip


KINDS = [name for name in vars(Attacker) if not name.startswith("_") and name != "ask"]


def own_caches() -> Iterator[tuple[str, Any]]:
    """Every lru_cache, BoundedCache and module-level dict of the package, in use right now."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "starmodel" and module is not None:
            for key, value in vars(module).items():
                if isinstance(value, dict) and not key.startswith("__"):
                    yield f"{name}.{key}", value
    for found in gc.get_objects():
        if isinstance(found, functools._lru_cache_wrapper):
            made = getattr(found, "__wrapped__", None)
            module = str(getattr(made, "__module__", ""))
            # The test client's caches are filled by tests, not by visitors.
            if module.startswith("starmodel") and not module.startswith("starmodel.testing"):
                yield f"{made.__module__}.{made.__qualname__}", found
        elif isinstance(found, BoundedCache):
            yield f"BoundedCache({found.max_bytes})", found
        elif str(type(found).__module__).startswith("starmodel"):
            fields = getattr(found, "__dict__", None)
            if isinstance(fields, dict):
                for key, value in fields.items():
                    if isinstance(value, dict):
                        yield f"{type(found).__qualname__}.{key}", value


def deep(value: Any, seen: set[int]) -> int:
    """The bytes of plain data, its contents included; of objects only their own."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value)
    if isinstance(value, dict):
        size += sum(deep(k, seen) + deep(v, seen) for k, v in list(value.items()))
    elif isinstance(value, list | tuple | set | frozenset):
        size += sum(deep(inner, seen) for inner in list(value))
    return size


def cache_sizes() -> dict[str, int]:
    gc.collect()
    made: dict[str, int] = {}
    for name, cache in own_caches():
        if not isinstance(cache, functools._lru_cache_wrapper):
            made[name] = max(made.get(name, 0), deep(cache, set()))
    return made


def counts() -> dict[str, int]:
    """The entries of each lru_cache, by its function."""
    return {
        name: cache.cache_info().currsize
        for name, cache in own_caches()
        if isinstance(cache, functools._lru_cache_wrapper)
    }


@pytest.fixture
def app(serve: Callable[..., Any]) -> Any:
    return serve(Pen, Tally, default_store="sql", database_url="sqlite:///pens.db")


@pytest.fixture
def frozen() -> Iterator[None]:
    """Collections skip the objects of earlier tests, which take seconds."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("kind", KINDS)
async def test_distinct_requests_of_one_kind_use_little_memory(app: Any, kind: str) -> None:
    attacker = Attacker(app)
    attack = getattr(attacker, kind)
    for number in range(20):
        await attack(number)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(20, 200):
            await attack(number)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    # Each visitor-chosen mount point (`Mount("/{name}", app)`) compiles separate templates.
    most = 40 if kind == "mount_points" else 8
    assert held < most * MB, f"{kind}: {held / MB:.1f} MB"


@pytest.mark.usefixtures("frozen")
async def test_1100_distinct_query_names_use_less_than_10_mb(app: Any) -> None:
    attacker = Attacker(app)
    await attacker.ask("GET", "/tally", JSON)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(1100):
            await attacker.ask("GET", f"/tally?{words(number, 900_000)}=1", JSON)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 10 * MB, f"{held / MB:.1f} MB"


async def test_every_cache_stays_bounded_under_all_requests(app: Any) -> None:
    attacker = Attacker(app)
    counted = counts()  # other tests of this process have filled them with their classes
    for number in range(150):
        for kind in KINDS:
            await getattr(attacker, kind)(number)
    sizes = cache_sizes()
    large = {name: size for name, size in sizes.items() if size > 7 * MB}
    assert not large
    assert sum(sizes.values()) < 30 * MB
    # Caches bounded by count have keys from code, not from requests.
    grown = {name: count - counted.get(name, 0) for name, count in counts().items()}
    assert {name: more for name, more in grown.items() if more >= 100} == {}
    for _, cache in own_caches():
        if isinstance(cache, BoundedCache):
            assert cache.nbytes <= cache.max_bytes
