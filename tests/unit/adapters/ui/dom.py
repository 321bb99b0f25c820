"""HTML as a browser sees it: what two renderings have to agree on."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

Node = tuple[Any, ...]


def dom(html: str) -> list[Node]:
    """Start tags with their attributes, end tags, and the text between them."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.nodes


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.nodes: list[Node] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        # The order of attributes says nothing; one without a value has an empty one.
        self.nodes.append(("open", tag, sorted((name, value or "") for name, value in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.nodes.append(("close", tag))

    def handle_data(self, data: str) -> None:
        if self.nodes and self.nodes[-1][0] == "text":
            data = self.nodes.pop()[1] + data
        self.nodes.append(("text", data))

    def handle_comment(self, data: str) -> None:
        self.nodes.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.nodes.append(("declaration", decl))
