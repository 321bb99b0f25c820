"""What became of an event, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import typer
from pydantic import ValidationError

from starmodel.adapters.web.problems import problem_of
from starmodel.app.commands.command import Outcome
from starmodel.app.commands.replies import Reply
from starmodel.cli.events.dispatching import Request
from starmodel.cli.serving.loading import show_traceback
from starmodel.cli.terminal.output import columns, one_line, print_json
from starmodel.cli.terminal.problems import CommandError
from starmodel.core.errors import (
    BindingError,
    HiddenRecordError,
    NotFoundError,
    StarModelError,
)
from starmodel.core.public_state import public_state


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event did not happen.

    Shapes: kind is the exception's class; fields maps a field or parameter
    to a sentence; hint is what helps to ask again.
    """

    kind: str
    text: str
    exit_code: int
    fields: dict[str, str] = field(default_factory=dict)
    where: str = ""

    @classmethod
    def of(cls, error: Exception, where: str, request: Request | None = None) -> Refusal:
        """The refusal behind an exception; one that nobody expected prints its traceback."""
        kind = type(error).__name__
        if isinstance(error, HiddenRecordError):  # as for a record that does not exist
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
            is_trusted = request is None or request.asked.actor is None
            text = str(error) if is_trusted and isinstance(error, StarModelError) else problem.text
            return cls(kind, text, 1, dict(problem.fields), where)
        show_traceback(error)
        kept = "nothing of it was stored"
        if request is not None and request.is_segmented:
            kept = "what it did before its last yield is stored"
        return cls(kind, f"{where} failed with the {kind} above; {kept}.", 1, where=where)

    def __str__(self) -> str:
        """The sentence, and one line for each field."""
        if not self.fields:
            return self.text
        lines = [f"{self.where} was refused."]
        lines += [
            f"  {name}: {text}" if name else f"  {text}" for name, text in self.fields.items()
        ]
        _, found, signature = self.text.partition("Signature: ")
        return "\n".join(lines + ([f"Signature: {signature}"] if found else []))


class TextTeller:
    """Tells people, line by line, as it happens."""

    def begin(self, request: Request) -> None:
        """Say what this can't do, before it is done."""
        self._where, self._steps = request.where, 0
        name = request.entity_type.name
        if request.entity_type.store == "memory":
            typer.echo(
                f"Note: {name} is kept in memory, here in that of this command. It is gone at "
                "its end, and a running server does not see it.",
                err=True,
            )

    def step(self, outcome: Outcome) -> None:
        self._steps += 1
        said = _said(outcome.reply)
        version = f", version {outcome.version}" if outcome.readable else ""
        for line in said or [f"step {self._steps} is stored{version}"]:
            typer.echo(line)

    def done(self, outcome: Outcome) -> None:
        if not self._steps:  # a generator has told what it had to tell
            for line in _said(outcome.reply):
                typer.echo(line)
        state = "removed" if outcome.entity is None else f"version {outcome.version}"
        if not outcome.readable:
            state = "but this actor may not read it"
        stored = "" if outcome.stored else ", not stored (auto_persist is off)"
        typer.echo(f"{self._where}: done, {state}{stored}.")
        if outcome.entity is not None:
            rows = [(name, _json(value)) for name, value in public_state(outcome.entity).items()]
            typer.echo(columns(rows, indent="  "))

    def stored(self, error: Exception) -> None:
        """Tell of an event that is stored and whose outcome can't be shown."""
        reason = f"{type(error).__name__}: {error}"
        told = f"starmodel: {self._where} is done, but its outcome can't be shown ({reason})."
        typer.echo(told.encode("utf-8", "backslashreplace").decode(), err=True)

    def refused(self, refusal: Refusal) -> None:
        typer.echo(f"starmodel: {refusal}", err=True)


class JsonTeller(TextTeller):
    """Tells programs: one document at the end; people may follow on stderr."""

    def __init__(self) -> None:
        self._document: dict[str, Any] = {}
        self._yielded: list[Any] = []

    def begin(self, request: Request) -> None:
        super().begin(request)
        self._event = f"{request.entity_type.name}.{request.event.name}"

    def step(self, outcome: Outcome) -> None:
        super().step(outcome)  # stdout is stderr while an event runs
        self._yielded.append(_reply(outcome.reply) | {"version": _version(outcome)})

    def done(self, outcome: Outcome) -> None:
        entity = None if outcome.entity is None else public_state(outcome.entity)
        self._document = {
            "ok": True,
            "event": self._event,
            **_reply(outcome.reply),
            "entity": entity,
            "version": _version(outcome),
            "stored": outcome.stored,
            "yielded": self._yielded,
        }

    def stored(self, error: Exception) -> None:
        super().stored(error)
        self._document = {"ok": True, "event": self._event}

    def refused(self, refusal: Refusal) -> None:
        super().refused(refusal)
        error = {"type": refusal.kind, "text": refusal.text, "fields": refusal.fields}
        self._document = {"ok": False, "event": refusal.where, "error": error}

    def finish(self) -> None:
        """Print the document."""
        print_json(self._document)


def _version(outcome: Outcome) -> int | None:
    return outcome.version if outcome.readable else None


def _reply(reply: Reply) -> dict[str, Any]:
    return {
        "result": reply.result,
        "toasts": [{"text": toast.text, "kind": toast.kind} for toast in reply.toasts],
        "redirect": reply.redirect,
        "progress": None
        if reply.progress is None
        else {"done": reply.progress.done, "text": reply.progress.text},
    }


def _said(reply: Reply) -> list[str]:
    """What the event tells its caller, one line each."""
    lines = []
    if reply.progress is not None:
        done = "" if reply.progress.done is None else f"{reply.progress.done:4.0%} "
        lines.append(f"{done}{one_line(reply.progress.text)}".rstrip())
    lines += [f"{toast.kind}: {one_line(toast.text)}" for toast in reply.toasts]
    if reply.result is not None:
        lines.append(f"result: {_json(reply.result)}")
    if reply.redirect is not None:
        lines.append(f"leads to {reply.redirect}")
    if reply.elements:
        count = len(reply.elements)
        lines.append(f"{count} part{'s' if count > 1 else ''} of a page")
    return lines


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
