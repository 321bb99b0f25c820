"""The example clients follow a record and a list of a real server, through a restart."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e.serving import EXAMPLES, Server

CLIENTS = EXAMPLES / "clients"
WAIT_S = 30.0


def command(language: str) -> list[str]:
    """The command of a client."""
    if language == "python":
        return [sys.executable, str(CLIENTS / "follow.py")]
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node 20 or newer on the PATH, such as from the package nodejs")
    return [node, str(CLIENTS / "follow.mjs")]


class Following:
    """A client process; its states in the order in which it prints them."""

    def __init__(self, language: str, url: str) -> None:
        self.process = subprocess.Popen(
            [*command(language), url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def until(self, expected: Any) -> None:
        """Return when the client has this state. Raises: queue.Empty."""
        while json.loads(self._lines.get(timeout=WAIT_S)) != expected:
            pass

    def __enter__(self) -> Following:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    program = (CLIENTS / "app.py").read_text(encoding="utf-8")
    with Server(tmp_path / "tasks", program) as server:
        yield server


def post(server: Server, path: str, **values: Any) -> Any:
    reply = httpx.post(f"{server.url}{path}", json=values)
    assert reply.is_success, reply.text
    return reply.json()["entity"]


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_client_follows_a_record_through_a_restart(server: Server, language: str) -> None:
    task = post(server, "/tasks", title="Write")
    path = f"/tasks/{task['id']}"

    with Following(language, server.url + path) as client:
        client.until(task)
        post(server, f"{path}/toggle")
        client.until({**task, "done": True})
        server.stop()
        server.start()
        post(server, f"{path}/toggle")
        client.until(task)
        httpx.delete(server.url + path).raise_for_status()
        client.until(None)


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_client_follows_a_list(server: Server, language: str) -> None:
    with Following(language, f"{server.url}/tasks?order=title&per_page=2") as client:
        client.until([])
        b = post(server, "/tasks", title="b")
        client.until([b])
        a = post(server, "/tasks", title="a")
        client.until([a, b])
        post(server, f"/tasks/{b['id']}/toggle")
        client.until([a, {**b, "done": True}])
        post(server, "/tasks", title="aa")
        httpx.delete(f"{server.url}/tasks/{a['id']}").raise_for_status()
        post(server, f"/tasks/{b['id']}/toggle")
        rows = httpx.get(f"{server.url}/tasks?order=title&per_page=2").json()["items"]
        client.until(rows)


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_client_stops_at_a_refusal(server: Server, language: str) -> None:
    with Following(language, f"{server.url}/tasks/none") as client:
        _, errors = client.process.communicate(timeout=WAIT_S)

    assert client.process.returncode == 1
    assert "404" in errors
