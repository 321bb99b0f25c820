"""`starmodel event`: dispatch, output and error messages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

SIGNATURE = "Signature: update(name: str, price: float, stock: int, tags: list[str], active: bool)."
Run = Callable[..., Result]
Answer = Callable[..., Any]
Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def _application(shop: Path) -> None:
    """Create the shop application for every test."""


@pytest.fixture
def pen(answer: Answer) -> str:
    """The target of a stored record: "Product:…"."""
    made = answer("event", "Product", "create", "--name", "Pen", "--stock", "3")
    return f"Product:{made['entity']['id']}"


def errors(result: Result) -> list[str]:
    """The lines on stderr, without output of the application."""
    return [line for line in result.stderr.splitlines() if line != "shop is imported"]


def test_create_prints_the_new_record_and_its_version(run: Run) -> None:
    result = run("event", "Product", "create", "--name", "Pen", "--stock", "3")
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if line != "shop is imported"]
    assert lines[0].startswith("Product.create: done, version ")
    assert '  name    "Pen"' in lines
    assert "  worth   3.0" in lines
    assert "cost" not in result.stdout


def test_record_event_commits_and_prints_its_toast(run: Run, answer: Answer, pen: str) -> None:
    result = run("event", pen, "adjust-stock", "--delta", "-1", "--reason=return")
    assert result.exit_code == 0
    assert "info: 2 left" in result.stdout
    again = answer("event", pen, "adjust_stock", "--delta=5")
    assert again["entity"]["stock"] == 7
    assert again["toasts"] == [{"text": "7 left", "kind": "info"}]
    assert again.keys() == {
        "ok", "event", "result", "toasts", "redirect", "progress", "entity", "version", "stored",
        "yielded",
    }  # fmt: skip


def test_update_as_trusted_code_accepts_lists_flags_and_private_fields(
    answer: Answer, pen: str
) -> None:
    changed = answer(
        "event", pen, "update", "--tags", "new", "--tags", "blue", "--no-active", "--cost", "2"
    )
    assert changed["entity"]["tags"] == ["new", "blue"]
    assert changed["entity"]["active"] is False


@pytest.mark.parametrize("words", [(), ("--json",)])
@pytest.mark.parametrize(
    "broken", ["cli.events.reporting.public_state", "app.application.Application.close"]
)
def test_failure_after_the_commit_exits_with_success(
    run: Run, answer: Answer, pen: str, monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...], broken: str,
) -> None:  # fmt: skip
    def boom(*args: Any) -> Any:
        raise RuntimeError("after the commit")

    with monkeypatch.context() as patch:
        patch.setattr(f"starmodel.{broken}", boom)
        result = run("event", pen, "update", "--stock", "9", *words)

    assert result.exit_code == 0
    if words:
        assert json.loads(result.stdout)["ok"] is True
    assert answer("event", pen, "adjust_stock", "--delta=0")["entity"]["stock"] == 9


def test_json_in_an_ascii_terminal_is_escaped(pen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = str(Path(sys.executable).with_name("starmodel"))
    command = [program, "event", pen, "update", "--name", "Zoë", "--json"]
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["entity"]["name"] == "Zoë"


def test_delete_of_a_deleted_record_is_not_found(run: Run, answer: Answer, pen: str) -> None:
    assert answer("event", pen, "delete")["entity"] is None
    result = run("event", pen, "delete")
    assert result.exit_code == 1
    assert errors(result) == [f"starmodel: Product {pen.partition(':')[2]!r} does not exist."]


def test_parameter_with_the_name_of_an_option_is_passed_by_arg(answer: Answer, pen: str) -> None:
    words = ("event", pen, "label", "--arg", "json=Ball", "--actor", "ann", "--role", "editor")
    assert answer(*words)["entity"]["name"] == "Ball"


def test_generator_event_prints_each_yield(run: Run, answer: Answer, pen: str) -> None:
    lines = run("event", pen, "refill").stdout.splitlines()
    at = lines.index(" 50% box 1")
    assert lines[at + 1] == "100% box 2"
    assert lines[at + 2].startswith(f"{pen}.refill: done")
    steps = answer("event", pen, "refill")["yielded"]
    assert [step["progress"] for step in steps] == [
        {"done": 0.5, "text": "box 1"},
        {"done": 1.0, "text": "box 2"},
    ]
    assert steps[0]["version"] < steps[1]["version"]


def test_json_output_of_a_printing_event_is_alone_on_stdout(run: Run, pen: str) -> None:
    result = run("event", pen, "lock", "--code", "hush", "--json")
    assert json.loads(result.stdout)["entity"]["active"] is False
    assert "inside the event" in result.stderr
    assert "hush" not in result.output


@pytest.mark.parametrize(
    ("words", "code", "lines"),
    [
        (
            ["adjust_stock", "--delta", "ten", "--reason", "gift"],
            2,
            [
                "  delta: Enter a whole number.",
                "  reason: Must be one of 'sale', 'return'.",
                "Signature: adjust_stock(delta: int, reason: Literal['sale', 'return'] = 'sale').",
            ],
        ),
        (
            ["adjust_stock"],
            2,
            [
                "  delta: Please fill this in.",
                "Signature: adjust_stock(delta: int, reason: Literal['sale', 'return'] = 'sale').",
            ],
        ),
        (["update", "--name", "P", "--price=0"], 2,
         ["  name: At least 2 characters.", "  price: Must be greater than 0.0.", SIGNATURE]),
    ],
    ids=["conversion", "missing", "rule"],
)  # fmt: skip
def test_invalid_arguments_are_reported_by_field(
    run: Run, pen: str, words: list[str], code: int, lines: list[str]
) -> None:
    result = run("event", pen, *words)
    assert result.exit_code == code
    assert errors(result) == [f"starmodel: {pen}.{words[0]} was refused.", *lines]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["adjust_stock", "--delta", "-9"], "Insufficient stock"),
        (["label", "--arg", "json=x", "--actor", "ann"], "You may not run Product.label."),
    ],
    ids=["domain", "access"],
)
def test_domain_and_access_errors_print_only_their_message(
    run: Run, pen: str, words: list[str], sentence: str
) -> None:
    result = run("event", pen, *words)
    assert (result.exit_code, errors(result)) == (1, [f"starmodel: {sentence}"])


def test_json_of_an_invalid_argument_has_type_text_and_fields(run: Run, pen: str) -> None:
    result = run("event", pen, "update", "--name", "P", "--json")
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert (document["ok"], document["event"]) == (False, f"{pen}.update")
    assert document["error"]["type"] == "BindingError"
    assert document["error"]["fields"] == {"name": "At least 2 characters."}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["Produkt", "x"], "There is no entity 'Produkt'. Did you mean 'Product'? "
         "This application has Product, Counter, Basket, Visit, Chat."),
        (["Product", "delete"],
         "Which Product? Give its id: starmodel event Product:ID delete. Only create needs none."),
        (["Product:7", "create"], "create makes a new Product. Leave out ':7'."),
        (["Chat:7", "say"], "There is one Chat for the whole application. Leave out ':7'."),
        (["Chat", "say", "hello"], "'hello' is not understood. Give each parameter by its name: "
         "--name value. Signature: say(text: str)."),
        (["Chat", "say", "--txt", "a"],
         "Chat.say has no parameter 'txt'. Did you mean --text? Signature: say(text: str)."),
        (["Chat", "say", "--text"], "--text needs a value. Signature: say(text: str)."),
        (["Chat", "say", "--text", "a", "--text", "b"], "'text' is given twice. Give it once."),
        (["Chat", "say", "--arg", "text"], "--arg 'text' has no value. Write --arg text=VALUE."),
        (["Basket", "add"], "Basket belongs to a signed-in user. Name the user: --actor ID."),
        (["Visit", "turn"],
         "Visit belongs to a visitor's session, and a terminal has none. Name one with --session "
         "NAME (the same name means the same Visit each time), or name a stored one by its key: "
         "Visit:KEY."),
        (["Chat", "say", "--role", "x"],
         "--role needs an actor. Add one: --actor ID --role NAME."),
        (["Product:7", "update", "--cost", "1", "--actor", "ann"],
         "Only trusted code may set 'cost' of Product. Leave it out, or leave out --actor."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_invalid_usage_exits_with_a_message_and_remedy(
    run: Run, words: list[str], sentence: str
) -> None:
    result = run("event", *words)
    assert (result.exit_code, errors(result)) == (2, [f"starmodel: {sentence}"])


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["Chat"], "starmodel: Which event of Chat? Its events are:"),
        (["Chat", "sai"], "starmodel: Chat has no event 'sai'. Did you mean 'say'? "
         "Its events are:"),
    ],
    ids=["none", "unknown"],
)  # fmt: skip
def test_unknown_event_lists_the_existing_events(run: Run, words: list[str], first: str) -> None:
    result = run("event", *words)
    assert result.exit_code == 2
    assert errors(result) == [first, "  say(text: str)"]


def test_unexpected_error_prints_application_frames_and_that_nothing_was_stored(
    run: Run, pen: str
) -> None:
    result = run("event", pen, "boom")
    assert result.exit_code == 1
    lines = errors(result)
    assert sum(line.strip().startswith("File ") for line in lines) == 1
    assert "ZeroDivisionError: division by zero" in lines
    assert lines[-1] == (
        f"starmodel: {pen}.boom failed with the ZeroDivisionError above; nothing of it was stored."
    )


def test_session_option_with_the_same_name_selects_the_same_entity(answer: Answer) -> None:
    first = answer("event", "Visit", "turn", "--session", "till")
    assert answer("event", "Visit", "turn", "--session", "till")["entity"]["pages"] == 2
    assert answer("event", "Visit", "turn", "--session", "other")["entity"]["pages"] == 1
    key = first["entity"]["id"]
    assert answer("event", f"Visit:{key}", "turn")["entity"]["pages"] == 3


def test_user_entity_belongs_to_the_actor_option(answer: Answer) -> None:
    answer("event", "Basket", "add", "--actor", "ann")
    assert answer("event", "Basket", "add", "--actor", "ann")["entity"]["count"] == 2
    assert answer("event", "Basket", "add", "--actor", "bob")["entity"]["count"] == 1


def test_event_of_an_entity_in_memory_prints_a_note(run: Run) -> None:
    result = run("event", "Counter", "increment", "--session", "me", "--amount", "2")
    assert result.exit_code == 0
    assert errors(result) == [
        "Note: Counter is stored in the memory of this command. It is deleted when the command "
        "ends, and a running server does not see it."
    ]


def test_event_with_an_unreachable_database_exits_with_a_message(
    run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///gone/shop.db")
    result = run("event", "Chat", "say", "--text", "hi")
    assert result.exit_code == 1
    assert "starmodel: The database gone/shop.db can't be opened" in result.stderr
    assert "Traceback" not in result.stderr


def test_event_in_a_subprocess_commits_to_the_database_file(folder: Path) -> None:
    program = "from starmodel.cli.main import main; main()"
    words = ["event", "Chat", "say", "--text", "hi", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["entity"]["lines"] == ["hi"]
    assert (folder / "starmodel.db").is_file()
