"""Datastar expressions: evaluated as JavaScript, or refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from starmodel.testing import UnreadableExpressionError
from starmodel.testing.browser.datastar.expressions import evaluate
from starmodel.testing.browser.datastar.javascript import as_text
from starmodel.testing.browser.datastar.requests import requests_in


class RecordingScope:
    def __init__(self, **signals: Any) -> None:
        self.signals, self.called = signals, list[tuple[str, list[Any]]]()

    def signal(self, path: str) -> Any:
        return self.signals.get(path, "")

    def assign(self, path: str, value: Any) -> None:
        self.signals[path] = value

    def call(self, action: str, arguments: list[Any]) -> Any:
        self.called.append((action, arguments))
        return True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$n", 3),
        ("$n + 1", 4),
        ("$n + '1'", "31"),
        ("2 + 3 * $n - 1", 10),
        ("($n + 1) / 2", 2),
        ("$n % 2 === 1 ? 'odd' : 'even'", "odd"),
        ("$n == '3'", True),
        ("$n === '3'", False),
        ("$n !== 3", False),
        ("!$missing && $n > 2", True),
        ("$missing || 'none'", "none"),
        ("null ?? 7", 7),
        ("[1, $n].length", 2),
        ("{a: 1, 'b-c': [true]}", {"a": 1, "b-c": [True]}),
        ("'it\\'s'", "it's"),
        ('"\\u0040post"', "@post"),
        ("'b' > 'a'", True),
        ("-$n", -3),
        ("+'4'", 4),
        ("1; 2;", 2),
        ("1 / 0", math.inf),
    ],
)
def test_expression_with_signals_and_operators_has_its_javascript_value(text, value):
    assert evaluate(text, RecordingScope(n=3)) == value


def test_expression_with_assignments_and_increments_changes_signals():
    scope = RecordingScope(n=1)
    evaluate("$n++; $open = !$open; $n += 5; $name = 'a' + $n", scope)
    assert scope.signals == {"n": 7, "open": True, "name": "a7"}


def test_expression_with_actions_calls_them_unless_short_circuited():
    scope = RecordingScope(n=0)
    evaluate("@ask('Sure?') && @post('/a', @click('x')); $n && @post('/b')", scope)
    assert [name for name, _ in scope.called] == ["ask", "click", "post"]
    assert scope.called[-1] == ("post", ["/a", True])


@pytest.mark.parametrize(
    ("expression", "requests"),
    [
        ("@ask('Sure?') && @post('/a?n=1', @click(''))", [("post", "/a?n=1")]),
        ("@stored('Basket Desk', 'post', '/basket/add', 'text')", [("post", "/basket/add")]),
        ("$n > 1 ? @get('/a') : @delete( \"/b\" , {})", [("get", "/a"), ("delete", "/b")]),
        ("el.focus(); @put('/c')", [("put", "/c")]),
        ("@get('/search?q=' + $q)", []),
        ("el.focus()", []),
    ],
)
def test_requests_in_expression_returns_method_and_url_without_running_it(expression, requests):
    assert requests_in(expression) == requests


@pytest.mark.parametrize(
    "text",
    [
        "el.focus()",
        "window.location",
        "5++",
        "$a = 1 + ",
        "$a.map(x => x)",
        "`${$a}`",
        "$a = ",
        "evt.key",
        "$n = = 1",
        "(1",
        "{a 1}",
    ],
)
def test_expression_with_unsupported_syntax_raises_with_its_text(text):
    with pytest.raises(UnreadableExpressionError) as raised:
        evaluate(text, RecordingScope())
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (2.0, "2"), (2.5, "2.5"), ([1, "a"], "1,a"), ("x", "x")],
)
def test_as_text_of_a_value_equals_its_javascript_string(value, text):
    assert as_text(value) == text
