"""The languages of an application: the catalogues of StarModel, of plugins and its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starmodel.adapters.languages.po_files import Plural, Translations, read_translations
from starmodel.app.presentation.languages import Languages
from starmodel.config import Settings
from starmodel.core.errors import ConfigurationError
from starmodel.plugins.host import PluginHost
from starmodel.plugins.loading import texts_of
from starmodel.texts.catalogue import ENGLISH, Catalogue, one_or_other
from starmodel.texts.english import Text
from starmodel.texts.formats import Formats
from starmodel.texts.language import Language

SHIPPED = Path(__file__).parents[1] / "texts" / "locales"
TEXTS, WORDS = "starmodel", "messages"
SOURCE = "en"
_NOTHING = Translations()
_LANGUAGE_KEY = "page.language"


@dataclass(frozen=True)
class PluginTexts:
    """The texts of the plugins of an application.

    Shapes: english are by key; unloaded are the names of plugins without their texts.
    """

    english: Mapping[str, Text]
    unloaded: frozenset[str]

    @classmethod
    def of(cls, host: PluginHost) -> PluginTexts:
        texts = {key: text for each in host.loaded for key, text in texts_of(each.plugin).items()}
        return cls(texts, frozenset(r.name for r in host.reports if not r.is_loaded))


def application_languages(
    settings: Settings, own: Mapping[str, Text], host: PluginHost
) -> Languages | None:
    """The languages of the settings; None for English alone, which needs no translation.

    Shapes: own are the texts of `create_app(texts=…)`, which are in the first language.
    Raises: ConfigurationError, for an unknown language, and for a wrong file of translations.
    """
    codes = settings.languages
    if codes == [SOURCE]:
        return None
    repeated = [code for at, code in enumerate(codes) if code in codes[:at]]
    if repeated:
        raise ConfigurationError(f"languages has {repeated[0]!r} twice. Remove one of them.")
    _check_babel(codes)
    folder, plugins = Path(settings.locales_folder), PluginTexts.of(host)
    return Languages(
        _language(code, folder, plugins, {} if number else own) for number, code in enumerate(codes)
    )


def _check_babel(codes: list[str]) -> None:
    try:
        import babel  # noqa: F401 - only whether it is installed
    except ImportError as error:
        raise ConfigurationError(
            f"languages is {', '.join(codes)}, which needs Babel. Install starmodel[languages]."
        ) from error


def _language(code: str, folder: Path, plugins: PluginTexts, own: Mapping[str, Text]) -> Language:
    """One language. Raises: ConfigurationError."""
    from starmodel.adapters.languages.formats import formats_of, name_of

    try:
        formats: Formats | None = None if code == SOURCE else formats_of(code)
        name = name_of(code)
    except ValueError as error:
        raise ConfigurationError(
            f"languages has {code!r}, which is no known language ({error}). Expected tags such as "
            "'de' or 'pt-BR'."
        ) from error
    shipped = _shipped(code)
    texts = read_translations(folder, code, TEXTS)
    words = {**_shipped_words(code), **(read_translations(folder, code, WORDS) or _NOTHING).words}
    if shipped is None and texts is None:
        available = ", ".join([SOURCE, *sorted(path.name for path in SHIPPED.glob("*/"))])
        raise ConfigurationError(
            f"languages has {code!r}, and {folder}/{code.replace('-', '_')}/LC_MESSAGES/{TEXTS}.po "
            f"does not exist. StarModel has texts in {available}; write that file with "
            "`starmodel texts extract`, and translate it."
        )
    shipped, texts = shipped or _NOTHING, texts or _NOTHING
    plural = _plural(code, folder, shipped, texts)
    known = {k: text for k, text in shipped.texts.items() if k in ENGLISH or k in plugins.english}
    try:
        catalogue = Catalogue(
            {**known, **texts.texts, _LANGUAGE_KEY: code, **own},
            plural=plural, words=words, formats=formats,
        ).extended(plugins.english, plugins.unloaded)  # fmt: skip
    except ValueError as error:
        raise ConfigurationError(f"The texts in {code!r}: {error}") from error
    return Language(code, catalogue, words, name)


def _shipped_words(code: str) -> Mapping[str, str]:
    """The titles of the classes of built-in plugins, such as User."""
    base = code.partition("-")[0]
    return (read_translations(SHIPPED, base, WORDS) or _NOTHING).words


def _shipped(code: str) -> Translations | None:
    """StarModel's own translations for a language or for the one that it is a variant of."""
    base = code.partition("-")[0]
    if base == SOURCE:
        return _NOTHING
    return read_translations(SHIPPED, code, TEXTS) or read_translations(SHIPPED, base, TEXTS)


def _plural(code: str, folder: Path, shipped: Translations, own: Translations) -> Plural:
    """The rule of plural forms. Raises: ConfigurationError, for two that differ."""
    rules = [each.plural for each in (shipped, own) if each.plural is not None]
    if len(rules) == 2 and any(rules[0](number) != rules[1](number) for number in range(200)):
        raise ConfigurationError(
            f"{folder}/{code}/LC_MESSAGES/{TEXTS}.po has other Plural-Forms than StarModel's file "
            "of this language. Copy the header of the template."
        )
    return rules[0] if rules else one_or_other
