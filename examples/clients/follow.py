"""Follows a record or list of a StarModel application, with httpx.

`python follow.py http://127.0.0.1:8000/tasks` prints each state as one line of JSON.
"""

import json
import logging
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx

log = logging.getLogger("follow")
SILENCE_S = 45.0  # three heartbeats
LONGEST_WAIT_S = 15.0


class RefusedError(Exception):
    """The response refused the stream, so that another attempt has the same result."""


def follow(url: str, **options: Any) -> Iterator[Any]:
    """Each state: the fields of a record, the rows of a list, or None after its removal.

    Reconnects after a failure. Shapes: options are those of httpx.Client, such as headers.
    """
    wait_s = 0.5
    with httpx.Client(timeout=httpx.Timeout(10.0, read=SILENCE_S), **options) as client:
        while True:
            try:
                for state in states(client, url):
                    wait_s = 0.5
                    yield state
            except httpx.HTTPError as error:
                log.warning("%s: %r", url, error)
            time.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads reconnections
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)


def states(client: httpx.Client, url: str) -> Iterator[Any]:
    """The states of one connection."""
    with client.stream("GET", url, headers={"Accept": "application/x-ndjson"}) as response:
        if response.is_client_error and response.status_code != 429:
            raise RefusedError(f"{response.status_code} {response.read().decode()}")
        response.raise_for_status()
        state = None
        for line in response.iter_lines():
            patch = json.loads(line)
            if patch["type"] != "heartbeat":
                state = applied(state, patch)
                yield state


def applied(state: Any, patch: Any) -> Any:
    """The state after a patch."""
    if patch["type"] == "snapshot":
        return patch["state"] if "state" in patch else patch["items"]
    if patch["type"] != "patch":  # deleted, expired or closed
        return None
    if "items" not in patch:
        fields = {**state, **patch["set"]}
        return {name: value for name, value in fields.items() if name not in patch["unset"]}
    rows = {row["id"]: row for row in [*state, *patch["items"]]}
    order = patch.get("order", [row["id"] for row in state])
    return [rows[id] for id in order]


if __name__ == "__main__":
    for each in follow(sys.argv[1]):
        sys.stdout.write(f"{json.dumps(each)}\n")
        sys.stdout.flush()
