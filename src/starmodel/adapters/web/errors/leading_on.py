"""What the page of an error leads on to, as far as the request tells."""

from __future__ import annotations

import re
from dataclasses import replace

from starmodel.adapters.web.errors.problems import Problem
from starmodel.adapters.web.http.request import HttpRequest

MAX_CHARS = 300
MAX_WORDS = 4
_PASSING = frozenset({429, 500, 502, 503, 504})
_WORD = re.compile(r"(?<![A-Za-z0-9])[^\W\d_]{2,40}(?![A-Za-z0-9])")
_ID = re.compile(r"[0-9A-Fa-f]{4,}(?:-[0-9A-Fa-f]+)+")


def leading_on(problem: Problem, request: HttpRequest) -> Problem:
    """The problem with the words to search for, and whether the page may be loaded again."""
    is_read = request.method in ("GET", "HEAD")
    words = address_words(request.path) if problem.status == 404 and is_read else ""
    return replace(problem, words=words, repeats=is_read and problem.status in _PASSING)


def address_words(path: str) -> str:
    """The words of a path to search for, without ids and numbers; "" for none.

    >>> address_words("/orders/blue-pens/0194f6b2-1c1e-7abc/x7")
    'orders blue pens'
    """
    return " ".join(_WORD.findall(_ID.sub(" ", path[:MAX_CHARS]))[:MAX_WORDS])
