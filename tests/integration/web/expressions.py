"""Datastar expressions, rewritten and evaluated as its runtime does."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib import resources
from typing import Any

# The rules of the runtime's `Sn`, in its own order.
_STATEMENTS = re.compile(
    r"""(\/(\\\/|[^/])*\/|"(\\"|[^"])*"|'(\\'|[^'])*'|`(\\`|[^`])*`"""
    r"""|\(\s*((function)\s*\(\s*\)|(\(\s*\))\s*=>)\s*(?:\{[\s\S]*?\}|[^;){]*)\s*\)\s*\(\s*\)"""
    r"""|[^;])+"""
)
_ESCAPED = re.compile("🖕JS_(.*?)_DS🚀")
_SIGNALS = re.compile(
    r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\$]|\$(?!\{))*`)"""
    r"""|\$\{([^{}]*)\}|\$([a-zA-Z_\d]\w*(?:[.-]\w+)*)"""
)
_ACTIONS = re.compile(r"@([A-Za-z_$][\w$]*)\(")


def rewritten(expression: str, *, returns: bool) -> str:
    """The text that the runtime compiles in place of the attribute's."""
    text = expression.strip()
    if returns:
        statements = [found[0] for found in _STATEMENTS.finditer(text)]
        if statements:
            last = statements[-1].strip()
            if not last.startswith("return"):
                statements[-1] = f"return ({last});"
            text = ";\n".join(statements)
    text = _ESCAPED.sub(lambda found: "__escaped__" + found[1], text)
    text = _SIGNALS.sub(lambda found: found[0] if found[1] else "<signal>" + (found[3] or ""), text)
    return _ACTIONS.sub(r'__action("\1",evt,', text)


_DRIVER = """
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const ye = (detail, name) => { throw new Error(name ?? detail); };
const kt = {
  post: (_, url, options) => ["post", url, options],
  get: (_, url, options) => ["get", url, options],
  ask: (_, text) => { globalThis.asked = text; return true; },
  click: (_, names) => ["click", names ?? ""],
  live: (_, url) => ["live", url],
  watch: (_, token) => ["watch", token],
};
const re = {};
const console = { error: (error) => { throw error; } };
%s
const answers = cases.map(([text, returns]) => {
  globalThis.asked = null;
  // Events give no value back: the last one is caught by the action itself.
  let last;
  for (const name of Object.keys(kt)) {
    const run = kt[name].run ??= kt[name];
    kt[name] = Object.assign((...all) => (last = run(...all)), { run });
  }
  const value = %s(text, { returnsValue: returns, argNames: [] })({ id: "", tagName: "DIV" });
  return { value: returns ? value : last, asked: globalThis.asked };
});
process.stdout.write(JSON.stringify(answers));
"""


@functools.cache
def _driver() -> str:
    folder = resources.files("starmodel") / "static"
    name = json.loads((folder / "manifest.json").read_text())["datastar.js"]
    source = (folder / name).read_text()
    markers = re.search(
        r"var (\w+)=/🖕JS_DS🚀/.source,(\w+)=\1.slice\(0,5\),(\w+)=\1.slice\(4\)", source
    )
    compiler = re.search(
        r"(\w+)=\(e,\{returnsValue:t=!1.*?\};(?=\w+\(\{name:\"peek\")", source, re.S
    )
    assert markers, "the runtime has changed: read its source again"
    assert compiler, "the runtime has changed: read its source again"
    code = f"{markers[0]};\nvar {compiler[0]}"
    return _DRIVER % (code, compiler[1])


def run(expressions: list[str], *, returns: bool) -> list[Any] | None:
    """The shipped runtime's value of each expression; None without Node."""
    node = shutil.which("node")
    if node is None:
        return None
    cases = json.dumps([[text, returns] for text in expressions])
    done = subprocess.run(
        [node, "-e", _driver()], input=cases, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


class Outline(HTMLParser):
    """The parsed elements and the text of an HTML document."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        """Every value of one attribute, in order."""
        return [str(attrs[name]) for _, attrs in self.elements if name in attrs]
