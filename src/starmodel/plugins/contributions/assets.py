"""Files and pages of a plugin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starmodel.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Asset:
    """A style sheet, script, image or font that the application serves, with a hash in its name.

    Style sheets and scripts (as modules) are loaded by every generated page, unless in_head
    is False.

    Shapes: path is a file of the plugin's package.
    """

    path: Path
    in_head: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.path, Path):
            raise ConfigurationError(
                f"Asset({self.path!r}): expected a Path, such as "
                "Path(__file__).with_name('style.css')."
            )


class Page:
    """A page in the shell of the generated pages.

    Shapes: title may be a `Message`, such as `self.text("title")` of the plugin; content is
    components.
    """

    def __init__(self, title: str, *content: Any) -> None:
        self.title, self.content = title, content
