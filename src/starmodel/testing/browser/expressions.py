"""The part of JavaScript that Datastar's attributes mostly use, read and run without a browser.

Signals (`$Counter.count`), literals, lists and objects, `! - + * / %`, comparisons, `&& || ??`,
`? :`, `.length`, assignments to signals, `window.location = …`, and actions such as `@post(…)`.
Whatever else stands in an expression raises `UnreadableExpressionError`.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from starmodel.testing.problems import UnreadableExpressionError

Node = tuple[Any, ...]
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?)"""
    r"""|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<signal>\$[A-Za-z_\d]\w*(?:[.-]\w+)*)"""
    r"""|(?P<action>@[A-Za-z_$][\w$]*(?=\s*\())"""
    r"""|(?P<name>[A-Za-z_][\w.]*)"""
    r"""|(?P<sign>===|!==|==|!=|<=|>=|&&|\|\||\?\?|\+\+|--|\+=|-=|\.length\b|[-+*/%!<>?:=(),;\[\]{}]))"""
)
METHODS = ("get", "post", "put", "patch", "delete")
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_LEVELS = [
    ("??",), ("||",), ("&&",), ("===", "!==", "==", "!="), ("<", ">", "<=", ">="), ("+", "-"),
    ("*", "/", "%"),
]  # fmt: skip


_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    **_ORDERS, "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "%": math.fmod,
}  # fmt: skip


class Surroundings(Protocol):
    """What an expression may ask of its page."""

    def signal(self, path: str) -> Any: ...
    def assign(self, path: str, value: Any) -> None: ...
    def call(self, action: str, arguments: list[Any]) -> Any: ...


def evaluate(text: str, around: Surroundings) -> Any:
    """Run an expression; its last statement's value. Raises: UnreadableExpressionError."""
    value: Any = None
    for statement in parsed(text):
        value = _run(statement, around)
    return value


@lru_cache(maxsize=1024)
def parsed(text: str) -> tuple[Node, ...]:
    """The statements of an expression. Raises: UnreadableExpressionError."""
    return _Parser(text).statements()


def calls(text: str) -> list[tuple[str, str]]:
    """The requests of an expression: method and address; empty when it can't be read."""
    try:
        return [found for statement in parsed(text) for found in _calls(statement)]
    except UnreadableExpressionError:
        return []


def _calls(node: Any) -> list[tuple[str, str]]:
    if not isinstance(node, tuple | list):
        return []
    if node and node[0] == "call" and node[1] in METHODS and node[2][0][0] == "value":
        return [(node[1], str(node[2][0][1]))]
    if node and node[0] == "call" and node[1] == "stored":  # which classes, how, where
        _, method, url, *_ = (value for _, value in node[2])
        return [(method, url)]
    return [found for part in node for found in _calls(part)]


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._tokens, at = text, list[tuple[str, str]](), 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._unreadable(text[at:].strip())
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        self._at = 0

    def statements(self) -> tuple[Node, ...]:
        made = []
        while self._at < len(self._tokens):
            if self._take(";"):
                continue
            made.append(self._expression())
            if self._at < len(self._tokens) and not self._take(";"):
                raise self._unreadable(self._tokens[self._at][1])
        return tuple(made)

    def _expression(self) -> Node:
        left = self._binary(0)
        if self._take("?"):
            yes = self._expression()
            self._expect(":")
            return ("?", left, yes, self._expression())
        for sign in ("=", "+=", "-="):
            if self._take(sign):
                if left[0] not in ("signal", "name"):
                    raise self._unreadable(sign)
                right = self._expression()
                return ("=", left, right if sign == "=" else (sign[0], left, right))
        return left

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while (sign := self._any(_LEVELS[level])) is not None:
            left = (sign, left, self._binary(level + 1))
        return left

    def _unary(self) -> Node:
        if self._take("!"):
            return ("!", self._unary())
        if self._take("-"):
            return ("-", ("value", 0), self._unary())
        if self._take("+"):
            return ("number", self._unary())
        for sign in ("++", "--"):
            if self._take(sign):
                return self._step(self._postfix(), sign)
        made = self._postfix()
        for sign in ("++", "--"):
            if self._take(sign):
                return self._step(made, sign)
        return made

    def _step(self, node: Node, sign: str) -> Node:
        if node[0] != "signal":
            raise self._unreadable(sign)
        return ("=", node, (sign[0], node, ("value", 1)))

    def _postfix(self) -> Node:
        made = self._primary()
        while self._take(".length"):
            made = ("length", made)
        return made

    def _primary(self) -> Node:
        if self._at >= len(self._tokens):
            raise self._unreadable("its end")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return ("value", float(text) if not text.isdigit() else int(text))
        if kind == "text":
            return ("value", _string(text))
        if kind == "signal":
            return ("signal", text[1:])
        if kind == "action":
            self._expect("(")
            return ("call", text[1:], self._until(")"))
        if kind == "name" and text in _WORDS:
            return ("value", _WORDS[text])
        if kind == "name" and text == "window.location":
            return ("name", text)
        if text == "(":
            inner = self._expression()
            self._expect(")")
            return inner
        if text == "[":
            return ("list", self._until("]"))
        if text == "{":
            return ("object", self._members())
        raise self._unreadable(text)

    def _until(self, end: str) -> list[Node]:
        made: list[Node] = []
        while not self._take(end):
            made.append(self._expression())
            if not self._take(","):
                self._expect(end)
                break
        return made

    def _members(self) -> list[Node]:
        made: list[Node] = []
        while not self._take("}"):
            if self._at >= len(self._tokens):
                raise self._unreadable("its end")
            kind, key = self._tokens[self._at]
            self._at += 1
            if kind not in ("name", "text"):
                raise self._unreadable(key)
            self._expect(":")
            made.append((_string(key) if kind == "text" else key, self._expression()))
            if not self._take(","):
                self._expect("}")
                break
        return made

    def _any(self, signs: tuple[str, ...]) -> str | None:
        return next((sign for sign in signs if self._take(sign)), None)

    def _take(self, sign: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign):
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._unreadable(
                self._tokens[self._at][1] if self._at < len(self._tokens) else "its end"
            )

    def _unreadable(self, at: str) -> UnreadableExpressionError:
        return UnreadableExpressionError(
            f"The expression {self._text!r} can't be read without a browser (at {at[:40]!r}). "
            "Expected signals, literals, operators and actions such as @post(…). Test this part of "
            "the page in a browser."
        )


