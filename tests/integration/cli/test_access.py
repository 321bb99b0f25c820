"""`starmodel access`: decisions with the rule and the answer of each part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
Answer = Callable[..., Any]
Write = Callable[[str, str], Path]

PROGRAM = """
from starmodel import Entity, Field, create_app, event
from starmodel.access import actor, mfa, owner, record, role


class Customer(Entity):
    model_config = {"scope": "record", "store": "sql", "access": "role:staff"}
    id: str
    user_id: str = ""


class Invoice(Entity):
    model_config = {
        "store": "sql",
        "scope": "record",
        "access": {
            "read": role("staff")
            | (record.customer.user_id == actor.id)
            | (record.team == actor.team),
            "write": role("staff"),
            "delete": mfa() & ~record.state.in_(["sent", "paid"]),
        },
    }
    id: str
    customer_id: str = Field(foreign_key="customer.id")
    team: str | None = None
    state: str = "draft"
    margin: int = Field(default=0, access={"read": role("staff") | (record.state == "paid")})

    @event(access=lambda actor, invoice: invoice.state == "draft")
    def send(self):
        self.state = "sent"


class Note(Entity):
    model_config = {"scope": "user"}
    text: str = ""


app = create_app([Customer, Invoice, Note])
"""


@pytest.fixture(autouse=True)
def _invoice(write: Write, run: Run) -> None:
    """Create the application, a customer of Ann and its invoice."""
    write("main.py", PROGRAM)
    run("event", "Customer", "create", "--id", "c1", "--user-id", "ann")
    made = run("event", "Invoice", "create", "--id", "i1", "--customer-id", "c1")
    assert made.exit_code == 0, made.stderr


def explained(answer: Answer, *words: str) -> dict[str, Any]:
    """The decisions by name."""
    document = answer("access", *words)
    return {name: each for each in document["decisions"] for name in each["names"]}


def test_decision_names_its_rule_and_the_answer_of_each_part(run: Run) -> None:
    result = run("access", "Invoice:i1", "--as", "ann", "--claim", "team=red", "--event", "read")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "Invoice:i1 for ann (team = 'red')",
        "",
        "read: yes",
        "  by Invoice.model_config['access']['read']",
        "  yes  at least one of",
        "  no     role 'staff'",
        "  yes    customer.user_id is the actor's id",
        "  no     team is the actor's team",
    ]


def test_events_with_one_rule_are_one_decision(run: Run) -> None:
    lines = run("access", "Invoice:i1", "--as", "bob", "--role", "staff").stdout.splitlines()
    assert [line for line in lines if line and line[0] != " "][1:] == [
        "read: yes",
        "create, update: yes",
        "delete: no",
        "send: yes",
        "read margin: yes",
    ]


def test_answers_of_each_event(answer: Answer) -> None:
    found = explained(answer, "Invoice:i1", "--as", "ann", "--claim", 'amr=["mfa"]')
    assert {name: each["answer"] for name, each in found.items()} == {
        "read": True, "create": False, "update": False, "delete": True, "send": True,
        "read margin": False,
    }  # fmt: skip
    assert found["send"]["source"] == "@event(access=…) on Invoice.send"
    assert found["delete"]["part"]["parts"][1] == {
        "words": "not",
        "answer": True,
        "parts": [{"words": "state is one of 'sent', 'paid'", "answer": False, "parts": []}],
    }


def test_fields_with_rules_are_decisions(answer: Answer) -> None:
    found = explained(answer, "Invoice:i1", "--as", "ann")["read margin"]
    assert (found["answer"], found["source"]) == (False, "Field(access=…) on Invoice.margin")
    assert explained(answer, "Invoice", "--as", "ann")["read margin"]["answer"] is None
    staff = explained(answer, "Invoice", "--as", "sue", "--role", "staff")
    assert staff["read margin"]["answer"] is True


def test_class_leaves_open_what_depends_on_the_record(answer: Answer) -> None:
    found = explained(answer, "Invoice", "--as", "ann")
    assert (found["read"]["answer"], found["create"]["answer"]) == (None, False)
    assert explained(answer, "Invoice", "--as", "ann", "--role", "staff")["read"]["answer"] is True
    assert explained(answer, "Invoice")["read"]["answer"] is False


def test_class_without_a_rule_names_its_default(answer: Answer) -> None:
    read = explained(answer, "note", "--as", "ann", "--event", "read")["read"]
    assert (read["answer"], read["source"]) == (True, "the default of scope 'user'")


def test_policy_of_the_application_decides(write: Write, answer: Answer) -> None:
    own = """
from starmodel import RulePolicy

class Closed(RulePolicy):
    def check(self, entity_type, need, actor, **about):
        return need == "write" and super().check(entity_type, need, actor, **about)

class Grants:
    def check(self, entity_type, need, actor, **about):
        return actor is not None
    def reads_fields(self, entity_type):
        return True

app = create_app([Customer, Invoice, Note], policy=POLICY())
"""
    write("closed.py", PROGRAM + own.replace("POLICY", "Closed"))
    read = explained(answer, "Invoice:i1", "--as", "ann", "--app", "closed.py")["read"]
    expected = "Closed.check, beside Invoice.model_config['access']['read']"
    assert (read["answer"], read["source"]) == (False, expected)

    write("grants.py", PROGRAM + own.replace("POLICY", "Grants"))
    read = explained(answer, "Invoice:i1", "--as", "ann", "--app", "grants.py")["read"]
    assert (read["answer"], read["source"], read["part"]) == (True, "Grants.check", None)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["Invoice:zz"], 1, "There is no Invoice 'zz'"),
        (["Invoic"], 2, "Did you mean 'Invoice'?"),
        (["Invoice", "--event", "sned"], 2, "Did you mean 'send'?"),
        (["Invoice", "--role", "staff"], 2, "need an actor"),
        (["Invoice", "--as", "ann", "--claim", "team"], 2, "has no '='"),
        (["Invoice", "--as", "ann", "--claim", "id=bob"], 2, "an attribute of the actor"),
    ],
)
def test_wrong_command_line_is_explained(
    run: Run, words: list[str], code: int, message: str
) -> None:
    result = run("access", *words)
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
