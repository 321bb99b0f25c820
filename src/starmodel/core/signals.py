"""References to the browser's signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starmodel.core.host import current_host


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal by its path, as Datastar expressions name it.

    Read on a record it names that record's own signal on the page being
    made, which differs when the page shows several of one class.

    >>> f"{Signal('Counter.count', 'count')} > 3"
    '$Counter.count > 3'
    """

    path: str
    field: str

    def __str__(self) -> str:
        return f"${self.path}"

    def __html__(self) -> str:
        return str(self)

    def __get__(self, instance: Any, owner: type) -> Signal:
        host = current_host.get()
        if instance is None or host is None:
            return self
        namespace = host.namespace(instance)
        return Signal(f"{namespace}.{self.field}" if namespace else self.field, self.field)
