"""Finds the package of a plugin, and what stays after its removal."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.cli.plugins.discovery import PLUGIN_GROUP, package_of, points_of, single_points
from starmodel.cli.plugins.hosts import FoundPlugins
from starmodel.cli.plugins.switching import unknown_plugin
from starmodel.cli.terminal.errors import CommandError
from starmodel.core.definition.table_names import table_name
from starmodel.plugins.discovery import FOLDER
from starmodel.plugins.reports import PluginReport

OWN_PACKAGE = "starmodel"


@dataclass(frozen=True, slots=True)
class Removal:
    """A package to remove.

    Shapes: others are the other plugins of the package; dependents are loaded plugins that
    require one of them; data is "audit.Entry (table audit_entry)" for each entity, None when
    the plugin is not loaded.
    """

    package: str
    others: list[str]
    dependents: list[str]
    data: list[str] | None


def removal_of(name: str, found: FoundPlugins) -> Removal:
    """The removal of the package that registers a plugin, or that has this name.

    Raises: UsageError, for an unknown name; CommandError, for a plugin without a package, and
    for those of StarModel.
    """
    reports = found.host.reports
    report = found.host.report(name) or next((r for r in reports if r.package == name), None)
    if report is None:
        if name in {package_of(point) for point in single_points()}:
            return Removal(name, [], [], [])
        raise unknown_plugin(name, [report.name for report in reports])
    package = _package(report)
    names = [report.name for report in reports if report.package == package]
    made = [each for each in found.host.loaded if each.plugin.name in names]
    dependents = [
        each.plugin.name
        for each in found.host.loaded
        if each.plugin.name not in names and set(each.plugin.requires) & set(names)
    ]
    data = [_data(cls, found) for each in made for cls in each.entities]
    others = [other for other in names if other != report.name]
    return Removal(package, others, dependents, data if len(made) == len(names) else None)


def _package(report: PluginReport) -> str:
    """The package to uninstall. Raises: CommandError."""
    name, package = report.name, report.package
    if package == OWN_PACKAGE:
        raise _built_in(name)
    if package:
        if package in {package_of(point) for point in points_of(PLUGIN_GROUP)}:
            return package
        raise CommandError(
            f"The plugin {name!r} is of {report.source}, which is not installed by name. Remove "
            "it with the tool that installed it."
        )
    if report.source.startswith(f"{FOLDER.as_posix()}/"):
        raise CommandError(
            f"The plugin {name!r} is not an installed package. Delete {report.source}, or switch "
            f"it off: starmodel plugin disable {name}"
        )
    if report.source.startswith("create_app"):
        raise CommandError(
            f"The plugin {name!r} is passed in code, as {report.source}. Remove it there, or "
            f"switch it off: starmodel plugin disable {name}"
        )
    raise _built_in(name)


def _built_in(name: str) -> CommandError:
    return CommandError(
        f"The plugin {name!r} is part of StarModel and can't be removed. Switch it off: "
        f"starmodel plugin disable {name}"
    )


def _data(cls: type, found: FoundPlugins) -> str:
    entity_type = found.entity_type(cls)
    if entity_type.store == "sql":
        return f"{entity_type.name} (table {table_name(cls)})"
    return f"{entity_type.name} (store {entity_type.store})"
