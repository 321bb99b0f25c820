"""Writers with retries, server processes that are killed, and the totals that must agree."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from e2e.serving import Server
from torture.application import APPLICATION

KEY = "torture-torture-torture-torture-torture"
# A database may restart slowly on a busy machine, and commands wait for it.
DATABASE_TIMEOUT_S, PATIENCE_S = 30.0, 120.0
REPEATED, AT_ONCE = (
    0.1,
    0.05,
)  # the share of keys that a writer repeats, or sends to two servers concurrently
# All processes share one host, as behind a load balancer, because a cookie belongs to a host.
HOST = "127.0.0.1"
Send = Callable[[str], Coroutine[Any, Any, httpx.Response]]


@dataclass(frozen=True)
class Size:
    """How much of it: each writer sends that many commands, and more until enough has died.

    Units: pause_s is how long it takes on average until the next process is
    killed; deaths_per_commit is the share of two-store commits in which a
    process dies between the two stores.
    """

    writers: int = 50
    commands: int = 12
    accounts: int = 4
    processes: int = 3
    kills: int = 2
    deaths: int = 2
    restarts: int = 2  # of the database
    pause_s: float = 0.5
    restart_s: float = 2.0  # from one restart of the database to the next
    deaths_per_commit: float = 0.02


@dataclass
class Figures:
    """Results as the writers observed them.

    Shapes: acknowledged is what must be stored, by the name of each number;
    failures are the bodies of answers from 500 on, conflicts those of 409.
    """

    acknowledged: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    lost_connections: int = 0
    repeats: int = 0
    kills: int = 0
    deaths: int = 0
    restarts: int = 0
    latencies_s: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def enough(self, size: Size) -> bool:
        """True when enough processes were killed."""
        return (
            self.kills >= size.kills
            and self.deaths >= size.deaths
            and self.restarts >= size.restarts
        )

    def __str__(self) -> str:
        done, in_order = len(self.latencies_s), sorted(self.latencies_s)
        p50, p99 = (1000 * in_order[int(share * (done - 1))] for share in (0.5, 0.99))
        answers = ", ".join(f"{n} of {status}" for status, n in sorted(self.statuses.items()))
        return (
            f"{done} commands acknowledged in {self.seconds:.1f} s ({done / self.seconds:.0f}/s, "
            f"median {p50:.0f} ms, 99 % within {p99:.0f} ms); {self.repeats} keys repeated; "
            f"answers: {answers}; {self.lost_connections} connections lost; "
            f"{self.kills} processes killed, {self.deaths} died between two stores; "
            f"database restarted {self.restarts} times"
        )


Torment = Callable[[Figures], Coroutine[Any, Any, None]]


async def to_the_end(work: Callable[[], None]) -> None:
    """Run a function in a thread, and wait for its end also when cancelled."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await running
        raise


