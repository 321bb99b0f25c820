"""Templates of translations, and files of translations that follow them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from starmodel.adapters.languages.formats import locale_of
from starmodel.core.errors import ConfigurationError

LINE_CHARS = 100
# The language writes itself, and dates are in the data of Unicode.
NOT_TRANSLATED = frozenset(
    {
        "group.month",
        "page.language",
        "shown.date",
        "shown.moment",
        *(f"month.{n}" for n in range(1, 13)),
    }
)
Forms = str | Mapping[str, str]


class Word(NamedTuple):
    """One text of an application. Shapes: place says where it is from, such as "Order.pack"."""

    text: str
    place: str


class Finding(NamedTuple):
    """What is wrong with one message of a file. Shapes: name is its key, or its source text."""

    name: str
    problem: str


def texts_template(texts: Mapping[str, Forms], project: str) -> Catalog:
    """The template of texts with a key, which is the context of each message."""
    template = _template(project)
    for key, text in texts.items():
        if key not in NOT_TRANSLATED:
            template.add(_source(text), context=key)
    return template


def _source(text: Forms) -> str | tuple[str, str]:
    """The source text of a message: one form, or those for one and for several."""
    return text if isinstance(text, str) else (text.get("one", text["other"]), text["other"])


def words_template(words: Iterable[Word], project: str) -> Catalog:
    """The template of an application's own texts, with the places of each as a comment."""
    template = _template(project)
    for text, place in words:
        template.add(text, auto_comments=[place])
    return template


def write_catalog(path: Path, catalog: Catalog) -> None:
    """Write a template or translations. The file has no date, so that it changes with its texts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=LINE_CHARS, omit_header=False, ignore_obsolete=False)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(x for x in lines if not x.startswith(_DATED)), encoding="utf-8")


def merged(path: Path, template: Catalog, language: str) -> Catalog:
    """The translations of a file for a newer template; without a file, all of them empty.

    A translation whose source text has changed stays, marked as fuzzy, and so does one that was
    added by hand, for a text that the template does not have.

    Raises: ConfigurationError, for a file that can't be read.
    """
    old = _read(path) if path.is_file() else Catalog()
    by_key = {each.context: each for each in old if each.context is not None}
    made = Catalog(locale_of(language).language, project=template.project, fuzzy=False)
    made.header_comment = template.header_comment
    if path.is_file():
        made.header_comment = old.header_comment
    for source in template:
        if not source.id:
            continue
        known = by_key.get(source.context) if source.context else old.get(source.id)
        flags = set(known.flags) if known is not None else set()
        string: Any = known.string if known is not None else ""
        if known is not None and known.id != source.id:
            flags.add("fuzzy")
            is_same_kind = isinstance(known.id, str) == isinstance(source.id, str)
            string = string if is_same_kind else ""
        made.add(
            source.id, string, context=source.context, flags=flags,
            auto_comments=source.auto_comments,
        )  # fmt: skip
    for each in old:
        is_by_hand = each.context is None and each.id and all(_strings(each))
        if is_by_hand and made.get(each.id) is None:
            made.add(each.id, each.string, flags=each.flags, auto_comments=each.auto_comments)
    return made


def findings(path: Path, template: Catalog) -> list[Finding]:
    """What a file of translations lacks, or has wrong. Raises: ConfigurationError."""
    catalog, found = _read(path), []
    by_key = {(each.context, _first(each)): each for each in catalog if each.id}
    by_context = {each.context: each for each in catalog if each.context}
    for source in template:
        if not source.id:
            continue
        name = source.context or _first(source)
        known = by_context.get(name) if source.context else by_key.get((None, name))
        if known is None or not all(_strings(known)):
            found.append(Finding(name, "has no translation"))
        elif known.fuzzy or _first(known) != _first(source):
            found.append(Finding(name, "has another source text than its translation"))
        else:
            found += [Finding(name, text) for text in _wrong(source, known)]
    return found


def _wrong(source: Message, known: Message) -> Iterable[str]:
    """The placeholders of a translation that its source has not, or that it lacks."""
    sources = [source.id] if isinstance(source.id, str) else [*source.id]
    needed, allowed = _names(sources[-1]), set[str]().union(*map(_names, sources))
    strings = _strings(known)
    for at, string in enumerate(strings):
        try:
            names = _names(string)
        except ValueError as error:
            yield f"is no template: {error}"
            continue
        if names - allowed:
            yield f"has {{{min(names - allowed)}}}, which its source has not"
        if at == len(strings) - 1 and needed - names:
            yield f"lacks {{{min(needed - names)}}}"


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _strings(message: Message) -> list[str]:
    string = message.string or ""
    return [string] if isinstance(string, str) else list(string)


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _read(path: Path) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except Exception as error:  # Babel has several types
        raise ConfigurationError(f"{path} is no file of translations: {error}.") from error


def _template(project: str) -> Catalog:
    made = Catalog(project=project, fuzzy=False, charset="utf-8")
    made.header_comment = f"# Texts of {project}."
    return made


_DATED = (
    '"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Report-Msgid-Bugs-To',
    '"Last-Translator', '"Language-Team', '"Project-Id-Version',
)  # fmt: skip
