"""The options of `create_app`: settings, and arguments of the web framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starmodel.bootstrap.web import FASTHTML, web_options
from starmodel.config import Settings, chosen, load_settings
from starmodel.core.errors import ConfigurationError


def settings_and_options(
    settings: Settings | None, options: Mapping[str, Any]
) -> tuple[Settings, dict[str, Any]]:
    """The settings, which are read once, and the arguments of the framework that they name.

    Raises: ConfigurationError, naming every option that is neither.
    """
    others = dict(options)
    if settings is not None:
        of_framework = web_options(settings.web, others)
        return own_settings(settings, others), of_framework
    own = {name: others.pop(name) for name in Settings.model_fields.keys() & others.keys()}
    try:
        settings = load_settings(**own)
    except ConfigurationError:
        # Read again for one error with all unknown names, which comes before invalid values.
        web_options(chosen("web", FASTHTML, **own), others)
        load_settings(**own, **others)
        raise
    of_framework = web_options(settings.web, others)
    return (load_settings(**own, **others) if others else settings), of_framework


def own_settings(settings: Settings | None, options: Mapping[str, Any]) -> Settings:
    """The settings that were passed, or those of the options. Raises: ConfigurationError."""
    if settings is None:
        return load_settings(**options)
    if options:
        raise ConfigurationError(
            f"create_app() got settings=… and also {', '.join(sorted(options))}. "
            "Put them into the Settings."
        )
    return settings
