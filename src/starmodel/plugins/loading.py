"""Imports a plugin and validates its declaration and settings."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from starmodel.app.failures import is_failure
from starmodel.app.presentation.extensions import PATH
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.entity_config import PLUGIN_NAME
from starmodel.plugins.discovery import Candidate
from starmodel.plugins.hidden_values import HiddenValues
from starmodel.plugins.plugin import Plugin
from starmodel.plugins.reports import PluginError, PluginReport, error_in_plugin
from starmodel.plugins.versions import check_version
from starmodel.texts.catalogue import ENGLISH
from starmodel.texts.english import Text

log = logging.getLogger("starmodel.plugins")
BUILT_INS = "starmodel.plugins.built_in."


@dataclass(frozen=True, slots=True)
class PluginOptions:
    """The settings of the plugin host.

    Shapes: enabled, disabled and required are names of plugins; tables has the settings of
    each plugin by its name.
    """

    enabled: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def load_plugin(
    candidate: Candidate,
    options: PluginOptions,
    reports: dict[str, PluginReport],
    plugins: dict[str, Plugin],
) -> None:
    """Import a candidate unless it is off or a duplicate; add its report, and a usable plugin.

    Raises: ConfigurationError, for an essential one that is switched off.
    """
    name = candidate.name
    if name in reports:
        _note_duplicate(reports[name], candidate, plugins.get(name))
        return
    report = PluginReport(
        name, candidate.source, candidate.version, candidate.package, candidate.is_on,
        candidate.why_essential, candidate.is_built_in,
    )  # fmt: skip
    if why := _switched_off(name, candidate, options):
        if candidate.why_essential:
            raise ConfigurationError(
                f"{report.title} can't be switched off: {candidate.why_essential} "
                "Remove it from plugins_disabled."
            )
        report.state, report.reason = "off", why
        reports[name] = report
        return
    try:
        plugin = candidate.load()
        _check_declaration(plugin)
        if plugin.name in reports and plugin.name != name:
            _note_duplicate(reports[plugin.name], candidate, plugins.get(plugin.name))
            return
        report.name = plugin.name
        report.version = plugin.version or candidate.version
        if why := _switched_off(plugin.name, candidate, options):
            report.state, report.reason = "off", why
        else:
            check_version(plugin.starmodel)
            table = options.tables.get(plugin.name, {})
            given = {**table, **getattr(plugin, "arguments", {})}
            report.values = HiddenValues(given)
            plugin.settings = _settings(plugin, given)
            plugins[plugin.name] = plugin
    except BaseException as error:  # attributes of plugins may raise too
        if not is_failure(error):
            raise
        report.fail(error_in_plugin(error, "in its declaration"))
    reports[report.name] = report


def _switched_off(name: str, candidate: Candidate, options: PluginOptions) -> str:
    """Why a plugin is off; "" for one that is on."""
    if name in options.disabled:
        return "It is in plugins_disabled."
    if not (candidate.is_on or name in options.enabled):
        return "It is off by default. Add it to plugins_enabled."
    return ""


def _note_duplicate(report: PluginReport, candidate: Candidate, loaded: Plugin | None) -> None:
    """Report an ignored candidate; not the built-in one that `loaded` is with other arguments."""
    bases = type(loaded).__mro__
    if candidate.is_built_in and any(base.__module__.startswith(BUILT_INS) for base in bases):
        return
    where = "part of StarModel" if candidate.is_built_in else f"in {candidate.source}"
    note = report.note(f"It is also {where}, which is ignored.")
    level = logging.WARNING if report.why_essential else logging.INFO
    log.log(level, "The plugin %r is loaded from %s. %s", report.name, report.source, note)


def _check_declaration(plugin: Plugin) -> None:
    """Raises: PluginError, for a class attribute of another type."""
    where = type(plugin).__name__
    if not isinstance(plugin.name, str) or not PLUGIN_NAME.fullmatch(plugin.name):
        raise PluginError(
            f"its name is {plugin.name!r}.",
            f"Set {where}.name to lower-case letters, digits and '_'.",
        )
    for name in ("version", "starmodel", "sign_in_path"):
        if not isinstance(getattr(plugin, name), str):
            raise PluginError(f"{where}.{name} is {getattr(plugin, name)!r}.", "Expected a text.")
    if plugin.sign_in_path and not PATH.fullmatch(plugin.sign_in_path):
        raise PluginError(
            f"{where}.sign_in_path is {plugin.sign_in_path!r}.",
            "Expected an absolute path such as '/sign-in'.",
        )
    for name in ("requires", "before", "after"):
        value = getattr(plugin, name)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise PluginError(f"{where}.{name} is {value!r}.", "Expected a list of plugin names.")
    for name in ("startup_limit_s", "shutdown_limit_s"):
        value = getattr(plugin, name)
        if type(value) not in (int, float) or not value > 0:
            raise PluginError(f"{where}.{name} is {value!r}.", "Expected a number of seconds.")
    try:
        texts = texts_of(plugin)
        ENGLISH.extended(texts)
    except (ValueError, TypeError, AttributeError) as error:
        raise PluginError(f"{where}.texts: {error}", "Expected templates by key.") from None
    if taken := [key for key in texts if key in ENGLISH]:
        raise PluginError(
            f"its text {taken[0]!r} is one of StarModel.",
            "Rename the plugin or the key; applications replace that text by create_app(texts=…).",
        )
    model = plugin.Settings
    if model is not None and not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise PluginError(f"{where}.Settings is {model!r}.", "Expected a pydantic model, or None.")


def texts_of(plugin: Plugin) -> dict[str, Text]:
    """The English texts of a plugin by their key in the catalogue, "NAME.key"."""
    return {f"{plugin.name}.{key}": text for key, text in plugin.texts.items()}


def _settings(plugin: Plugin, given: Mapping[str, Any]) -> Any:
    """The validated settings of a plugin. Raises: PluginError, naming each wrong setting."""
    model = plugin.Settings
    if model is None:
        if given:
            raise PluginError(
                f"it has no settings, and {', '.join(map(repr, sorted(given)))} is given.",
                f"Remove [starmodel.plugin.{plugin.name}].",
            )
        return None
    unknown = sorted(given.keys() - model.model_fields.keys())
    if unknown:
        raise PluginError(
            f"it has no setting {unknown[0]!r}; its settings are {', '.join(model.model_fields)}.",
            f"Correct [starmodel.plugin.{plugin.name}].",
        )
    try:
        return model(**given)
    except ValidationError as error:
        problems = [
            " ".join(filter(None, [".".join(map(str, problem["loc"])), f"({_expected(problem)})"]))
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise PluginError(
            f"its settings are incomplete or wrong: {', '.join(problems)}.",
            f"Set them in [starmodel.plugin.{plugin.name}] of starmodel.toml.",
        ) from None


def _expected(problem: ErrorDetails) -> str:
    """What a setting should be, as a part of a sentence."""
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    own = problem["type"] in ("value_error", "assertion_error")
    return message if own else f"{message[:1].lower()}{message[1:]}"
