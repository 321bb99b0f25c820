"""Random requests to one application: real routes, mutated at random in every part."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from pydantic import AnyUrl, AwareDatetime, BaseModel, SecretStr

from integration.web.browser import unlisted
from starmodel import UI, Actor, Entity, EntityConfig, Field, Redirect, event

EVIL = '\'"><x-evil data-init="evil()">'  # no answer may have it as markup
SEALED = "sealed-3f1c"  # in private fields, and in records that no fuzzing visitor may read


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    label: str = "part"
    n: int = 0
    pin: str = Field(default=SEALED, private=True)
    inner: list[Part] = []


@unlisted
class Crate(Entity):
    """One field of each type."""

    model_config = EntityConfig(store="sql", access="public")
    id: int | None = Field(default=None, primary_key=True)
    name: str = "crate"
    count: int = 0
    price: decimal.Decimal = decimal.Decimal("1.5")
    weight: float = 0.0
    is_open: bool = False
    made_at: datetime.datetime | None = None
    sent_at: AwareDatetime | None = None
    day: datetime.date | None = None
    at: datetime.time | None = None
    lasts: datetime.timedelta | None = None
    code: uuid.UUID | None = None
    link: AnyUrl | None = None
    raw: bytes = b""
    colour: Colour = Colour.RED
    size: Literal["s", "l"] = "s"
    tags: list[str] = Field(default=[])
    numbers: set[int] = Field(default=set())
    votes: dict[str, int] = Field(default={})
    is_indexed: dict[int, str] = Field(default={})
    part: Part = Part()
    parts: list[Part] = Field(default=[])
    anything: Any = None
    notes: Annotated[str, UI(widget="markdown")] = ""
    rating: int = Field(default=3, editable=False)
    cost: str = Field(default=SEALED, private=True)

    @event
    def add(self, amount: int = 1) -> None:
        self.count += amount

    @event
    async def wait(self, amount: int, at: datetime.datetime | None = None) -> Any:
        self.count += amount
        return {"at": at}

    @event
    def steps(self, items: list[int], part: Part | None = None) -> Any:
        yield {"items": items}
        yield part

    @event(method="get")
    def look(self, text: str = "", number: decimal.Decimal = decimal.Decimal(0)) -> Any:
        return {text: number}

    @event
    def leave(self, url: str) -> Any:
        return Redirect(url)

    @event
    def say(self, password: SecretStr, data: dict[str, Any]) -> Any:
        return data

    @event
    def merge(self, other: Crate) -> Any:
        return other


def is_owner(actor: Actor | None, record: Any) -> bool:
    return actor is not None and bool(record.owner == actor.id)


@unlisted
class Letter(Entity):
    """Readable by its owner only, and owned by none of the fuzzing visitors."""

    model_config = EntityConfig(store="sql", access={"read": is_owner, "write": "public"})
    id: int | None = Field(default=None, primary_key=True)
    owner: str = "ann"
    text: str = ""
    crate_id: int | None = Field(default=None, foreign_key="crate.id")

    @event
    def stamp(self, times: int = 1) -> None:
        """Changes nothing."""


@unlisted
class Board(Entity):
    model_config = EntityConfig(store="memory", scope="app", access="public")
    votes: dict[str, int] = Field(default={})

    @event
    def vote(self, option: str, by: int = 1) -> None:
        self.votes = dict([*self.votes.items(), (option, by)][-20:])


@unlisted
class Basket(Entity):
    model_config = EntityConfig(store="local_storage")
    items: dict[str, Any] = Field(default={})

    @event
    def put(self, name: str, value: Any = None) -> None:
        self.items = {name: value}


@dataclass
class Sent:
    """One request. Shapes: path is percent-encoded; headers have lower-case names."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


