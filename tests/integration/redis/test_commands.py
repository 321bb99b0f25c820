"""`starmodel redis` and `starmodel doctor` with a Redis server."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from redis import Redis
from typer.testing import CliRunner

from starmodel.adapters.persistence.redis.server.checks import ServerInfo
from starmodel.cli.doctor.redis import findings_of
from starmodel.cli.main import app as cli

PROGRAM = """
from starmodel import Entity, Field, Settings, create_app

class Note(Entity):
    model_config = {"store": "redis", "scope": "record", "access": "public"}
    text: str = Field(default="", index=True)
    pass_word: str = Field(default="", private=True)

class Cart(Entity):
    model_config = {"store": "redis", "ttl": 60}
    count: int = 0

app = create_app([Note, Cart])
"""


@pytest.fixture
def run(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.delitem(sys.modules, "main", raising=False)
    (tmp_path / "main.py").write_text(PROGRAM)

    def run(*words: str, sent: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(cli, list(words), input=sent)
        return result.exit_code, result.output

    return run


def _store_notes(client: Redis[bytes]) -> None:
    for id in ("a", "b"):
        raw = f'{{"$":"5;;;text=1hi","id":"{id}","text":"hi","pass_word":"geheim","newer":1}}'
        client.set(f"starmodel:Note:{id}", raw)
        client.zadd("starmodel:Note#index", {f"id\0{id}": 0, f"text\x001hi\0{id}": 0})


def test_stats_inspect_and_flush(run, client: Redis[bytes]) -> None:
    _store_notes(client)
    client.set("other:key", "stays")
    code, text = run("redis", "stats")
    assert code == 0, text
    assert re.search(r"Note +2 +0 +\d+ B", text)
    code, text = run("redis", "stats", "--json")
    assert [each["records"] for each in json.loads(text)["classes"]] == [2, 0]
    code, text = run("redis", "inspect", "Note", "a")
    assert code == 0
    assert "text = 'hi'" in text
    assert "geheim" not in text
    assert "newer = '(private)'" in text
    assert run("redis", "inspect", "Note", "z")[0] == 1
    code, text = run("redis", "inspect", "Nte", "a")
    assert (code, "Did you mean 'Note'?" in text) == (2, True)
    assert run("redis", "flush", sent="n\n")[0] == 1
    assert client.exists("starmodel:Note:a")
    code, text = run("redis", "flush", "--yes")
    assert (code, "Deleted 2 Note, 0 Cart" in text) == (0, True), text
    assert client.keys("starmodel:Note:*") == []
    assert client.zcard("starmodel:Note#index") == 0
    assert client.get("other:key") == b"stays"


def test_flush_in_production_needs_its_flag(
    run, client: Redis[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARMODEL_ENV", "production")
    monkeypatch.setenv("STARMODEL_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("STARMODEL_ALLOWED_HOSTS", "example.com")
    _store_notes(client)
    code, text = run("redis", "flush", "--yes")
    assert (code, "Add --production" in text) == (2, True), text
    code, text = run("redis", "flush", "Note", "--yes", "--production", "--json")
    assert json.loads(text) == {"removed": {"Note": 2}}


def test_doctor_says_what_the_server_is(run) -> None:
    _, text = run("doctor", "--json")
    about = [each for each in json.loads(text)["findings"] if each["about"] == "redis"]
    assert "can be reached and written" in json.dumps(about)
    assert "no persistence" in json.dumps(about)


def test_doctor_warns_of_eviction() -> None:
    info = ServerInfo({"maxmemory_policy": "allkeys-lfu", "aof_enabled": "1"})
    assert [each.level for each in findings_of(info, "host:1")] == ["ok", "problem"]
