"""HTML elements as Python functions, in fastcore's element tree.

Children are texts (escaped), elements, `Safe` HTML, and None. Keywords are
attributes: underscores become hyphens, `cls` is `class`, `fr` is `for`. A
mapping among the children has attributes by their HTML names, for names such
as `data-on:click`. None and False omit an attribute, True renders it bare.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from fastcore.xml import FT, ft, to_xml, voids

from starmodel.adapters.ui.escaping import escapable

_NAMES = {"cls": "class", "fr": "for"}
_LAST = ("id", "cls", "title", "style")


def element(tag: str, *children: Any, **attributes: Any) -> FT:
    """An element; its id, class, title and style follow the other attributes."""
    inside = [child for child in children if not isinstance(child, Mapping)]
    for child in children:
        if isinstance(child, Mapping):
            attributes |= child
    for name in _LAST:
        if name in attributes:
            attributes[name] = attributes.pop(name)
    return ft(tag, *inside, attrmap=_html_name, void_=tag in voids, **attributes)


def render(component: Any) -> str:
    """A component, or a sequence of components, as HTML; every value inside is escaped."""
    return str(to_xml(escapable(component), indent=False))


def _html_name(name: str) -> str:
    """The HTML name of an attribute's keyword."""
    return _NAMES.get(name) or name.replace("_", "-")


A = partial(element, "a")
Aside = partial(element, "aside")
Body = partial(element, "body")
Button = partial(element, "button")
Code = partial(element, "code")
Datalist = partial(element, "datalist")
Dd = partial(element, "dd")
Details = partial(element, "details")
Dialog = partial(element, "dialog")
Div = partial(element, "div")
Dl = partial(element, "dl")
Dt = partial(element, "dt")
Fieldset = partial(element, "fieldset")
Figcaption = partial(element, "figcaption")
Figure = partial(element, "figure")
Form = partial(element, "form")
H1 = partial(element, "h1")
H2 = partial(element, "h2")
Header = partial(element, "header")
Input = partial(element, "input")
Label = partial(element, "label")
Legend = partial(element, "legend")
Li = partial(element, "li")
Main = partial(element, "main")
Meta = partial(element, "meta")
Nav = partial(element, "nav")
Ol = partial(element, "ol")
Option = partial(element, "option")
Output = partial(element, "output")
P = partial(element, "p")
Pre = partial(element, "pre")
Progress = partial(element, "progress")
Section = partial(element, "section")
Select = partial(element, "select")
Small = partial(element, "small")
Span = partial(element, "span")
Summary = partial(element, "summary")
Table = partial(element, "table")
Tbody = partial(element, "tbody")
Td = partial(element, "td")
Template = partial(element, "template")
Textarea = partial(element, "textarea")
Tfoot = partial(element, "tfoot")
Th = partial(element, "th")
Thead = partial(element, "thead")
Title = partial(element, "title")
Tr = partial(element, "tr")
Ul = partial(element, "ul")