FIELDS = [
    *Crate.model_fields,
    "owner",
    "text",
    "crate_id",
    "amount",
    "items",
    "other",
    "url",
    "data",
]
NAMES = [
    *FIELDS, "password", "option", "by", "part.label", "part.pin", "parts[]", "tags[]", "votes.x",
    "_originals", "_browser", "_several.tags", "_rest.made_at", "_rest.at", "_exact.count",
    "_sm_version",
    "__class__", "__proto__", "constructor", "event", "search", "order", "page", "per_page",
    "cursor", "total", "datastar", "", ".", "a..b", "\ue000", "name__contains", "x" * 201,
]  # fmt: skip
TEXTS = [
    "", " ", "a", "0", "-1", "1.5", "1e400", "NaN", "-inf", "9" * 30, "9" * 1001, "true", "null",
    "2024-06-01", "2024-06-01T10:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "23:59:59.999999+23:59", "P999999999D", "-P1DT1S", "urn:uuid:" + "1" * 32, "red", "s",
    "data:;base64,AAAA", "data:;base64,A", "http://a/b", "http://[", "//evil.example",
    "/\\evil.example", "javascript:1", "%", "%00", "\x00", "\r\nX: y", "\u2028", "\ufffd", "\ue000",
    "é" * 100, "__proto__", "a.b", EVIL, "[", "{}", "[1,2]", '{"a":1}', '{"pin":"x"}',
    "[" * 40, "-" * 300, "a," * 20, "name,-count", "-" + "name," * 17, "*" * 50 + "[a](b",
    "1,2,x", "~new", "..", "_bulk", "x" * 3000, "\N{PILE OF POO}", "ﬁ", "İ", "ß", "1_000", "٣",
    " 7 ", "+7", "07", "0x10", "7.0", SEALED[:6],
]  # fmt: skip
JSONS: list[Any] = [
    None, True, 0, -1, 2**31, 2**53 + 1, 2**63, 10**40, 1.5, 1e308, -0.0, [], {}, [1, "a", None],
    [[[]]], {"a": {"b": 1}}, {"__proto__": {"x": 1}}, {"a.b": 1, "": 2}, [{"label": "x", "n": 1}],
    {"label": "x", "pin": "y"}, {"1": "a", "x": "b"}, [1] * 1001, {"inner": [{"n": "x"}]},
]  # fmt: skip
# Parameters of each route with plausible values; other requests send anything.
TAKEN = {
    "crates": [*Crate.model_fields], "update": [*Crate.model_fields], "letters": ["owner", "text"],
    "add": ["amount"], "wait": ["amount", "at"], "steps": ["items", "part"], "leave": ["url"],
    "say": ["password", "data"], "merge": ["other"], "vote": ["option", "by"],
    "put": ["name", "value"], "own": ["name", "count", "weight"], "stamp": ["times"],
}  # fmt: skip
NUMBERS = ["0", 7, -1, 1.0, "1e3", 2**62, 2**64, 10**300, "9" * 1000, " 7 ", "1_000"]
FITTING: dict[str, list[Any]] = {
    **dict.fromkeys(["count", "price", "weight", "amount", "by", "times"], NUMBERS),
    "made_at": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-06-01T10:00", 1e9],
    "sent_at": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-06-01T10:00Z"],
    "day": ["0001-01-01", "9999-12-31", 0], "at": ["00:00+14:00", "23:59:59.999999", 1],
    "lasts": ["P999999999D", "-P999999999D", 1e9, "PT0.000001S"], "code": [str(uuid.UUID(int=7))],
    "link": ["http://a/b", "http://xn--a/" + "x" * 3000], "raw": ["data:;base64,AP8=", "\ue000"],
    "colour": ["red", "blue"], "size": ["s"], "is_open": ["on", True, "0"],
    "tags": [["\u2028", "", "a" * 9000], [], '["x"]'], "numbers": [[1, 2], [2**61 - 1, 0], "1\n2"],
    "votes": [{"__proto__": 1, "a.b": 2}, {}], "is_indexed": [{"1": "a", "-5": ""}],
    "part": [{"label": "\x00"}, {"inner": [{"n": 2**70}]}, {}], "items": [[1], "1\n2", []],
    "parts": [[{"label": "x"}, {"n": -1}], []], "data": [{"constructor": {"x": 1}}, {}],
    "notes": ["*a* [b](javascript:1)\n\n|x|\n|-|\n|y|", "<b>" * 200], "url": ["/x", "//evil", "x"],
}  # fmt: skip
OPERATORS = ["eq", "ne", "lt", "lte", "gt", "gte", "in", "contains", "startswith", "nope", ""]
ROUTES = [
    "GET /", "GET /crates", "GET /crates", "GET /letters", "GET /crates/new", "GET /crates/{id}",
    "GET /crates/{id}/edit", "GET /crates/{id}/look", "GET /letters/{id}", "GET /letters/{id}/edit",
    "GET /own", "POST /own",
    "GET /board", "GET /basket", "GET /_starmodel/assets/x.js", "GET /_starmodel/health",
    "GET /static/x", "GET /nothing", "POST /crates", "POST /crates", "POST /letters",
    "POST /crates/_bulk", "POST /letters/_bulk", "POST /crates/{id}/add", "POST /crates/{id}/wait",
    "POST /crates/{id}/steps", "POST /crates/{id}/leave", "POST /crates/{id}/say",
    "POST /crates/{id}/merge", "POST /crates/{id}/update", "POST /crates/{id}/delete",
    "POST /letters/{id}/stamp", "POST /letters/{id}/update", "POST /board/vote", "POST /basket/put",
    "POST /_starmodel/browser_state", "PATCH /crates/{id}", "PATCH /crates/{id}",
    "PUT /crates/{id}",
    "DELETE /crates/{id}", "PATCH /letters/{id}", "DELETE /letters/{id}",
]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "NOPE"]
JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"
TYPES = [
    "text/plain", "", "application/json; charset=utf-16", "multipart/form-data",
    "multipart/form-data; boundary=\"x", "application/json;charset=punycode", "é", "a" * 600,
]  # fmt: skip
ACCEPTS = ["application/json", "text/html", "text/event-stream, text/html", "*/*", "", "é;q=x"]
HEADERS = [
    "referer", "if-none-match", "idempotency-key", "starmodel-page", "starmodel-session", "origin",
    "content-length", "host", "authorization", "sec-fetch-site", "sec-purpose", "range",
    "x-forwarded-for", "cookie", "accept-encoding", "starmodel-check",
]  # fmt: skip


