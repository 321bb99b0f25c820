"""Maps exceptions of an event to a message, an exit code and field errors."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import ValidationError

from starmodel.adapters.web.errors.problems import problem_of
from starmodel.cli.events.dispatching import Request
from starmodel.cli.serving.loading import print_traceback
from starmodel.cli.terminal.errors import CommandError
from starmodel.core.errors import (
    BindingError,
    HiddenRecordError,
    NotFoundError,
    StarModelError,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A failed event.

    Shapes: kind is the name of the exception class; fields maps field and
    parameter names to error messages.
    """

    kind: str
    text: str
    exit_code: int
    fields: dict[str, str] = field(default_factory=dict)
    where: str = ""

    @classmethod
    def of(cls, error: Exception, where: str, request: Request | None = None) -> Refusal:
        """Convert an exception; the traceback of an unexpected one is printed on stderr."""
        kind = type(error).__name__
        if isinstance(error, HiddenRecordError):  # indistinguishable from a missing record
            kind = NotFoundError.__name__
        if isinstance(error, CommandError):
            return cls(kind, str(error), error.exit_code, where=where)
        if isinstance(error, BindingError):
            return cls(kind, str(error), 2, dict(error.fields), where)
        if isinstance(error, StarModelError) and not error.public:
            return cls(kind, str(error), 1, where=where)
        expected = StarModelError | ValidationError | ValueError
        if isinstance(error, expected) and not isinstance(error, UnicodeError):
            problem = problem_of(error, where=where)
            is_trusted = request is None or request.line.actor is None
            text = str(error) if is_trusted and isinstance(error, StarModelError) else problem.text
            return cls(kind, text, 1, dict(problem.fields), where)
        print_traceback(error)
        stored = "nothing of it was stored"
        if request is not None and request.is_segmented:
            stored = "what it did before its last yield is stored"
        return cls(kind, f"{where} failed with the {kind} above; {stored}.", 1, where=where)

    def __str__(self) -> str:
        """The message, with one line per invalid field."""
        if not self.fields:
            return self.text
        lines = [f"{self.where} was refused."]
        lines += [
            f"  {name}: {text}" if name else f"  {text}" for name, text in self.fields.items()
        ]
        _, found, signature = self.text.partition("Signature: ")
        return "\n".join(lines + ([f"Signature: {signature}"] if found else []))
