"""What became of each plugin: loaded, switched off or failed, and why."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from starmodel.core.errors import ConfigurationError
from starmodel.plugins.hidden_values import NO_VALUES, HiddenValues

State = Literal["on", "off", "failed"]
_PACKAGE = str(Path(__file__).parents[1])
_STANDARD_LIBRARY = sysconfig.get_path("stdlib")
_PACKAGES = frozenset({"site-packages", "dist-packages"})  # folders inside it, of plugins
MAX_REASON_CHARS = 500


class PluginError(ConfigurationError):
    """A plugin can't be used. Shapes: where is "file:line", "" when no line caused it."""

    def __init__(self, reason: str, remedy: str = "", where: str = "") -> None:
        super().__init__(" ".join(filter(None, [reason, remedy])))
        self.reason, self.remedy, self.where = reason, remedy, where


@dataclass(slots=True)
class PluginReport:
    """The state of one plugin.

    Shapes: source says where it was found, such as "the package starmodel-audit 1.2" or
    "app/plugins/audit.py"; package is the name of that package, "" for none; why_essential is the
    reason why it can't be off, "" for one that can; where is the
    "file:line" of a failure; notes name what the application ignores of a loaded plugin, such
    as a route that another one has; is_loaded is True when its contributions are used, even if
    its startup failed; values are those of its settings, which no text includes.
    """

    name: str
    source: str
    version: str = ""
    package: str = ""
    on_by_default: bool = True
    why_essential: str = ""
    is_built_in: bool = False
    state: State = "on"
    reason: str = ""
    remedy: str = ""
    where: str = ""
    notes: list[str] = field(default_factory=list)
    is_loaded: bool = False
    values: HiddenValues = field(default=NO_VALUES, repr=False)

    def fail(self, error: PluginError) -> None:
        """Record the failure, without values of settings."""
        self.state, self.remedy, self.where = "failed", error.remedy, error.where
        self.reason = shortened(self.values.hide(error.reason), MAX_REASON_CHARS)

    def note(self, text: str) -> str:
        """Add a note. Returns it without values of settings."""
        hidden = self.values.hide(text)
        if hidden not in self.notes:
            self.notes.append(hidden)
        return hidden

    def traceback_of(self, error: BaseException) -> str:
        """The traceback for the log, without values of settings."""
        return self.values.hide("".join(traceback.format_exception(error)).rstrip())

    @property
    def sentence(self) -> str:
        """The failure for logs and terminals: name, place, reason and remedy."""
        at = f" ({self.where})" if self.where else ""
        verb = "has failed" if self.is_loaded else "is not loaded"
        return f"{self.title} {verb}{at}: {self.reason} {self.remedy}".rstrip()

    @property
    def title(self) -> str:
        """The name and the source of the plugin, to begin a sentence."""
        if self.is_built_in:
            return f"The built-in plugin {self.name!r}"
        return f"The plugin {self.name!r} of {self.source}"


def shortened(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else f"{text[: max_chars - 1]}…"


def error_in_plugin(error: BaseException, doing: str) -> PluginError:
    """A failure of plugin code, at the last line of its traceback in the plugin or its packages."""
    if isinstance(error, PluginError):
        return error
    if isinstance(error, SystemExit):
        reason = f"it calls sys.exit({error.code!r}) {doing}."
        return PluginError(reason, "Remove the call: a plugin only returns data.", place_of(error))
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    remedy = "Correct this line, or switch the plugin off with plugins_disabled."
    if isinstance(error, ModuleNotFoundError) and error.name:
        remedy = f"Install the missing package: pip install {error.name.partition('.')[0]}."
    return PluginError(f"{text} {doing}.", remedy, place_of(error))


def place_of(error: BaseException) -> str:
    """The "file:line" of plugin code that raised an exception; "" for none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_foreign(frame.filename)]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else ""


def _is_foreign(filename: str) -> bool:
    if filename.startswith((_PACKAGE, "<frozen ")):
        return True
    return filename.startswith(_STANDARD_LIBRARY) and _PACKAGES.isdisjoint(Path(filename).parts)


def check_required(required: Iterable[str], reports: Iterable[PluginReport]) -> None:
    """Raises: ConfigurationError, when a required plugin is missing, off or failed."""
    known = {report.name: report for report in reports}
    for name in required:
        report = known.get(name)
        if report is None:
            raise ConfigurationError(
                f"plugins_required names {name!r}, which is not installed; found are "
                f"{', '.join(sorted(known)) or 'none'}. Install its package, or remove the name."
            )
        if report.state == "failed":
            raise ConfigurationError(f"{report.sentence} It is in plugins_required.")
        if report.state == "off":
            raise ConfigurationError(
                f"The plugin {name!r} is in plugins_required and switched off: {report.reason}"
            )
