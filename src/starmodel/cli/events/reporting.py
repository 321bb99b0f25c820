"""Reports the outcome of an event on the terminal, as text or as one JSON document."""

from __future__ import annotations

import json
from typing import Any

import typer

from starmodel.app.commands.command import Outcome
from starmodel.app.commands.replies import Reply
from starmodel.cli.events.dispatching import Request
from starmodel.cli.events.refusal import Refusal
from starmodel.cli.terminal.output import columns, one_line, print_json
from starmodel.core.entity import Entity
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import NOTHING, hidden_of


class TextReporter:
    """Prints text line by line while the event runs."""

    def begin(self, request: Request) -> None:
        """Print a note for entities in memory."""
        self._where, self._steps = request.where, 0
        self._is_trusted = request.line.actor is None
        name = request.entity_type.name
        if request.entity_type.store == "memory":
            typer.echo(
                f"Note: {name} is stored in the memory of this command. It is deleted when "
                "the command ends, and a running server does not see it.",
                err=True,
            )

    def _hidden(self, entity: Entity) -> frozenset[str]:
        """The fields that the actor of the command line may not read."""
        return NOTHING if self._is_trusted else hidden_of(entity)

    def step(self, outcome: Outcome) -> None:
        self._steps += 1
        lines = _lines(outcome.reply)
        version = f", version {outcome.version}" if outcome.readable else ""
        for line in lines or [f"step {self._steps} is stored{version}"]:
            typer.echo(line)

    def done(self, outcome: Outcome) -> None:
        if not self._steps:  # step() has printed the replies of a generator
            for line in _lines(outcome.reply):
                typer.echo(line)
        state = "removed" if outcome.entity is None else f"version {outcome.version}"
        if not outcome.readable:
            state = "but this actor may not read it"
        stored = "" if outcome.stored else ", not stored (auto_persist is off)"
        typer.echo(f"{self._where}: done, {state}{stored}.")
        if outcome.entity is not None:
            shown = public_state(outcome.entity, self._hidden(outcome.entity))
            rows = [(name, _json(value)) for name, value in shown.items()]
            typer.echo(columns(rows, indent="  "))

    def stored(self, error: Exception) -> None:
        """Report a committed event whose outcome can't be rendered."""
        reason = f"{type(error).__name__}: {error}"
        message = f"starmodel: {self._where} is done, but its outcome can't be shown ({reason})."
        typer.echo(message.encode("utf-8", "backslashreplace").decode(), err=True)

    def refused(self, refusal: Refusal) -> None:
        typer.echo(f"starmodel: {refusal}", err=True)


class JsonReporter(TextReporter):
    """Prints one JSON document at the end, and the text on stderr."""

    def __init__(self) -> None:
        self._document: dict[str, Any] = {}
        self._yielded: list[Any] = []

    def begin(self, request: Request) -> None:
        super().begin(request)
        self._event = f"{request.entity_type.name}.{request.event.name}"

    def step(self, outcome: Outcome) -> None:
        super().step(outcome)  # stdout is redirected to stderr meanwhile
        self._yielded.append(_reply(outcome.reply) | {"version": _version(outcome)})

    def done(self, outcome: Outcome) -> None:
        entity = outcome.entity
        state = None if entity is None else public_state(entity, self._hidden(entity))
        self._document = {
            "ok": True,
            "event": self._event,
            **_reply(outcome.reply),
            "entity": state,
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
        """Print the JSON document."""
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


def _lines(reply: Reply) -> list[str]:
    """The lines that describe a reply: progress, toasts, result and redirect."""
    lines = []
    if reply.progress is not None:
        done = "" if reply.progress.done is None else f"{reply.progress.done:4.0%} "
        lines.append(f"{done}{one_line(reply.progress.text)}".rstrip())
    lines += [f"{toast.kind}: {one_line(toast.text)}" for toast in reply.toasts]
    if reply.result is not None:
        lines.append(f"result: {_json(reply.result)}")
    if reply.redirect is not None:
        lines.append(f"redirect: {reply.redirect}")
    if reply.elements:
        count = len(reply.elements)
        lines.append(f"{count} part{'s' if count > 1 else ''} of a page")
    return lines


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
