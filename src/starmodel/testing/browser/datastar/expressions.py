"""Compiles the subset of JavaScript that Datastar attributes commonly use into callables.

Supported: signals (`$Counter.count`), literals, arrays and objects, `! - + * / %`, comparisons,
`&& || ??`, `? :`, `.length`, assignments to signals, `window.location = …`, and actions such as
`@post(…)`. Any other syntax raises `UnreadableExpressionError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from starmodel.testing.browser.datastar.javascript import number, operate, truth
from starmodel.testing.errors import UnreadableExpressionError

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?)"""
    r"""|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<signal>\$[A-Za-z_\d]\w*(?:[.-]\w+)*)"""
    r"""|(?P<action>@[A-Za-z_$][\w$]*(?=\s*\())"""
    r"""|(?P<name>[A-Za-z_][\w.]*)"""
    r"""|(?P<sign>===|!==|==|!=|<=|>=|&&|\|\||\?\?|\+\+|--|\+=|-=|\.length\b|[-+*/%!<>?:=(),;\[\]{}]))"""
)
_END = ("end", "its end")
_KEYWORDS = {"true": True, "false": False, "null": None, "undefined": None}
_PRECEDENCE = [
    ("??",), ("||",), ("&&",), ("===", "!==", "==", "!="), ("<", ">", "<=", ">="), ("+", "-"),
    ("*", "/", "%"),
]  # fmt: skip
# Whether a short-circuit operator evaluates its right operand, given the left value.
_SHORT_CIRCUITS: dict[str, Callable[[Any], bool]] = {
    "&&": truth, "||": lambda left: not truth(left), "??": lambda left: left is None,
}  # fmt: skip


class Scope(Protocol):
    """The signals and actions that an expression can use."""

    def signal(self, path: str) -> Any: ...
    def assign(self, path: str, value: Any) -> None: ...
    def call(self, action: str, arguments: list[Any]) -> Any: ...


Compiled = Callable[[Scope], Any]


def evaluate(expression: str, scope: Scope) -> Any:
    """Run the statements of an expression; the value of the last one.

    Raises: UnreadableExpressionError, for unsupported syntax.
    """
    value: Any = None
    for statement in _compiled(expression):
        value = statement(scope)
    return value


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> tuple[Compiled, ...]:
    return _Parser(expression).statements()