class Cluster:
    """Several server processes on one database."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        size: Size,
        *,
        application: str = APPLICATION,
        **environment: str,
    ) -> None:
        self.journal = folder / "journal"
        self.journal.touch()
        self._size = size
        self._environment = {
            "DATABASE_URL": database_url,
            "STARMODEL_SECRET_KEY": KEY,
            "STARMODEL_DATABASE_TIMEOUT_S": str(DATABASE_TIMEOUT_S),
            "JOURNAL": str(self.journal),
            "DEATHS_PER_COMMIT": str(size.deaths_per_commit),
            **environment,
        }
        folders = (folder / str(number) for number in range(size.processes))
        self.servers = [Server(folder, application) for folder in folders]

    def start(self) -> None:
        for server in self.servers:
            server.start(**self._environment)

    def kill(self) -> None:
        for server in self.servers:
            server.kill()

    async def torment(self, figures: Figures) -> None:
        """Kill a process at random intervals, and restart it, until cancelled."""
        kill_at = time.monotonic()
        while True:
            await asyncio.sleep(0.05)
            if time.monotonic() > kill_at:
                kill_at = time.monotonic() + random.expovariate(1 / self._size.pause_s)
                server = random.choice(self.servers)
                if not server.died():
                    figures.kills += 1
                    server.kill()
                    await self._start(server)
            figures.deaths += await self.revive()

    async def revive(self) -> int:
        """Restart processes that crashed; returns their number."""
        dead = [server for server in self.servers if server.died()]
        for server in dead:
            await self._start(server)
        return len(dead)

    async def _start(self, server: Server) -> None:
        try:
            await to_the_end(lambda: server.start(**self._environment))
        except RuntimeError:
            # It may die between two stores as soon as it serves; then it is started once more.
            if not server.died():
                raise


class Writer:
    """One visitor who repeats each command, with its key, until it is acknowledged."""

    def __init__(self, number: int, cluster: Cluster, figures: Figures, size: Size) -> None:
        self._number, self._cluster, self._figures = number, cluster, figures
        self._size = size
        self._client = httpx.AsyncClient(
            timeout=DATABASE_TIMEOUT_S + 10, headers={"accept": "application/json", "host": HOST}
        )

    async def run(self) -> None:
        size, figures = self._size, self._figures
        async with self._client:
            await self._introduce()
            for number in itertools.count():
                if number >= size.commands and figures.enough(size):
                    return
                await self._command(f"{self._number}-{number}")

    async def _introduce(self) -> None:
        """Get the cookie: keys belong to a session, whichever process serves it."""
        await self._until_done(lambda url: self._client.get(f"{url}/accounts"))
        cookie = next(iter(self._client.cookies.jar))
        self._client.cookies.clear()
        self._client.headers["cookie"] = f"{cookie.name}={cookie.value}"

    async def _command(self, key: str) -> None:
        amount, number = random.randint(1, 9), random.randrange(self._size.accounts)
        one, other = f"a{number}", f"a{(number + 1) % self._size.accounts}"
        kind = random.choice(("add", "add", "move", "enter"))
        path, body = {
            "add": (f"/accounts/{one}/add", {"amount": amount}),
            "move": (f"/accounts/{one}/move", {"other": other, "amount": amount}),
            "enter": (f"/books/b{number}/enter", {"amount": amount}),
        }[kind]

        async def send(url: str) -> httpx.Response:
            headers = {"idempotency-key": key, "origin": f"http://{HOST}"}
            return await self._client.post(f"{url}{path}", json=body, headers=headers)

        started = time.perf_counter()
        at_once = random.random() < AT_ONCE
        await asyncio.gather(*(self._until_done(send) for _ in range(1 + at_once)))
        self._figures.latencies_s.append(time.perf_counter() - started)
        again = random.random() < REPEATED
        if again:
            await self._until_done(send)
        self._figures.repeats += at_once + again

        said = self._figures.acknowledged
        if kind == "enter":
            said[f"b{number}"] += amount
            return
        said[one] += -amount if kind == "move" else amount
        said[f"{one} entries"] += 1
        if kind == "move":
            said[other] += amount
            said[f"{other} entries"] += 1

    async def _until_done(self, send: Send) -> None:
        """Retry on one server after the other until a response is 200."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                answer = await send(random.choice(self._cluster.servers).url)
            except httpx.HTTPError:
                self._figures.lost_connections += 1
            else:
                self._figures.statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    return
                if answer.status_code >= 500:
                    self._figures.failures.append(answer.text[:300])
                elif answer.status_code == 409:
                    self._figures.conflicts.append(answer.text[:300])
                else:
                    raise AssertionError(f"{answer.status_code}: {answer.text[:300]}")
            await asyncio.sleep(random.uniform(0, 0.05))
        raise AssertionError(f"Not acknowledged within {PATIENCE_S:.0f} s.")


async def torture(cluster: Cluster, size: Size, *torments: Torment) -> Figures:
    """Run the writers while processes are killed; returns their figures.

    Shapes: torments are further ones, which count in the figures and are
    cancelled at the end.
    """
    figures = Figures()
    await _create(cluster, size)
    started = time.perf_counter()
    async with (
        asyncio.TaskGroup() as group
    ):  # a fault injector that fails ends the run with its error
        running = [group.create_task(one(figures)) for one in (cluster.torment, *torments)]
        writers = [Writer(number, cluster, figures, size) for number in range(size.writers)]
        await asyncio.wait([group.create_task(writer.run()) for writer in writers])
        figures.seconds = time.perf_counter() - started
        for torment in running:
            torment.cancel()
    return figures


async def stored(cluster: Cluster) -> list[Counter[str]]:
    """The stored totals by each process, with the keys of `Figures.acknowledged`."""
    said = []
    async with httpx.AsyncClient(headers={"accept": "application/json"}, timeout=30) as client:
        for server in cluster.servers:
            counted: Counter[str] = Counter()
            for path in ("accounts", "books"):
                for item in (await client.get(f"{server.url}/{path}")).json()["items"]:
                    counted[item["id"]] = item["total"]
                    if path == "accounts":
                        counted[f"{item['id']} entries"] = item["entries"]
            said.append(counted)
    return said


async def _create(cluster: Cluster, size: Size) -> None:
    url = cluster.servers[0].url
    headers = {"accept": "application/json", "origin": url}
    async with httpx.AsyncClient(headers=headers) as client:
        for path, letter in (("accounts", "a"), ("books", "b")):
            for number in range(size.accounts):
                answer = await client.post(f"{url}/{path}", json={"id": f"{letter}{number}"})
                answer.raise_for_status()
