"""What ties an application to one process: state or messages that end at its border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starmodel.app.application import Application

REMEDY = "Until then, run one worker."


def one_process_reasons(application: Application) -> list[str]:
    """Why several processes can't serve this application together; empty when they can.

    A store or bus says `one_process = True` of itself; one that doesn't is
    taken to be shared.
    """
    reasons = []
    for_class = application.persistence.for_class
    names = [t.name for t in application.registry if _ends_here(for_class(t.cls))]
    if names:
        verb = "is" if len(names) == 1 else "are"
        reasons.append(
            f"{_listed(names)} {verb} kept in the memory of one process, so every worker would "
            "have its own. Give it another store: model_config = {'store': 'sql'}."
        )
    if _ends_here(application.bus):
        reasons.append(
            "Changes are announced by event_bus 'memory' inside one process, so pages of the other "
            "workers would not follow. Set event_bus to 'package.module:Class', a bus that "
            "connects processes."
        )
    return reasons


def _ends_here(part: object) -> bool:
    return bool(getattr(part, "one_process", False))


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
