"""The browser modules have the wire names of the server, and write none of them as text."""

from __future__ import annotations

import re
from pathlib import Path

from architecture.sources import modules, text_constants
from starmodel.app.commands.binding import form_names

BROWSER_SOURCES = Path(__file__).parents[2] / "frontend" / "src"
MODULE = BROWSER_SOURCES / "base" / "wire_names.js"
SERVER = {name: value for name, value in vars(form_names).items() if name.isupper()}
CONSTANT = re.compile(r'^export const ([A-Z_]+) = "([^"]*)";$', re.MULTILINE)


def test_browser_has_the_names_of_the_server() -> None:
    names = dict(CONSTANT.findall(MODULE.read_text(encoding="utf-8")))

    assert names
    assert names == {name: SERVER.get(name) for name in names}


def test_names_are_constants_in_the_browser() -> None:
    values = [value for name, value in SERVER.items() if value not in ("event", "id")]
    written = re.compile("[\"'](?:" + "|".join(map(re.escape, values)) + ")[\"']", re.IGNORECASE)
    found = {
        f"{path.name}: {text}"
        for path in BROWSER_SOURCES.rglob("*.js")
        if path != MODULE
        for text in written.findall(path.read_text(encoding="utf-8"))
    }
    # An element's id that is no header, and the name of the action @ask.
    assert found <= {'stream.js: "starmodel-status"', 'confirming.js: "ask"'}


def test_forms_and_their_decoder_import_the_names() -> None:
    # The prefix of the status header is also that of an element's id.
    headers = {SERVER[f"{name}_HEADER"] for name in ("CHECK", "PAGE", "SESSION")}
    values = (*(value for value in SERVER.values() if value.startswith("_")), *headers)
    found = {
        f"{name}: {text}"
        for name, tree in modules("adapters").items()
        for text in text_constants(tree)
        if text.startswith(values)
    }
    assert not found