def _string(text: str) -> str:
    inner = text[1:-1]
    if text[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"', strict=False))
    except ValueError:
        return re.sub(r"\\(.)", r"\1", inner)


def _run(node: Node, around: Surroundings) -> Any:
    kind = node[0]
    if kind == "value":
        return node[1]
    if kind == "signal":
        return around.signal(node[1])
    if kind == "call":
        return around.call(node[1], [_run(argument, around) for argument in node[2]])
    if kind == "list":
        return [_run(item, around) for item in node[1]]
    if kind == "object":
        return {key: _run(value, around) for key, value in node[1]}
    if kind == "=":
        value = _run(node[2], around)
        around.assign(node[1][1], value)
        return value
    if kind == "?":
        return _run(node[2] if truth(_run(node[1], around)) else node[3], around)
    if kind in ("&&", "||", "??"):
        left = _run(node[1], around)
        goes_on = {"&&": truth(left), "||": not truth(left), "??": left is None}[kind]
        return _run(node[2], around) if goes_on else left
    if kind == "!":
        return not truth(_run(node[1], around))
    if kind == "number":
        return number(_run(node[1], around))
    if kind == "length":
        value = _run(node[1], around)
        return len(value) if isinstance(value, str | list) else None
    return _compute(kind, _run(node[1], around), _run(node[2], around))


def _compute(sign: str, left: Any, right: Any) -> Any:
    if sign in ("===", "!=="):
        same = left == right and isinstance(left, bool) == isinstance(right, bool)
        return same == (sign == "===")
    if sign in ("==", "!="):
        alike = left == right if type(left) is type(right) else number(left) == number(right)
        return alike == (sign == "==")
    if sign == "+" and (isinstance(left, str) or isinstance(right, str)):
        return as_text(left) + as_text(right)
    both_texts = isinstance(left, str) and isinstance(right, str)
    if sign not in _ORDERS or not both_texts:
        left, right = number(left), number(right)
    if sign in ("/", "%") and right == 0:
        return math.nan if sign == "%" or left == 0 else math.copysign(math.inf, left)
    made = _OPERATIONS[sign](left, right)
    return int(made) if isinstance(made, float) and made.is_integer() else made


def truth(value: Any) -> bool:
    """Whether JavaScript takes the value for true: empty lists and objects are."""
    return isinstance(value, list | dict) or (bool(value) and value == value)


def number(value: Any) -> Any:
    """The value as JavaScript's number."""
    if isinstance(value, int | float):
        return int(value) if isinstance(value, bool) else value
    if value is None:
        return 0
    try:
        made = float(value) if str(value).strip() else 0.0
    except (TypeError, ValueError):
        return math.nan
    return int(made) if made.is_integer() else made


def as_text(value: Any) -> str:
    """The value as a page shows it, for example in `data-text`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, list):
        return ",".join("" if item is None else as_text(item) for item in value)
    return "[object Object]" if isinstance(value, dict) else str(value)
