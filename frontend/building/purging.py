"""Leaves out of a minified style sheet what no generated page uses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

_WORD = re.compile(r"-*[A-Za-z_][\w-]*")
_CLASS = re.compile(r"\.((?:\\.|[\w-]|[^\x00-\x7f])+)")
_THEME = re.compile(r"uk-theme-(?!switcher)\w+")
_ESCAPE = re.compile(r"\\(.)")
_COMPONENT = re.compile(r"(?:^|[\s>+~(,])uk-[a-z]|\[(?:data-)?uk-")
_NEGATED = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
_CHOICE = re.compile(r":(?:is|where|has)\((?:[^()]|\([^()]*\))*\)")
_VALUE = r"(?:[^;()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*"
_DECLARED = re.compile(rf"(?:^|(?<=;))(--[\w-]+):{_VALUE}(?:;|$)")
_READ = re.compile(r"var\(\s*(--[\w-]+)")
_GROUPS = ("@media", "@supports", "@layer", "@container")


class Rule(NamedTuple):
    """A statement, or a block. Shapes: body is None for a statement such as `@layer a, b;`."""

    prelude: str
    body: str | None

    @property
    def text(self) -> str:
        return f"{self.prelude};" if self.body is None else f"{self.prelude}{{{self.body}}}"


def words(texts: Iterable[str]) -> frozenset[str]:
    """The words of these sources that name a class or a custom property of generated pages.

    Their own classes begin with "sm-", those of Franken UI with "uk-".

    >>> sorted(words(['cls="uk-card sm-wide flex"']))
    ['dark', 'sm-wide', 'uk-card']
    """
    found = (word for text in texts for word in _WORD.findall(text))
    return frozenset([word for word in found if word.startswith(("sm-", "uk-", "--"))]) | {"dark"}


def classes(css: str) -> list[str]:
    """The classes that a style sheet names, sorted."""
    selectors = re.sub(r"\{[^{}]*\}", "{}", css)
    return sorted({_ESCAPE.sub(r"\1", name) for name in _CLASS.findall(selectors)})


def purged(css: str, used: Collection[str]) -> str:
    """The style sheet without rules for unused classes, and without unread custom properties.

    Rules for elements and attributes stay. The order of the others is unchanged.

    >>> purged(".a,.b{--x:1;--y:2;top:var(--y)}.b:hover{top:0}p{top:1px}", {"a"})
    '.a{--y:2;top:var(--y)}p{top:1px}'
    """
    kept, before = "".join(_kept(css, used)), ""
    while kept != before:
        before = kept
        kept = "".join(_read(kept, {*_READ.findall(kept), *used}))
    return "".join(_animated(kept))


def rules(css: str) -> Iterator[Rule]:
    """The outermost rules of minified CSS."""
    depth = start = opened = 0
    quote = ""
    at = 0
    while at < len(css):
        char = css[at]
        if char == "\\":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif css.startswith("/*", at):
            at = css.index("*/", at) + 1
            if not depth:
                start = at + 1
        elif char == "{":
            depth += 1
            opened = at if depth == 1 else opened
        elif char == "}":
            depth -= 1
            if not depth:
                yield Rule(css[start:opened], css[opened + 1 : at])
                start = at + 1
        elif char == ";" and not depth:
            yield Rule(css[start:at], None)
            start = at + 1
        at += 1


def _kept(css: str, used: Collection[str]) -> Iterator[str]:
    for rule in rules(css):
        if rule.body is None or rule.prelude.startswith(("@property", "@font-face", "@page")):
            yield rule.text
        elif rule.prelude.startswith(_GROUPS):
            inside = "".join(_kept(rule.body, used))
            if inside:
                yield f"{rule.prelude}{{{inside}}}"
        elif rule.prelude.startswith("@"):
            yield rule.text
        else:
            selectors = [one for one in _parts(rule.prelude) if _matches(one, used)]
            if selectors and rule.body:
                yield f"{','.join(selectors)}{{{rule.body}}}"


def _matches(selector: str, used: Collection[str]) -> bool:
    """Whether an element of a generated page can match."""
    plain = _NEGATED.sub("", selector)
    if _COMPONENT.search(plain):
        return False
    for choice in _CHOICE.findall(plain):
        inside = choice[choice.index("(") + 1 : -1]
        if not any(_matches(one, used) for one in _parts(inside)):
            return False
    names = (_ESCAPE.sub(r"\1", name) for name in _CLASS.findall(_CHOICE.sub("", plain)))
    return all(_is_used(name, used) for name in names)


def _is_used(name: str, used: Collection[str]) -> bool:
    if name.startswith("sm-") or name in used or _THEME.fullmatch(name):
        return True
    # A name that a renderer puts together, such as f"uk-btn-{look}".
    starts = (name[: at + 1] for at, char in enumerate(name) if char == "-" and at > len("uk-"))
    return any(start in used for start in starts if start != "uk-theme-")


def _parts(selectors: str) -> list[str]:
    """The selectors of a list, commas inside of parentheses aside."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(selectors):
        if selectors[at - 1 : at] == "\\":
            continue
        depth += (char in "([") - (char in ")]")
        if char == "," and not depth:
            parts.append(selectors[start:at])
            start = at + 1
    return [*parts, selectors[start:]]


def _read(css: str, named: Collection[str]) -> Iterator[str]:
    """The rules without custom properties that none of them reads."""
    for rule in rules(css):
        if rule.prelude.startswith("@property"):
            if rule.prelude.split()[1] in named:
                yield rule.text
        elif rule.body is None or rule.prelude.startswith("@keyframes"):
            yield rule.text
        elif rule.prelude.startswith(_GROUPS):
            inside = "".join(_read(rule.body, named))
            if inside:
                yield f"{rule.prelude}{{{inside}}}"
        elif "{" in rule.body:
            yield rule.text
        else:
            body = _DECLARED.sub(lambda found: found[0] if found[1] in named else "", rule.body)
            if body:
                yield f"{rule.prelude}{{{body.removesuffix(';')}}}"


def _animated(css: str) -> Iterator[str]:
    """The rules without animations that none of them names."""
    for rule in rules(css):
        if not rule.prelude.startswith("@keyframes") or re.search(
            rf"(?<!@keyframes)[: ,]{re.escape(rule.prelude.split()[1])}\b", css
        ):
            yield rule.text
