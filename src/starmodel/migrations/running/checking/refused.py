"""Values that a migration would refuse."""

from __future__ import annotations

from dataclasses import dataclass, field

SHOWN = 10
"""The number of rows that a message lists."""


@dataclass
class Refused:
    """Values that a migration would refuse. Shapes: examples are the first SHOWN of them."""

    subject: str
    reason: str
    remedy: str
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        self.count += 1
        if len(self.examples) < SHOWN:
            self.examples.append(example)

    def __str__(self) -> str:
        rows = "1 row" if self.count == 1 else f"{self.count} rows"
        more = ", …" if self.count > len(self.examples) else ""
        shown = ", ".join(self.examples)
        return f"{self.subject}, {rows}: {self.reason}: {shown}{more}. {self.remedy}"
