"""`starmodel texts`: the texts of an application, for translators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starmodel.cli.terminal.errors import CommandError, fail, reporting_errors
from starmodel.cli.terminal.options import AppArgument, AppOption, chosen_app

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

texts = typer.Typer(help="The texts of an application, for translators.", no_args_is_help=True)

LanguageOption = Annotated[
    list[str] | None,
    typer.Option(
        "--language", "-l", help="A further language, such as fr; repeatable.", show_default=False
    ),
]


@texts.callback()
def _group() -> None:
    """The texts of an application, for translators."""


@texts.command()
def extract(
    target: AppArgument = None, app: AppOption = None, language: LanguageOption = None
) -> None:
    """Write the templates and files of translations below locales.

    messages.pot has the application's own texts: titles, descriptions,
    choices, questions, and each translated("…") in its code. starmodel.pot
    has those of StarModel and of plugins. Each language of the application
    but English, and each --language, gets LANGUAGE/LC_MESSAGES/messages.po;
    one that StarModel lacks also gets starmodel.po. Translations stay; one
    whose source text has changed is marked as fuzzy, which is not used.
    """
    with reporting_errors():
        folder, templates, languages = _templates(target, app)
        from starmodel.adapters.languages.templates import merged, write_catalog

        for domain, template in templates.items():
            path = folder / f"{domain}.pot"
            write_catalog(path, template)
            typer.echo(f"{path}: {len(template)} texts")
        for code in dict.fromkeys([*languages, *(language or ())]):
            for domain, template in templates.items():
                path = _file(folder, code, domain)
                if domain == "messages" or path.exists() or not _is_shipped(code):
                    write_catalog(path, merged(path, template, code))
                    typer.echo(str(path))


@texts.command()
def check(target: AppArgument = None, app: AppOption = None) -> None:
    """Report missing and wrong translations; exit with 1 if there are some.

    Checks the files of each language of the application: texts without a
    translation, translations of an earlier text, and placeholders that
    differ.
    """
    with reporting_errors():
        folder, templates, languages = _templates(target, app)
        from starmodel.adapters.languages.templates import findings

        count = 0
        for code in languages:
            for domain, template in templates.items():
                path = _file(folder, code, domain)
                if not path.exists():
                    if domain == "messages":
                        count += 1
                        typer.echo(f"{path} does not exist.")
                    continue
                found = findings(path, template)
                if domain == "starmodel" and _is_shipped(code):
                    found = [each for each in found if each.problem != "has no translation"]
                count += len(found)
                for each in found:
                    typer.echo(f"{path}: {each.name!r} {each.problem}.")
    if count:
        update = "`starmodel texts extract` updates the files."
        fail(CommandError(f"{count} texts need a translator. {update}"))
    done = "Every text has a translation." if languages else "The application has English only."
    typer.echo(done)


def _templates(target: str | None, app: str | None) -> tuple[Path, dict[str, Catalog], list[str]]:
    """The folder, the templates by domain, and the languages that need files."""
    from starmodel.cli.serving.loading import load_application

    application: Any = load_application(chosen_app(target, app))
    try:
        from starmodel.adapters.languages.templates import texts_template, words_template
        from starmodel.cli.texts.own_words import own_words
    except ImportError as error:
        raise CommandError("This needs Babel. Install starmodel[languages].") from error
    from starmodel.bootstrap.languages import SOURCE
    from starmodel.plugins.loading import texts_of
    from starmodel.texts.english import TEXTS

    settings, every = application.settings, dict(TEXTS)
    for made in application.plugins.loaded:
        every |= texts_of(made.plugin)
    title = settings.title
    templates = {
        "messages": words_template(own_words(application), title),
        "starmodel": texts_template(every, "StarModel"),
    }
    codes = [code for code in settings.languages if code.partition("-")[0] != SOURCE]
    return Path(settings.locales_folder), templates, codes


def _file(folder: Path, code: str, domain: str) -> Path:
    return folder / code.replace("-", "_") / "LC_MESSAGES" / f"{domain}.po"


def _is_shipped(code: str) -> bool:
    from starmodel.bootstrap.languages import SHIPPED

    return any((SHIPPED / name).is_dir() for name in (code, code.partition("-")[0]))
