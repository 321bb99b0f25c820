"""The `<head>` of pages: theme script, style sheets and import map."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from pathlib import Path

from starmodel.adapters.web.pages.assets import compiler_folder
from starmodel.adapters.web.pages.csp import page_csp
from starmodel.adapters.web.pages.theme import theme_classes, theme_script
from starmodel.core.values.bounded_cache import cached
from starmodel.core.values.json_data import script_element_json

CDN = "https://cdn.jsdelivr.net"
_FRANKEN = f"{CDN}/npm/franken-ui@2.1.2/dist"
CDN_SCRIPTS = {
    "datastar.js": f"{CDN}/gh/starfederation/datastar@v1.0.1/bundles/datastar.js",
    "franken-core.js": f"{_FRANKEN}/js/core.iife.js",
    "franken-icons.js": f"{_FRANKEN}/js/icon.iife.js",
    "franken-charts.js": f"{_FRANKEN}/js/chart.iife.js",
}
CDN_STYLES = f"{_FRANKEN}/css/core.min.css"
APPLICATION_CSS = "static/starmodel-app.css"
_ICONS = (("svg", "image/svg+xml"), ("png", "image/png"), ("ico", "image/x-icon"))
_COLOURS = (("light", "#fff"), ("dark", "#09090b"))  # of the page itself, for the browser's bars


class PageHead:
    """The `<head>` content that all pages of one application share.

    Shapes: assets maps "starmodel.css" to its URL below the mount path;
    html_class has the classes of <html>, so that the theme needs no
    JavaScript; with cdn, third-party assets are loaded from a public CDN. The icon is the
    application's `static/favicon.svg`, `.png` or `.ico`, else our own.
    """

    def __init__(
        self, assets: Mapping[str, str], theme: str = "blue", *, cdn: bool = False
    ) -> None:
        self.html_class = theme_classes(theme)
        self._assets, self._theme, self._cdn = assets, theme_script(theme), cdn
        self._icon = own_icon()

    @property
    def served(self) -> Mapping[str, str]:
        """The assets that pages load from this application's origin."""
        elsewhere = CDN_SCRIPTS if self._cdn else {}
        return {name: url for name, url in self._assets.items() if name not in elsewhere}

    def basics(self, root_path: str = "") -> str:
        """The first tags of every page: charset, viewport, colours and icon."""
        colours = [
            f'<meta name="theme-color" content="{colour}" media="(prefers-color-scheme: {scheme})">'
            for scheme, colour in _COLOURS
        ]
        url = self._icon or self._assets.get("favicon.svg", "")
        suffix = url.partition("?")[0].rpartition(".")[2]
        icon = (
            f'<link rel="icon" type="{dict(_ICONS)[suffix]}" href="{escape(root_path + url)}">'
            if url
            else '<link rel="icon" href="data:,">'
        )
        return (
            '<meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"{''.join(colours)}{icon}"
        )

    def html(self, root_path: str = "", *, whole: bool = True) -> str:
        """The theme script, import map and style sheets; must precede all other scripts.

        Without `whole`, the style sheet has the classes of generated pages only; the browser
        loads the whole one when an element with another class appears.
        """
        links = [*self._whole_sheets(root_path)]
        if not whole and not self._cdn and "pages.css" in self._assets:
            all_classes = escape(root_path + self._assets["starmodel.css"])
            small = escape(root_path + self._assets["pages.css"])
            links = [f'<link rel="stylesheet" href="{small}" data-whole="{all_classes}">']
        # The theme script comes first: after a style sheet it would block on its download.
        return f"<script>{self._theme}</script>{self.imports(root_path)}{''.join(links)}"

    def _whole_sheets(self, root_path: str) -> Iterator[str]:
        own = "styles.css" if self._cdn else "starmodel.css"
        sheets = [CDN_STYLES] if self._cdn else []
        sheets += [root_path + self._assets[own]] if own in self._assets else []
        for sheet in sheets:
            yield f'<link rel="stylesheet" href="{escape(sheet)}">'

    def imports(self, root_path: str = "") -> str:
        """The import map that resolves modules to CDN URLs; "" when all are local."""
        text = self._import_map(root_path)
        return f'<script type="importmap">{text}</script>' if text else ""

    def icon(self, name: str, root_path: str = "") -> str:
        """The URL of one icon in the SVG sprite, for <use href>."""
        return f"{root_path}{self._assets['icons.svg']}#{name}"

    def policy(self, root_path: str = "", scripts: Iterable[str] = ()) -> bytes:
        """The Content-Security-Policy of pages with this head and these inline scripts."""
        own = [self._theme, *filter(None, [self._import_map(root_path)]), *scripts]
        return page_csp(scripts=own, hosts=[CDN] if self._cdn else [])

    def _import_map(self, root_path: str) -> str:
        if not self._cdn:
            return ""
        imports = {
            root_path + self._assets[name]: url
            for name, url in CDN_SCRIPTS.items()
            if name in self._assets
        }
        return script_element_json({"imports": imports})


def csp_by_root_path(head: PageHead, scripts: Iterable[str] = ()) -> Callable[[str], bytes]:
    """A function from root path to Content-Security-Policy, with a bounded cache.

    Shapes: scripts are the texts of the skin's inline scripts.
    """
    named = tuple(scripts)
    return cached(128 * 1024)(lambda root_path: head.policy(root_path, named))


def own_icon() -> str:
    """The URL below the mount path of the application's `static/favicon.*`; "" without one."""
    for name, _ in _ICONS:
        file = Path("static", f"favicon.{name}")
        if file.is_file():
            version = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
            return f"/static/favicon.{name}?v={version}"
    return ""


def application_styles(assets: Mapping[str, str], development: bool) -> Callable[[str], str]:
    """A function from root path to the styles for Tailwind classes of user pages.

    In development the browser compiles the classes, so that new ones work at
    once. In production the output of `starmodel css build` is linked, if the
    file exists at this call.
    """
    if development and "tailwind.js" in assets:
        text = (compiler_folder() / "application.css").read_text(encoding="utf-8")
        style = f'<style type="text/tailwindcss">{text}</style>'
        return lambda root: f'{style}<script src="{escape(root + assets["tailwind.js"])}"></script>'
    file = Path(APPLICATION_CSS)
    if development or not file.is_file():
        return lambda root: ""
    version = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    address = f"/{APPLICATION_CSS}?v={version}"
    return lambda root: f'<link rel="stylesheet" href="{escape(root + address)}">'
