"""`starmodel event`: what it runs, what it prints, how it refuses."""

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
    """Every test here has the shop in its folder."""


@pytest.fixture
def pen(answer: Answer) -> str:
    """A record that is stored: "Product:…"."""
    made = answer("event", "Product", "create", "--name", "Pen", "--stock", "3")
    return f"Product:{made['entity']['id']}"


def told(result: Result) -> list[str]:
    """The lines on stderr but those that the application prints."""
    return [line for line in result.stderr.splitlines() if line != "shop is imported"]


def test_create_tells_the_record_after_and_its_version(run: Run) -> None:
    result = run("event", "Product", "create", "--name", "Pen", "--stock", "3")
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if line != "shop is imported"]
    assert lines[0].startswith("Product.create: done, version ")
    assert '  name    "Pen"' in lines
    assert "  worth   3.0" in lines
    assert "cost" not in result.stdout


def test_event_of_a_record_is_stored_and_its_toast_is_told(
    run: Run, answer: Answer, pen: str
) -> None:
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


def test_update_takes_lists_switches_and_private_fields_of_trusted_code(
    answer: Answer, pen: str
) -> None:
    changed = answer(
        "event", pen, "update", "--tags", "new", "--tags", "blue", "--no-active", "--cost", "2"
    )
    assert changed["entity"]["tags"] == ["new", "blue"]
    assert changed["entity"]["active"] is False


@pytest.mark.parametrize("words", [(), ("--json",)])
@pytest.mark.parametrize(
    "broken", ["cli.events.outcomes.public_state", "app.application.Application.close"]
)
def test_what_fails_after_the_commit_leaves_a_success(
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


def test_document_fits_a_terminal_of_few_letters(pen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = str(Path(sys.executable).with_name("starmodel"))
    command = [program, "event", pen, "update", "--name", "Zoë", "--json"]
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["entity"]["name"] == "Zoë"


def test_delete_leaves_nothing(run: Run, answer: Answer, pen: str) -> None:
    assert answer("event", pen, "delete")["entity"] is None
    result = run("event", pen, "delete")
    assert result.exit_code == 1
    assert told(result) == [f"starmodel: Product {pen.partition(':')[2]!r} does not exist."]


def test_parameter_named_like_an_option_is_given_as_arg(answer: Answer, pen: str) -> None:
    words = ("event", pen, "label", "--arg", "json=Ball", "--actor", "ann", "--role", "editor")
    assert answer(*words)["entity"]["name"] == "Ball"


def test_generator_tells_each_step(run: Run, answer: Answer, pen: str) -> None:
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


def test_json_is_alone_on_stdout_whatever_the_event_prints(run: Run, pen: str) -> None:
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
                "  delta: A whole number, please.",
                "  reason: One of 'sale' or 'return', please.",
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
         ["  name: At least 2 characters.", "  price: More than 0.0, please.", SIGNATURE]),
    ],
    ids=["conversion", "missing", "rule"],
)  # fmt: skip
def test_refused_values_are_told_by_field(
    run: Run, pen: str, words: list[str], code: int, lines: list[str]
) -> None:
    result = run("event", pen, *words)
    assert result.exit_code == code
    assert told(result) == [f"starmodel: {pen}.{words[0]} was refused.", *lines]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["adjust_stock", "--delta", "-9"], "Insufficient stock"),
        (["label", "--arg", "json=x", "--actor", "ann"], "You may not run Product.label."),
    ],
    ids=["domain", "access"],
)
def test_refusal_of_the_domain_is_its_sentence(
    run: Run, pen: str, words: list[str], sentence: str
) -> None:
    result = run("event", pen, *words)
    assert (result.exit_code, told(result)) == (1, [f"starmodel: {sentence}"])


def test_refusal_for_programs_has_kind_text_and_fields(run: Run, pen: str) -> None:
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
        (["Basket", "add"], "Basket belongs to a signed-in user. Say whose: --actor ID."),
        (["Visit", "turn"],
         "Visit belongs to a visitor's session, and a terminal has none. Name one with --session "
         "NAME (the same name means the same Visit each time), or name a stored one by its key: "
         "Visit:KEY."),
        (["Chat", "say", "--role", "x"],
         "--role is of somebody. Say whose: --actor ID --role NAME."),
        (["Product:7", "update", "--cost", "1", "--actor", "ann"],
         "Only trusted code may set 'cost' of Product. Leave it out, or leave out --actor."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_usage_ends_with_one_sentence_and_the_remedy(
    run: Run, words: list[str], sentence: str
) -> None:
    result = run("event", *words)
    assert (result.exit_code, told(result)) == (2, [f"starmodel: {sentence}"])


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["Chat"], "starmodel: Which event of Chat? Its events are:"),
        (["Chat", "sai"], "starmodel: Chat has no event 'sai'. Did you mean 'say'? "
         "Its events are:"),
    ],
    ids=["none", "unknown"],
)  # fmt: skip
def test_unknown_event_lists_those_there_are(run: Run, words: list[str], first: str) -> None:
    result = run("event", *words)
    assert result.exit_code == 2
    assert told(result) == [first, "  say(text: str)"]


def test_unexpected_error_shows_the_users_frames_and_that_nothing_was_stored(
    run: Run, pen: str
) -> None:
    result = run("event", pen, "boom")
    assert result.exit_code == 1
    lines = told(result)
    assert sum(line.strip().startswith("File ") for line in lines) == 1
    assert "ZeroDivisionError: division by zero" in lines
    assert lines[-1] == (
        f"starmodel: {pen}.boom failed with the ZeroDivisionError above; nothing of it was stored."
    )


def test_named_session_means_the_same_instance_each_time(answer: Answer) -> None:
    first = answer("event", "Visit", "turn", "--session", "till")
    assert answer("event", "Visit", "turn", "--session", "till")["entity"]["pages"] == 2
    assert answer("event", "Visit", "turn", "--session", "other")["entity"]["pages"] == 1
    key = first["entity"]["id"]
    assert answer("event", f"Visit:{key}", "turn")["entity"]["pages"] == 3


def test_instance_of_a_user_belongs_to_the_actor(answer: Answer) -> None:
    answer("event", "Basket", "add", "--actor", "ann")
    assert answer("event", "Basket", "add", "--actor", "ann")["entity"]["count"] == 2
    assert answer("event", "Basket", "add", "--actor", "bob")["entity"]["count"] == 1


def test_entity_in_memory_is_run_with_a_note(run: Run) -> None:
    result = run("event", "Counter", "increment", "--session", "me", "--amount", "2")
    assert result.exit_code == 0
    assert told(result) == [
        "Note: Counter is kept in memory, here in that of this command. It is gone at its end, "
        "and a running server does not see it."
    ]


def test_store_that_cannot_be_opened_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///gone/shop.db")
    result = run("event", "Chat", "say", "--text", "hi")
    assert result.exit_code == 1
    assert "starmodel: The database gone/shop.db can't be opened" in result.stderr
    assert "Traceback" not in result.stderr


def test_command_runs_as_a_process_of_its_own(folder: Path) -> None:
    program = "from starmodel.cli.main import main; main()"
    words = ["event", "Chat", "say", "--text", "hi", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["entity"]["lines"] == ["hi"]
    assert (folder / "starmodel.db").is_file()
