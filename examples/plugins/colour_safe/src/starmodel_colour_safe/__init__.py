"""Messages that colour-blind users can tell apart: a replaced part and a style sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from starmodel import Toast
from starmodel.adapters.ui.franken.adapter import FrankenUI
from starmodel.plugins import Asset, Plugin

SIGNS = {"success": "✓", "error": "✕", "warning": "!", "info": "i"}


class ColourSafe(Plugin):
    """Tells success from errors by signs, blue and orange instead of green and red."""

    name = "colour_safe"

    def assets(self) -> Iterable[Asset]:
        return [Asset(Path(__file__).with_name("colour-safe.css"))]

    def ui(self) -> Mapping[str, Callable[..., Any]]:
        return {"message.toast": toast}


def toast(ui: Any, message: Toast) -> Any:
    """The usual toast, with a sign before its text."""
    signed = replace(message, text=f"{SIGNS.get(message.kind, '')} {message.text}".strip())
    return FrankenUI.message_toast(ui, signed)
