"""Mail of an application: which mailer it has, and what a wrong setting says."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from mail_server import ENCODED, PASSWORD, mail_server
from starmodel import Entity, create_app, event, on
from starmodel.core.errors import ConfigurationError
from starmodel.mail import Mailbox, MailerOptions, MailMessage, send_mail
from starmodel.plugins import Plugin
from starmodel.testing import Visitor, memory_stores

SECRET = "k" * 40
PRODUCTION = {"env": "production", "secret_key": SECRET}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Order(Entity):
    model_config = {"scope": "record", "access": "public"}
    email: str = "ann@example.org"

    @event
    def confirm(self) -> None:
        self.email = self.email.lower()


@on(Order.confirm)
def send_confirmation(record: Any, entity: Order) -> None:
    send_mail(entity.email, "Confirmed", "Thank you.")


class Pigeons(Plugin):
    """Messages by pigeon."""

    name = "pigeons"

    def __init__(self, scheme: str = "pigeon") -> None:
        super().__init__()
        self.scheme, self.box, self.made = scheme, Mailbox(), list[MailerOptions]()

    def mailers(self) -> dict[str, Any]:
        return {self.scheme: self.make}

    def make(self, options: MailerOptions) -> Mailbox:
        self.made.append(options)
        return self.box


def test_mail_is_sent_after_the_commit_of_an_event() -> None:
    with memory_stores(), Visitor(create_app([Order])) as visitor:
        made = visitor.post("/orders", {"email": "Ann@example.org"}).json()["entity"]
        visitor.post(f"/orders/{made['id']}/confirm")
        (message,) = visitor.mail
    assert (message.to, message.subject, message.text) == (
        "ann@example.org", "Confirmed", "Thank you."
    )  # fmt: skip


def test_mail_needs_an_application() -> None:
    with pytest.raises(ConfigurationError, match="in @on handlers and in routes"):
        send_mail("ann@example.org", "Hello", "Text")


def test_development_has_the_mailbox_and_production_nothing() -> None:
    assert isinstance(create_app([], secret_key=SECRET).starmodel.mail.mailer, Mailbox)
    assert create_app([], **PRODUCTION).starmodel.mail.mailer is None
    without = create_app([], secret_key=SECRET, plugins_disabled=["mail"])
    assert not without.starmodel.mail.is_available


def test_own_mailer_takes_precedence() -> None:
    own = Mailbox()
    app = create_app([], mailer=own, mail_url="smtp://localhost", mail_from="a@b.example",
                     **PRODUCTION)  # fmt: skip
    assert app.starmodel.mail.mailer is own


def test_tests_send_nothing_with_a_configured_server() -> None:
    with memory_stores():
        app = create_app([], mail_url="smtp://localhost", mail_from="a@b.example", **PRODUCTION)
    assert isinstance(app.starmodel.mail.mailer, Mailbox)


def test_plugin_makes_the_mailer_of_its_scheme() -> None:
    plugin = Pigeons()
    url = "pigeon://loft?key=hush"
    app = create_app([], plugins=[plugin], mail_url=url, mail_from="A <a@b.example>", **PRODUCTION)
    assert app.starmodel.mail.mailer is plugin.box
    (options,) = plugin.made
    assert (options.url, options.sender, options.development) == (
        url, ("A", "a@b.example"), False
    )  # fmt: skip
    assert "hush" not in repr(options)


def test_plugin_can_not_replace_a_scheme_of_others() -> None:
    first, second, third = Pigeons(), Pigeons("smtp"), Pigeons()
    second.name, third.name = "doves", "ravens"  # type: ignore[misc]
    app = create_app([], plugins=[first, second, third], secret_key=SECRET)
    notes = {name: app.starmodel.plugins.report(name).notes for name in ("doves", "ravens")}
    assert notes == {
        "doves": ["The mailer 'smtp' is that of StarModel already."],
        "ravens": ["The mailer 'pigeon' is that of pigeons already."],
    }


@pytest.mark.parametrize("mailers", [{"Bad Scheme": Mailbox}, {"x": "no function"}, ["x"]])
def test_wrong_mailers_of_a_plugin_are_reported(mailers: Any) -> None:
    plugin = Pigeons()
    plugin.mailers = lambda: mailers  # type: ignore[method-assign]
    app = create_app([], plugins=[plugin], secret_key=SECRET)
    report = app.starmodel.plugins.report("pigeons")
    assert report.state == "failed"
    assert "mailers() returns" in report.reason


def test_failing_mailer_stops_the_start_without_its_secrets() -> None:
    class Broken(Pigeons):
        """Breaks."""

        def make(self, options: MailerOptions) -> Mailbox:
            raise RuntimeError(f"can't parse {options.url}")

    with pytest.raises(ConfigurationError, match="The mailer 'pigeon' can't be made") as raised:
        create_app([], plugins=[Broken()], mail_url="pigeon://u:hush-word@loft",
                   mail_from="a@b.example", secret_key=SECRET)  # fmt: skip
    assert "hush" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"mail_url": "pigeon://u:hush@loft", "mail_from": "a@b.example"},
         "begins with 'pigeon'; expected one of mailbox, smtp, smtps"),
        ({"mail_url": "smtps://u:hush@mail.example.org"}, "mail_from is missing"),
        ({"mail_url": "hush word"}, "must look like smtps://user:password@mail.example.org"),
        ({"mail_url": "smtps://u:hush\n@mail", "mail_from": "a@b.example"}, "must look like"),
        ({"mail_from": "hush"}, "must look like Shop <no-reply@shop.example>"),
        ({"mail_url": "smtp://u:hush@mail/path", "mail_from": "a@b.example"},
         "mail_url is no address of an SMTP server"),
        ({"mail_url": "mailbox:", "env": "production"}, "The mailbox delivers no mail"),
    ],
)  # fmt: skip
def test_wrong_setting_stops_the_start_with_a_sentence(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text) as raised:
        create_app([], secret_key=SECRET, **options)
    if "mail_url" in options:
        assert "hush" not in str(raised.value)


def test_missing_library_stops_the_start_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "aiosmtplib", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'starmodel\[mail\]'"):
        create_app([], mail_url="smtp://localhost", mail_from="a@b.example", secret_key=SECRET)


@pytest.fixture
def unreachable() -> Any:
    return create_app([], mail_url=f"smtp://{ENCODED}@127.0.0.1:1", mail_from="a@b.example",
                     title="Shop", **PRODUCTION)  # fmt: skip


def test_health_names_a_mail_server_out_of_reach(
    unreachable: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Visitor(unreachable, raise_errors=False) as visitor:
        reply = visitor.get("/_starmodel/health")
    assert (reply.status, reply.json()["checks"]) == (503, {"mail.server": "failed"})
    assert "127.0.0.1:1 can't be used" in caplog.text
    assert PASSWORD not in caplog.text
    assert ENCODED not in caplog.text


def test_health_passes_with_a_mail_server() -> None:
    with mail_server() as server:
        app = create_app([], mail_url=f"smtp://127.0.0.1:{server.port}", mail_from="a@b.example",
                         **PRODUCTION)  # fmt: skip
        with Visitor(app) as visitor:
            assert visitor.get("/_starmodel/health").json()["checks"] == {"mail.server": "ok"}
            queue = app.starmodel.mail

            async def send() -> None:
                queue.send(MailMessage("ann@example.org", "Hello", "Text"))
                await queue.idle(timeout_s=30)

            visitor.run(send())
    assert [m.to for m in server.messages] == ["ann@example.org"]


def test_doctor_hides_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from starmodel.cli.main import app as cli

    (tmp_path / "main.py").write_text("from starmodel import create_app\napp = create_app([])\n")
    monkeypatch.setenv("STARMODEL_MAIL_URL", f"smtp://{ENCODED}@127.0.0.1:1")
    monkeypatch.setenv("STARMODEL_MAIL_FROM", "Shop <a@b.example>")
    with pytest.raises(SystemExit):
        cli(["doctor", "main.py", "--json"])
    text = capsys.readouterr().out
    report = json.loads(text)
    (row,) = [row for row in report["settings"] if row["name"] == "mail_url"]
    assert row["value"] == "smtp://mailer:***@127.0.0.1:1"
    assert any("mail.server" in str(f) and "can't be used" in str(f) for f in report["findings"])
    assert PASSWORD not in text
    assert ENCODED.partition(":")[2] not in text


@pytest.mark.parametrize(
    ("code", "variables", "text"),
    [
        ("create_app([], auth=True)", {}, "It is not set, so nobody can reset a password"),
        ("create_app([])", {"MAIL_URL": "smtp://127.0.0.1:1?tls=none", "MAIL_FROM": "a@b.example"},
         "It has ?tls=none"),
        ("create_app([])", {}, None),
    ],
)  # fmt: skip
def test_doctor_warns_of_missing_and_unencrypted_mail_in_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    code: str, variables: dict[str, str], text: str | None,
) -> None:  # fmt: skip
    from starmodel.cli.main import app as cli

    name = f"app{len(code)}with{len(variables)}"  # modules are imported once
    (tmp_path / f"{name}.py").write_text(f"from starmodel import create_app\napp = {code}\n")
    for key, value in {"ENV": "production", "SECRET_KEY": SECRET, **variables}.items():
        monkeypatch.setenv(f"STARMODEL_{key}", value)
    with pytest.raises(SystemExit):
        cli(["doctor", f"{name}.py", "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    found = [finding["text"] for finding in findings if finding["about"] == "mail_url"]
    assert [each.startswith(text or "-") for each in found] == ([True] if text else [])
