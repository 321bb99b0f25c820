"""Expressions are read as a browser reads them, or refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from starmodel.testing import UnreadableExpressionError
from starmodel.testing.browser.expressions import as_text, calls, evaluate


class Around:
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
def test_expression_has_the_value_that_a_browser_gives(text, value):
    assert evaluate(text, Around(n=3)) == value


def test_assignment_and_steps_change_signals():
    around = Around(n=1)
    evaluate("$n++; $open = !$open; $n += 5; $name = 'a' + $n", around)
    assert around.signals == {"n": 7, "open": True, "name": "a7"}


def test_action_is_called_with_its_arguments_unless_an_earlier_part_is_false():
    around = Around(n=0)
    evaluate("@ask('Sure?') && @post('/a', @click('x')); $n && @post('/b')", around)
    assert [name for name, _ in around.called] == ["ask", "click", "post"]
    assert around.called[-1] == ("post", ["/a", True])


def test_calls_name_requests_without_running_them():
    assert calls("@ask('Sure?') && @post('/a?n=1', @click(''))") == [("post", "/a?n=1")]
    assert calls("el.focus()") == []


@pytest.mark.parametrize(
    "text",
    ["el.focus()", "$a.map(x => x)", "`${$a}`", "$a = ", "evt.key", "$n = = 1", "(1", "{a 1}"],
)
def test_expression_that_needs_a_browser_is_refused_by_name(text):
    with pytest.raises(UnreadableExpressionError) as told:
        evaluate(text, Around())
    assert repr(text) in str(told.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (2.0, "2"), (2.5, "2.5"), ([1, "a"], "1,a"), ("x", "x")],
)
def test_value_is_shown_as_a_browser_shows_it(value, text):
    assert as_text(value) == text
