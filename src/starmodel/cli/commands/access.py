"""`starmodel access`: the decisions about an actor, each with its rule and reasons."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from starmodel.cli.events.completion import entity_names
from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppOption, JsonOption
from starmodel.cli.terminal.output import columns, print_json

ANSWERS = {True: "yes", False: "no", None: "depends on the record"}


def access(
    target: Annotated[
        str,
        typer.Argument(
            metavar="ENTITY[:ID]",
            help="The entity, or one record: Product:42.",
            autocompletion=entity_names,
        ),
    ],
    actor: Annotated[
        str | None,
        typer.Option("--as", metavar="ID", help="The user. [default: a guest]", show_default=False),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A role of the user. May be repeated.", show_default=False
        ),
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A claim of the user, as JSON or text: team=red. May be repeated.",
            show_default=False,
        ),
    ] = None,
    event: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="One event, or read. Without it, reading and every event.",
            show_default=False,
        ),
    ] = None,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain access decisions: the rule that decides, and the answer of each of its parts.

    starmodel access Order:7 --as ann --role staff --claim team=red

    Fields with rules of their own follow the events. Without an id, parts
    that depend on the record are left open. create is decided on the new
    record. The records are read as trusted code, so this also explains those
    that the user may not read.

    With --json: {entity, id, actor, roles, claims, decisions}; a decision is
    {names, answer, source, rule, part}, a part {words, answer, parts}; an
    answer is null where it depends on the record.
    """
    import asyncio

    from starmodel.cli.access.question import Question
    from starmodel.cli.serving.loading import load_application

    with reporting_errors():
        question = Question(load_application(app), target, event, actor, role or (), claim or ())
        decisions = asyncio.run(question.ask())
    if as_json:
        print_json(_document(question, decisions))
        return
    id = "" if question.id is None else f":{question.id}"
    typer.echo(f"{question.entity_type.name}{id} for {_described(question.actor)}")
    for decision in decisions:
        typer.echo(f"\n{_text(decision)}")


def _described(actor: Any) -> str:
    """The actor with its roles and claims."""
    if actor is None:
        return "a guest"
    facts = [f"role {name!r}" for name in sorted(actor.roles)]
    facts += [f"{name} = {value!r}" for name, value in actor.claims.items()]
    return f"{actor.id} ({', '.join(facts)})" if facts else str(actor.id)


def _text(decision: Any) -> str:
    made = decision.explanation
    lines = [f"{', '.join(decision.names)}: {ANSWERS[made.answer]}", f"  by {made.source}"]
    if made.part is not None:
        rows = [
            ("?" if answer is None else ANSWERS[answer], f"{'  ' * depth}{words}")
            for depth, words, answer in made.part.lines()
        ]
        lines.append(columns(rows, indent="  "))
    return "\n".join(lines)


def _document(question: Any, decisions: list[Any]) -> dict[str, Any]:
    actor = question.actor
    return {
        "entity": question.entity_type.name,
        "id": question.id,
        "actor": None if actor is None else actor.id,
        "roles": [] if actor is None else sorted(actor.roles),
        "claims": {} if actor is None else dict(actor.claims),
        "decisions": [
            {
                "names": list(decision.names),
                "answer": decision.explanation.answer,
                "source": decision.explanation.source,
                "rule": decision.explanation.rule,
                "part": _part(decision.explanation.part),
            }
            for decision in decisions
        ],
    }


def _part(part: Any) -> dict[str, Any] | None:
    if part is None:
        return None
    return {"words": part.words, "answer": part.answer, "parts": list(map(_part, part.parts))}
