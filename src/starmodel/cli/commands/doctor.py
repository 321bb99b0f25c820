"""`starmodel doctor`: checks settings, stores, plugins and the environment."""

from __future__ import annotations

import platform
from collections import Counter
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any

import typer

from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppArgument, AppOption, JsonOption, chosen_app
from starmodel.cli.terminal.output import columns, print_json, table

if TYPE_CHECKING:
    from starmodel.cli.doctor.report import Report

LIBRARIES = (
    "starmodel", "pydantic", "starlette", "python-fasthtml", "monsterui", "sqlalchemy", "sqlmodel",
    "uvicorn", "typer", "orjson", "itsdangerous",
)  # fmt: skip


def doctor(
    ctx: typer.Context,
    target: AppArgument = None,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the settings, the application and its environment.

    Prints each setting with its value and origin (secrets are hidden), the
    versions, the entities and the findings: problems, which prevent requests
    from being handled; warnings, which are risks in production; and notes;
    each with a remedy. Stores are opened as at startup. Exit code 1 when there
    is a problem.

    With --json: {ok, python, versions, settings, entities, findings}; a
    setting is {name, value, origin}, a finding {level, about, text, remedy}
    with level ok, note, warning or problem.
    """
    from starmodel.cli.doctor.report import examine

    root: Any = ctx.find_root().command
    with reporting_errors():
        chosen = chosen_app(target, app)
    report = examine(chosen, root.commands)
    if as_json:
        print_json(_document(report))
    else:
        typer.echo("\n\n".join(_parts(report)))
    raise typer.Exit(0 if report.ok else 1)


def versions() -> dict[str, str]:
    """The installed versions of StarModel and its main dependencies."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = installed_version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def _document(report: Report) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "python": platform.python_version(),
        "versions": versions(),
        "settings": [row._asdict() for row in report.settings],
        "entities": report.entities,
        "findings": [finding._asdict() for finding in report.findings],
    }


def _parts(report: Report) -> list[str]:
    installed = ", ".join(f"{name} {number}" for name, number in versions().items())
    parts = [f"Python {platform.python_version()}, {installed}"]
    if report.settings:
        rows = [(row.name, row.text, row.origin) for row in report.settings]
        parts.append(table(("SETTING", "VALUE", "FROM"), rows))
    if report.entities:
        entities = [(e["name"], e["store"], e["scope"]) for e in report.entities]
        parts.append(table(("ENTITY", "STORE", "SCOPE"), entities))
    found: list[tuple[str, str, str]] = []
    for finding in report.findings:
        lines = [*finding.text.splitlines(), *([f"→ {finding.remedy}"] if finding.remedy else [])]
        found.append((finding.level, finding.about, lines[0]))
        found += [("", "", line) for line in lines[1:]]
    parts.append(columns(found))
    parts.append(_summary(report))
    return parts


def _summary(report: Report) -> str:
    """The number of problems and of warnings, in a sentence."""
    levels = Counter(finding.level for finding in report.findings)
    counts = [
        f"{number} {level}{'' if number == 1 else 's'}"
        for level in ("problem", "warning")
        if (number := levels[level])
    ]
    if report.ok:
        counts.insert(0, "No problems")
    return f"{', '.join(counts)}."
