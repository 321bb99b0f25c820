"""References to the browser's signals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from starmodel.core.current_app import current_host
from starmodel.core.values.signal_names import signal_name

_NOT_A_WORD = re.compile(r"\W", re.ASCII)
_INDEXED = re.compile(r"\.([^.]*[^\w.][^.]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal by its path, as Datastar expressions name it.

    Read on a record it names that record's own signal on the page being
    made, which differs when the page shows several of one class. An index
    names the signal of one key of a dict, whatever the key is.

    >>> f"{Signal('Counter.count', 'count')} > 3"
    '$Counter.count > 3'
    >>> str(Signal("Poll.votes", "votes")["v1.2"])
    "$Poll.votes['v1\\\\u00252E2']"
    """

    path: str
    field: str

    def __str__(self) -> str:
        # Datastar reads only words after a dot; other names are properties in brackets.
        return f"${_INDEXED.sub(lambda found: _property(found[1]), self.path)}"

    def __html__(self) -> str:
        return str(self)

    def __getitem__(self, key: object) -> Signal:
        name = signal_name(key)
        return Signal(f"{self.path}.{name}", self.field)

    def __get__(self, instance: Any, owner: type) -> Signal:
        host = current_host()
        if instance is None or host is None:
            return self
        namespace = host.namespace(instance)
        return Signal(f"{namespace}.{self.field}" if namespace else self.field, self.field)


def _property(name: str) -> str:
    def escaped(found: re.Match[str]) -> str:
        units = found[0].encode("utf-16-be", "surrogatepass").hex()
        return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))

    return f"['{_NOT_A_WORD.sub(escaped, name)}']"