SPOILERS = ["", "%", "\xff", "/", "&", "=", '"', "%2f", "\x7f"]


class Fuzzer:
    """Makes requests from a seed. Shapes: ids are those of records that exist now."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.ids: Sequence[Any] = (1,)

    def request(self) -> Sent:
        """The next request."""
        choose, chance = self._random.choice, self._random.random
        method, _, path = choose(ROUTES).replace("{id}", self._id()).partition(" ")
        if chance() < 0.05:
            path = self._spoilt(path)
        made = Sent(choose(METHODS) if chance() < 0.1 else method, path)
        if chance() < 0.4:
            made.query = self._query()
        made.headers = {"accept": choose(ACCEPTS), "origin": "http://testserver"}
        if chance() < 0.3:
            made.headers |= {"datastar-request": "true", "accept": ACCEPTS[2]}
        if made.method not in ("GET", "HEAD"):
            made.headers["content-type"], made.body = self._body(made.path)
        if chance() < 0.15:
            made.headers[choose(HEADERS)] = self._text().replace("\r\n", " ").replace("\x00", "")
        return made

    def _id(self) -> str:
        if self._random.random() < 0.8:
            return str(self._random.choice(self.ids))
        return quote(self._random.choice(TEXTS), safe="")

    def _text(self) -> str:
        text: str = self._random.choice(TEXTS)
        if self._random.random() < 0.1:
            return text + self._random.choice(TEXTS)
        if self._random.random() < 0.05:
            return "".join(chr(self._random.choice((35, 92, 127, 233, 8232, 57344, 128169)))
                           for _ in range(self._random.randrange(6)))  # fmt: skip
        return text

    def _value(self, depth: int = 0) -> Any:
        chance = self._random.random()
        if chance < 0.4:
            return self._text()
        if chance < 0.9 or depth > 3:
            return self._random.choice(JSONS)
        if chance < 0.95:
            return [self._value(depth + 1) for _ in range(self._random.randrange(4))]
        return {self._name(): self._value(depth + 1) for _ in range(self._random.randrange(4))}

    def _name(self) -> str:
        return self._random.choice(FIELDS if self._random.random() < 0.7 else NAMES)

    def _query(self) -> str:
        pairs = []
        for _ in range(self._random.randrange(1, 4)):
            name, chance = self._name(), self._random.random()
            if chance < 0.5:
                name = f"{name}__{self._random.choice(OPERATORS)}"
            elif chance < 0.8:
                name = self._random.choice(["order", "page", "per_page", "search", "cursor"])
            pairs.append((name, self._text()))
        text = urlencode(pairs)
        return self._spoilt(text) if self._random.random() < 0.1 else text

    def _fields(self, path: str, make: Callable[[], Any]) -> dict[str, Any]:
        if path.endswith("/_bulk") and self._random.random() < 0.8:
            events = ["add", "delete", "stamp", "update", "steps", self._name()]
            return {"event": self._random.choice(events), "id": [*map(str, self.ids), make()]}
        last, made = path.rpartition("/")[2], dict[str, Any]()
        names = TAKEN.get(last, TAKEN["crates" if path.startswith("/crates") else "letters"])
        for _ in range(self._random.randrange(5)):
            if self._random.random() < 0.9:
                name = self._random.choice(names)
                fits = name in FITTING and self._random.random() < 0.7
                made[name] = self._random.choice(FITTING[name]) if fits else make()
            else:
                made[self._name()] = make()
        if self._random.random() < 0.1:
            states = {self._random.choice(["Basket", "Crate"]): self._value()}
            made["_browser"] = {"states": states, "page": [self._text()]}
        return made

    def _body(self, path: str) -> tuple[str, bytes]:
        chance = self._random.random()
        if chance < 0.5:
            kind = JSON_TYPE
            body = json.dumps(self._fields(path, self._value)).encode()
        elif chance < 0.75:
            kind = FORM_TYPE
            body = urlencode(self._fields(path, self._text), doseq=True).encode()
        elif chance < 0.95:
            kind, body = "multipart/form-data; boundary=XX", self._multipart(path)
        else:
            kind = self._random.choice(TYPES)
            body = self._text().encode()
        if self._random.random() < 0.15:
            body = self._spoilt(body.decode("latin-1")).encode("latin-1")
        return kind, body

    def _multipart(self, path: str) -> bytes:
        parts = []
        for name, value in self._fields(path, self._text).items():
            file = '; filename="a.txt"' if self._random.random() < 0.1 else ""
            head = f'Content-Disposition: form-data; name="{name}"{file}'
            parts.append(f"--XX\r\n{head}\r\n\r\n{value}\r\n")
        return "".join([*parts, "--XX--\r\n"]).encode()

    def _spoilt(self, text: str) -> str:
        """The text with one to three of its bytes changed, doubled or cut out."""
        for _ in range(self._random.randrange(1, 4)):
            at = self._random.randrange(len(text) + 1)
            put = self._random.choice(
                ["", "%", "\xff", "/", "&", "=", '"', "%2f", "\x7f", text[:20]]
            )
            text = text[:at] + put + text[at + self._random.randrange(2) :]
        return text
