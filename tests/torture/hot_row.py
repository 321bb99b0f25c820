"""One of several processes whose writers all update one row."""

PROGRAM = """\
import asyncio
import json
import logging
import sys
import time
from collections import Counter

import httpx

from starmodel import Entity, create_app, event
from starmodel.testing import Visitor

url, name, begin = sys.argv[1], sys.argv[2], float(sys.argv[3])
writers, commands = int(sys.argv[4]), int(sys.argv[5])


class Account(Entity):
    model_config = {"store": "sql", "access": "public"}
    id: str
    total: int = 0

    @event
    def add(self, amount: int):
        self.total += amount


app = create_app([Account], database_url=url, secret_key="k" * 48, database_timeout_s=60)
answers, longest = Counter(), 0.0


async def write(client, number):
    global longest
    for command in range(commands):
        started = time.perf_counter()
        key = {"idempotency-key": f"{name}-{number}-{command}"}
        answer = await client.post("/accounts/a/add", json={"amount": 1}, headers=key)
        answers[answer.status_code] += 1
        longest = max(longest, time.perf_counter() - started)


async def main():
    headers = {"accept": "application/json", "origin": "http://localhost"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers, timeout=120
    ) as client:
        await client.post("/accounts", json={"id": "a"})  # of all processes, one makes it
        await asyncio.sleep(max(0.0, begin - time.time()))
        started = time.perf_counter()
        await asyncio.gather(*(write(client, number) for number in range(writers)))
        seconds = time.perf_counter() - started
    sys.stdout.write(json.dumps({"answers": answers, "seconds": seconds, "longest": longest}))


with Visitor(app, timeout_s=300) as visitor:
    visitor.run(main())
"""
