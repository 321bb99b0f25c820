"""Measures what a server-side session costs an event: signed in, compared with a guest.

Both visitors run the same public event on entities of their own, in process and in turn, with
bare ASGI messages. The figure is the ratio of their CPU times, in batches that alternate. With
`--guard` it fails above the limit.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time

from starmodel import Actor, Entity, create_app, event

BATCHES, EVENTS = 60, 200
LIMIT = 1.03


class Counter(Entity):
    model_config = {"access": "public"}
    n: int = 0

    @event
    def add(self):
        self.n += 1


async def request(app, method, path, cookie):
    """Send one request; returns its status and the cookie for the next one."""
    headers = [
        (b"host", b"localhost"), (b"accept", b"application/json"), (b"cookie", cookie),
        (b"origin", b"http://localhost"), (b"sec-fetch-site", b"same-origin"),
    ]  # fmt: skip
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }  # fmt: skip
    status = 0

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        nonlocal status, cookie
        if message["type"] == "http.response.start":
            status = message["status"]
            for name, value in message["headers"]:
                if name == b"set-cookie":
                    cookie = value.partition(b";")[0]

    await app(scope, receive, send)
    return status, cookie


async def batch(app, cookie):
    """The CPU time of one batch of events in microseconds each."""
    started = time.process_time()
    for _ in range(EVENTS):
        status, cookie = await request(app, "POST", "/counter/add", cookie)
        if status != 200:
            raise RuntimeError(f"The event was answered with {status}.")
    return (time.process_time() - started) / EVENTS * 1e6


async def measure():
    app = create_app([Counter], secret_key="sessions" * 8, env="production")

    @app.get("/enter")
    def enter(session):
        session.sign_in(Actor("ann", roles=frozenset({"editor"})))
        return "in"

    _, guest = await request(app, "POST", "/counter/add", b"")
    _, ann = await request(app, "GET", "/enter", b"")
    took = {"guest": [], "signed in": []}
    for number in range(BATCHES):
        visitors = [("guest", guest), ("signed in", ann)]
        for name, cookie in visitors if number % 2 else reversed(visitors):
            took[name].append(await batch(app, cookie))
    await app.starmodel.close()
    ratio = statistics.median(b / a for a, b in zip(took["guest"], took["signed in"], strict=True))
    return {name: statistics.median(times) for name, times in took.items()}, ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guard", action="store_true", help=f"fail above {LIMIT:.2f}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        medians, ratio = asyncio.run(measure())
        os.chdir("/")
    for name, cost in medians.items():
        print(f"{name:>10}: {cost:6.0f} µs of CPU time for each event")
    print(f"     ratio: {ratio:6.3f}")
    if options.guard and ratio > LIMIT:
        raise SystemExit(f"A signed-in session costs more than {LIMIT:.2f} of a guest's event.")


if __name__ == "__main__":
    main()
