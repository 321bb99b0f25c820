"""Applications with entities in Redis: pages, two stores in one command, Redis away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from databases import redis_server
from starmodel import Entity, Field, Relationship, Settings, create_app, event
from starmodel.testing import Visitor


class _Shelf(Entity):
    model_config = {"store": "redis", "access": "public"}
    name: str
    books: list[_Book] = Relationship()


class _Book(Entity):
    model_config = {"store": "redis", "access": "public"}
    title: str = Field(index=True)
    pages: int = Field(default=100, ge=1)
    shelf_id: str | None = Field(default=None, foreign_key="_shelf.id")
    shelf: _Shelf | None = Relationship()

    @event
    def extend(self, by: int = 1) -> None:
        self.pages += by


class _Cart(Entity):
    model_config = {"store": "redis", "ttl": 3600}
    count: int = 0

    @event
    def put(self, amount: int = 1) -> None:
        self.count += amount


class _Sale(Entity):
    model_config = {"store": "sql", "access": "public"}
    total: int = 0

    @event
    async def book(self, uow: Any, shelf: str, fails: bool = False) -> None:
        self.total += 1
        copy = await uow.get(_Shelf, shelf)
        copy.name = "x" * 40_000_000 if fails else f"sold {self.total}"


Shelf: Any = _Shelf
Book: Any = _Book
Cart: Any = _Cart
Sale: Any = _Sale


def _app(url: str, folder: Path, *entities: Any) -> Any:
    settings = Settings(
        redis_url=url, database_url=f"sqlite:///{folder / 'app.db'}", redis_timeout_s=1.0,
        secret_key="k" * 40,
    )  # fmt: skip
    return create_app(list(entities), settings=settings)


def _id(created: Any) -> str:
    return str(created.headers["location"].rpartition("/")[2])


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_generated_pages_list_filter_order_and_relate(
    redis_url: str, tmp_path: Path, client: Redis[bytes]
) -> None:
    with Visitor(_app(redis_url, tmp_path, Shelf, Book)) as ann:
        shelf = ann.post("/_shelves", {"name": "Novels"})
        assert shelf.status == 201, shelf.text
        id = _id(shelf)
        for title in ("Emma", "Dune", "Ulysses"):
            made = ann.post("/_books", {"title": title, "shelf_id": id})
            assert made.status == 201, made.text
        books = ann.get("/_books?order=-title").json()["items"]
        assert [each["title"] for each in books] == ["Ulysses", "Emma", "Dune"]
        assert len(ann.get(f"/_books?shelf_id={id}").json()["items"]) == 3
        page = ann.open("/_books?order=title&search=u")
        assert "Ulysses" in page.text()
        assert "Novels" in page.text()
        assert "Emma" not in page.text()
        assert "Emma" in ann.open(f"/_shelves/{id}").text()
        assert len(ann.get("/_books?order=shelf.name").json()["items"]) == 3
        book = books[0]["id"]
        assert ann.post(f"/_books/{book}/extend", {"by": 2}).status == 200
        assert ann.get(f"/_books/{book}").json()["pages"] == 102
        assert ann.post(f"/_books/{book}/extend", {"by": -500}).status == 422
        assert client.exists(f"starmodel:_Shelf:{id}")


def test_session_entity_is_live_and_its_own(redis_url: str, tmp_path: Path) -> None:
    app = _app(redis_url, tmp_path, Cart)
    with Visitor(app) as ann, Visitor(app) as bob:
        first, second = ann.open("/_cart"), ann.open("/_cart")
        first.submit(Cart.put(), amount=2)
        assert second.signals["_Cart.count"] == 2
        assert bob.open("/_cart").signals["_Cart.count"] == 0


def test_command_on_sql_and_redis_is_stored_in_both_or_none(redis_url: str, tmp_path: Path) -> None:
    with Visitor(_app(redis_url, tmp_path, Shelf, Book, Sale), raise_errors=False) as ann:
        shelf = _id(ann.post("/_shelves", {"name": "Novels"}))
        sale = _id(ann.post("/_sales", {}))
        assert ann.post(f"/_sales/{sale}/book", {"shelf": shelf}).status == 200
        assert ann.get(f"/_sales/{sale}").json()["total"] == 1
        assert ann.get(f"/_shelves/{shelf}").json()["name"] == "sold 1"
        refused = ann.post(f"/_sales/{sale}/book", {"shelf": shelf, "fails": True})
        assert refused.status == 500
        assert ann.get(f"/_sales/{sale}").json()["total"] == 1
        assert ann.get(f"/_shelves/{shelf}").json()["name"] == "sold 1"


def test_application_goes_on_without_redis_and_recovers(tmp_path: Path) -> None:
    with redis_server() as server:
        app = _app(server.url, tmp_path, Shelf, Book, Cart, Sale)
        with Visitor(app, raise_errors=False) as ann:
            sale = _id(ann.post("/_sales", {}))
            assert ann.get("/_shelves").status == 200
            server.kill()
            for path in ("/_shelves", "/_cart"):
                gone = ann.get(path)
                assert gone.status == 503, gone.text
                assert "can't be reached right now" in gone.text
            assert ann.post("/_shelves", {"name": "Novels"}).status == 503
            assert ann.patch(f"/_sales/{sale}", {"total": 5}).status in (200, 204)
            assert ann.get(f"/_sales/{sale}").json()["total"] == 5
            server.start()
            for _ in range(100):
                if ann.get("/_shelves").status == 200:
                    break
                ann.run(asyncio.sleep(0.05))
            assert ann.post("/_shelves", {"name": "Novels"}).status == 201


def test_missing_client_is_an_error_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from starmodel.core.errors import ConfigurationError

    name = "starmodel.adapters.persistence.redis.repository"
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "redis", None)
    for module in [each for each in sys.modules if each.startswith(("redis.", name[:-11]))]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(ConfigurationError, match=r"pip install 'starmodel\[redis\]'"):
        Visitor(_app("redis://127.0.0.1:1/0", tmp_path, Cart))
