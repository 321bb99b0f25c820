"""One shared entity, many open pages, 100 changes a second: the rate of delivery and its cost.

A single client process opens the pages' streams and counts their events;
it shares the machine's cores with the server.
"""

import argparse
import asyncio
import html
import re
import time
import urllib.request
from pathlib import Path

from load import cpu_seconds
from run import pin, start

PORT = 8780
ADDRESS = f"127.0.0.1:{PORT}"
RATE = 100


def resident_mb(pid):
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


async def open_stream(url, cookie, counts):
    """Open one page's stream; count its events until it ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(f"GET {url} HTTP/1.1\r\nHost: {ADDRESS}\r\nCookie: {cookie}\r\n\r\n".encode())
    await reader.readuntil(b"starmodel-open")

    async def count():
        while data := await reader.read(65536):
            counts[0] += data.count(b"patch-signals")
        writer.close()

    return asyncio.create_task(count())


async def change(cookie, changes):
    """Dispatch the event at the target rate, one request after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    started = time.perf_counter()
    for number in range(1, changes + 1):
        writer.write(
            f"POST /board/raise_level HTTP/1.1\r\nHost: {ADDRESS}\r\nCookie: {cookie}\r\n"
            f"Origin: http://{ADDRESS}\r\nDatastar-Request: true\r\nStarModel-Page: 1\r\n"
            "Content-Length: 0\r\n\r\n".encode()
        )
        await reader.readuntil(b"signals {}\n\n")
        await asyncio.sleep(max(0, started + number / RATE - time.perf_counter()))
    writer.close()


async def measure(server, streams, changes):
    request = urllib.request.Request(f"http://{ADDRESS}/board", headers={"Accept": "text/html"})
    with urllib.request.urlopen(request) as page:
        cookie = page.headers["set-cookie"].partition(";")[0]
        url = re.search(r"@live\('([^']+)'\)", html.unescape(page.read().decode()))[1]
    memory, counts, tasks = resident_mb(server.pid), [0], []
    for first in range(0, streams, 50):
        opening = [open_stream(url, cookie, counts) for _ in range(min(50, streams - first))]
        tasks += await asyncio.gather(*opening)
    await asyncio.sleep(1)
    per_stream = (resident_mb(server.pid) - memory) * 1024 / streams
    counts[0], before, started = 0, cpu_seconds(server.pid), time.perf_counter()
    await change(cookie, changes)
    wanted, deadline = streams * changes, time.perf_counter() + 10
    while counts[0] < wanted and time.perf_counter() < deadline:
        await asyncio.sleep(0.02)
    took, used = time.perf_counter() - started, cpu_seconds(server.pid) - before
    for task in tasks:
        task.cancel()
    print(
        f"{streams:6} streams: {counts[0]:,} of {wanted:,} deliveries, {counts[0] / took:,.0f}/s, "
        f"{used / max(counts[0], 1) * 1e6:.1f} µs CPU each, {per_stream:.0f} kB per stream"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, nargs="*", default=[200, 1000])
    parser.add_argument("--changes", type=int, default=300)
    options = parser.parse_args()
    pin(-1)
    for streams in options.streams:
        server = start("board", PORT)
        try:
            asyncio.run(measure(server, streams, options.changes))
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
