"""Background work is scheduled fairly: bounded concurrency, round-robin, a share of CPU time."""

from __future__ import annotations

import asyncio
import contextlib
import time

from starmodel.app.live.scheduler import AT_ONCE, BURST_S, SHARE, FairScheduler, LeakyBucket


async def step() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Work:
    """Pieces of work that run until `finish`."""

    def __init__(self, scheduler: FairScheduler) -> None:
        self.scheduler, self.began = scheduler, list[str]()
        self.running, self._open = list[str](), asyncio.Event()
        self.tasks = set[asyncio.Task[None]]()

    def add(self, payer: str) -> asyncio.Task[None]:
        task = asyncio.create_task(self._work(payer))
        self.tasks.add(task)
        return task

    async def _work(self, payer: str) -> None:
        async with self.scheduler.slot(payer):
            self.began.append(payer)
            self.running.append(payer)
            try:
                await self._open.wait()
            finally:
                self.running.remove(payer)

    async def finish(self) -> None:
        self._open.set()
        self._open = asyncio.Event()
        await step()


async def test_concurrency_is_bounded_per_payer_and_in_total() -> None:
    work = Work(FairScheduler())
    for payer in ("a", "a", "a", "b", "c", "d", "e"):
        work.add(payer)
    await step()
    assert sorted(work.running) == ["a", "b", "c", "d"]
    assert len(work.running) == AT_ONCE
    for _ in range(3):
        await work.finish()
    assert sorted(work.began) == ["a", "a", "a", "b", "c", "d", "e"]
    assert work.began.index("e") < 6  # before the last task of the payer with more


async def test_cancelled_task_frees_its_slot() -> None:
    work = Work(FairScheduler())
    first, waiting, other = work.add("a"), work.add("a"), work.add("a")
    await step()
    for task in (waiting, first):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await step()
    assert work.began == ["a", "a"]
    await work.finish()
    assert other.done()
    assert not work.scheduler._waiting
    assert not work.scheduler._running


async def test_payer_beyond_its_share_waits_alone() -> None:
    scheduler = FairScheduler()
    async with scheduler.slot("busy"):
        until = time.thread_time() + BURST_S * 2
        while time.thread_time() < until:
            pass
    work = Work(scheduler)
    work.add("busy")
    work.add("quiet")
    await step()
    assert work.running == ["quiet"]
    for _ in range(200):
        await asyncio.sleep(0.01)
        if "busy" in work.running:
            break
    assert "busy" in work.running
    await work.finish()


def test_allowance_drains_by_its_share() -> None:
    used = LeakyBucket(BURST_S, SHARE)
    assert used.wait_s(0.0) == 0
    used.charge(1.0, 10.0)
    assert used.wait_s(10.0) == (1.0 - BURST_S) / SHARE
    assert used.left_s(12.0) == 1.0 - 2 * SHARE
    assert used.left_s(1000.0) == 0
