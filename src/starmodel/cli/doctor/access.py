"""Checks of access rules: functions, classes without a rule, and classes that everybody changes."""

from __future__ import annotations

from collections.abc import Iterator

from starmodel.app.access.area_policy import AreaPolicy
from starmodel.app.access.policy import AccessPolicy, CompilesReads
from starmodel.app.access.rules import RulePolicy, calls_function, rule_of
from starmodel.app.application import Application
from starmodel.cli.doctor.finding import Finding
from starmodel.core.classes.registry import EntityType


def check_access(application: Application, scan_limit: int) -> Iterator[Finding]:
    """Name the classes whose rules cost a scan, are missing, or let everybody write."""
    filtered = [
        entity_type.name
        for entity_type in application.registry
        if application.policy.reads_fields(entity_type)
        and not _is_compiled(application.policy, entity_type)
    ]
    if filtered:
        yield Finding(
            "note", "access_scan_limit", f"A function decides who reads each of "
            f"{', '.join(filtered)} ({len(filtered)}): a list of them reads up to "
            f"{scan_limit} records.",
            "Where a rule of starmodel.access does, use that: the store then cuts the page.",
        )  # fmt: skip
    open_to_all = [
        entity_type.name
        for entity_type in application.registry
        if entity_type.scope != "session" and rule_of(entity_type, "write", None) == "public"
    ]
    if open_to_all:
        yield Finding(
            "note", "access", f"Everybody may change {', '.join(open_to_all)}, also without "
            "signing in.", "If that is not meant: access={'read': 'public', 'write': 'signed_in'}.",
        )  # fmt: skip
    undeclared = [
        entity_type.name
        for entity_type in application.registry
        if entity_type.scope != "session"
        and entity_type.cls.model_config.get("access") is None
        and isinstance(_decides(application.policy, entity_type), RulePolicy)
    ]
    if undeclared:
        yield Finding(
            "note", "access", f"{', '.join(undeclared)} ({len(undeclared)}) "
            f"{'has' if len(undeclared) == 1 else 'have'} no access rule: every signed-in user "
            "may read and change all records.",
            "Set model_config['access'], also to 'signed_in' if that is meant.",
        )  # fmt: skip


def _is_compiled(policy: AccessPolicy, entity_type: EntityType) -> bool:
    """Whether stores can decide the read rule of the class."""
    return (
        isinstance(policy, CompilesReads)
        and policy.readable(entity_type, None) is not None
        and not calls_function(rule_of(entity_type, "read", None))
    )


def _decides(policy: AccessPolicy, entity_type: EntityType) -> AccessPolicy:
    """The policy that decides about the class."""
    return policy.of(entity_type) if isinstance(policy, AreaPolicy) else policy
