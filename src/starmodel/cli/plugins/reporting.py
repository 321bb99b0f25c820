"""What became of each plugin, as JSON data and as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from starmodel.cli.plugins.contributed_commands import Conflict, contributed_commands
from starmodel.cli.terminal.output import one_line
from starmodel.plugins.host import PluginHost
from starmodel.plugins.reports import PluginReport


def reports_of(host: PluginHost, built_in: Iterable[str]) -> list[PluginReport]:
    """The reports of a host, whose notes include commands that `starmodel` does not have."""
    _, conflicts = contributed_commands(host, built_in)
    return [
        replace(report, notes=[*report.notes, *_texts_of(report.name, conflicts)])
        for report in host.reports
    ]


def _texts_of(plugin: str, conflicts: Iterable[Conflict]) -> list[str]:
    return [conflict.text for conflict in conflicts if conflict.plugin == plugin]


def described(report: PluginReport) -> dict[str, Any]:
    """The report as JSON data. Shapes: None stands for what is unknown or does not apply."""
    return {
        "name": report.name,
        "version": report.version or None,
        "state": report.state,
        "source": report.source,
        "package": report.package or None,
        "where": report.where or None,
        "reason": report.reason or None,
        "remedy": report.remedy or None,
        "notes": list(report.notes),
    }


def failure_of(report: PluginReport) -> str:
    """The failure of a plugin, without its remedy; files of the current folder are relative."""
    at = f" ({_relative(report.where)})" if report.where else ""
    return f"{report.title} is not loaded{at}: {report.reason}"


def sentence_of(report: PluginReport) -> str:
    """The failure of a plugin and its remedy, in one line."""
    return one_line(f"{failure_of(report)} {report.remedy}".rstrip())


def details(reports: Iterable[PluginReport]) -> str:
    """The failures with their remedies, then the notes; "" without any."""
    reports = list(reports)
    lines = []
    for report in reports:
        if report.state == "failed":
            lines.append(one_line(failure_of(report)))
            if report.remedy:
                lines.append(f"  → {one_line(report.remedy)}")
    lines += [f"{report.name}: {one_line(note)}" for report in reports for note in report.notes]
    return "\n".join(lines)


def _relative(where: str) -> str:
    here = Path.cwd()
    path = Path(where)
    return str(path.relative_to(here)) if path.is_relative_to(here) else where