class _Parser:
    """A recursive-descent parser that returns each node as a callable of the scope."""

    def __init__(self, expression: str) -> None:
        self._expression_text = expression
        self._tokens, self._at = self._tokenize(expression.rstrip()), 0

    def _tokenize(self, text: str) -> list[tuple[str, str]]:
        tokens, at = list[tuple[str, str]](), 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._unreadable(text[at:].strip())
            tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        return tokens

    def statements(self) -> tuple[Compiled, ...]:
        compiled = []
        while self._peek() != _END:
            if self._take(";"):
                continue
            compiled.append(self._expression())
            if self._peek() != _END and not self._take(";"):
                raise self._unreadable(self._peek()[1])
        return tuple(compiled)

    def _expression(self) -> Compiled:
        (kind, target), (_, sign) = self._peek(), self._peek(1)
        if sign in ("=", "+=", "-=") and (kind == "signal" or target == "window.location"):
            self._at += 2
            return self._assignment(kind, target, sign[:-1], self._expression())
        condition = self._binary(0)
        if not self._take("?"):
            return condition
        then = self._expression()
        self._expect(":")
        otherwise = self._expression()
        return lambda scope: (then if truth(condition(scope)) else otherwise)(scope)

    def _assignment(self, kind: str, target: str, sign: str, right: Compiled) -> Compiled:
        path = target[1:] if kind == "signal" else target

        def assign(scope: Scope) -> Any:
            value = right(scope)
            if sign:
                value = operate(sign, scope.signal(path), value)
            scope.assign(path, value)
            return value

        return assign

    def _binary(self, level: int) -> Compiled:
        if level == len(_PRECEDENCE):
            return self._unary()
        left = self._binary(level + 1)
        while (sign := next(filter(self._take, _PRECEDENCE[level]), None)) is not None:
            left = _binary_operation(sign, left, self._binary(level + 1))
        return left

    def _unary(self) -> Compiled:
        for sign in ("++", "--"):
            if self._take(sign):
                return self._increment(self._next(), sign)
        if (kind := self._peek()[0]) == "signal" and self._peek(1)[1] in ("++", "--"):
            target, (_, sign) = self._next(), self._next()
            return self._increment(target, sign)
        if kind == "sign" and self._peek()[1] in ("!", "-", "+"):
            sign, operand = self._next()[1], self._unary()
            if sign == "!":
                return lambda scope: not truth(operand(scope))
            return lambda scope: operate(sign, 0, number(operand(scope)))
        value = self._primary()
        while self._take(".length"):
            value = _length_of(value)
        return value

    def _increment(self, target: tuple[str, str], sign: str) -> Compiled:
        if target[0] != "signal":
            raise self._unreadable(sign)
        return self._assignment(*target, sign[0], lambda _: 1)

    def _primary(self) -> Compiled:
        kind, text = self._next()
        if kind == "number":
            return _constant(int(text) if text.isdigit() else float(text))
        if kind == "text":
            return _constant(_unescaped(text))
        if kind == "name" and text in _KEYWORDS:
            return _constant(_KEYWORDS[text])
        if kind == "signal":
            return lambda scope: scope.signal(text[1:])
        if kind == "action":
            self._expect("(")
            arguments = self._items(")")
            return lambda scope: scope.call(text[1:], [each(scope) for each in arguments])
        if (kind, text) == ("sign", "("):
            inner = self._expression()
            self._expect(")")
            return inner
        if (kind, text) == ("sign", "["):
            items = self._items("]")
            return lambda scope: [item(scope) for item in items]
        if (kind, text) == ("sign", "{"):
            members = self._members()
            return lambda scope: {key: value(scope) for key, value in members}
        raise self._unreadable(text)

    def _items(self, end: str) -> list[Compiled]:
        items: list[Compiled] = []
        while not self._take(end):
            items.append(self._expression())
            if not self._take(","):
                self._expect(end)
                break
        return items

    def _members(self) -> list[tuple[str, Compiled]]:
        members: list[tuple[str, Compiled]] = []
        while not self._take("}"):
            kind, key = self._next()
            if kind not in ("name", "text"):
                raise self._unreadable(key)
            self._expect(":")
            members.append((_unescaped(key) if kind == "text" else key, self._expression()))
            if not self._take(","):
                self._expect("}")
                break
        return members

    def _peek(self, offset: int = 0) -> tuple[str, str]:
        at = self._at + offset
        return self._tokens[at] if at < len(self._tokens) else _END

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, sign: str) -> bool:
        matches = self._peek() == ("sign", sign)
        self._at += matches
        return matches

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._unreadable(self._peek()[1])

    def _unreadable(self, at: str) -> UnreadableExpressionError:
        return UnreadableExpressionError(
            f"The expression {self._expression_text!r} can't be read without a browser (at "
            f"{at[:40]!r}). Expected signals, literals, operators and actions such as @post(…). "
            "Test this part of the page in a browser."
        )


def _constant(value: Any) -> Compiled:
    return lambda _: value


def _length_of(operand: Compiled) -> Compiled:
    def length(scope: Scope) -> int | None:
        value = operand(scope)
        return len(value) if isinstance(value, str | list) else None

    return length


def _binary_operation(sign: str, left: Compiled, right: Compiled) -> Compiled:
    if sign not in _SHORT_CIRCUITS:
        return lambda scope: operate(sign, left(scope), right(scope))
    evaluates_right = _SHORT_CIRCUITS[sign]

    def short_circuit(scope: Scope) -> Any:
        value = left(scope)
        return right(scope) if evaluates_right(value) else value

    return short_circuit


def _unescaped(literal: str) -> str:
    inner = literal[1:-1]
    if literal[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"', strict=False))
    except ValueError:
        return re.sub(r"\\(.)", r"\1", inner)
