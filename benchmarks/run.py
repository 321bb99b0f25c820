"""The event path compared with its peers, in one run: `make bench`.

Every server runs in a separate process on one core, the load generator on
another. Compare the ratio to the floor of the same round; CPU time per
request is least disturbed by other processes.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from load import cpu_seconds, load
from servers import EVENT_SERVERS as NAMES

HERE = Path(__file__).parent
VISITORS = 32
# Lower bounds that every change must meet, as a share of the floor for the same CPU time.
# The goal is 0.55; "Performance" in docs/architecture.md shows where the time is spent.
GUARD = {"memory": 0.23, "memory_1000_routes": 0.22, "sqlite": 0.12}


def pin(core):
    """Pin a process to one core, on a machine with several."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[core]})


def start(name, port, *, profile=""):
    """Start the server of that name; return once it accepts requests."""
    command = [sys.executable]
    if profile:
        command += ["-m", "cProfile", "-o", profile]
    command += ["-m", "uvicorn", f"servers:{name}", "--port", str(port), "--no-access-log"]
    log = subprocess.PIPE if not profile else subprocess.DEVNULL
    process = subprocess.Popen(
        [*command, "--log-level", "error"], cwd=HERE, stderr=log, preexec_fn=lambda: pin(0)
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_starmodel/health", timeout=1)
            return process
        except urllib.error.HTTPError:
            return process  # a 404 from a peer without this page also means ready
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise SystemExit(f"{name} did not start: {process.stderr and process.stderr.read().decode()}")


def cookies_for(name, port):
    """Return a cookie per visitor: StarModel issues session cookies, the peers accept any."""
    if name in ("floor", "starlette", "fasthtml") or name.startswith(
        ("database_bare", "redis_bare")
    ):
        return [f"starmodel=visitor{n}" for n in range(VISITORS)]
    made = []
    for _ in range(VISITORS):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as reply:
            made.append(reply.headers["set-cookie"].partition(";")[0])
    return made


def measure(name, port, seconds):
    """Return (requests per second, CPU microseconds per request) of one server."""

    def prepared():
        cookies = cookies_for(name, port)
        return lambda seconds: load(port, cookies, seconds)

    rate, cost = under_load(name, port, seconds, prepared)
    return rate, cost * 1e6


def under_load(name, port, seconds, prepare):
    """Return (requests per second, CPU seconds per request) of one server.

    Shapes: `prepare` is called once the server is ready, and returns the load for some seconds.
    """
    process = start(name, port)
    try:
        ask = prepare()
        ask(1)
        before = cpu_seconds(process.pid)
        count, took, errors = ask(seconds)
        used = cpu_seconds(process.pid) - before
    finally:
        process.terminate()
        process.wait()
    if errors:
        raise SystemExit(f"{name}: {errors} of {count} answers were not 200.")
    return count / took, used / count


def medians(measure, names, port, options):
    """Return the medians per server; every round measures all servers in turn."""
    figures = {name: [] for name in names}
    for _ in range(options.rounds):
        for number, name in enumerate(names):
            figures[name].append(measure(name, port + number, options.seconds))
    return {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in figures.items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of load per server and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=NAMES, choices=NAMES)
    parser.add_argument("--guard", action="store_true", help="fail below the ratios that must hold")
    parser.add_argument(
        "--profile", metavar="NAME", choices=NAMES, help="where one server's time goes"
    )
    options = parser.parse_args()
    pin(-1)
    if options.profile:
        show_profile(options.profile, options.seconds)
        return
    names = list(dict.fromkeys(["floor", *options.only]))
    middle = medians(measure, names, 8700, options)
    floor = middle["floor"][1]
    print(f"{'server':22}{'req/s':>10}{'CPU µs':>10}{'of the floor':>14}")
    for name, (rate, cost) in middle.items():
        print(f"{name:22}{rate:10,.0f}{cost:10.0f}{floor / cost:14.2f}")
    if options.guard:
        low = [n for n, share in GUARD.items() if n in middle and floor / middle[n][1] < share]
        if low:
            raise SystemExit(f"Below what must hold: {', '.join(low)}.")


def show_profile(name, seconds):
    """Print the functions with the most self time in one server."""
    import pstats
    import tempfile

    file = tempfile.mktemp(suffix=".prof")
    process = start(name, 8790, profile=file)
    load(8790, cookies_for(name, 8790), seconds)
    process.send_signal(signal.SIGINT)  # SIGTERM would end the profiler without output
    process.wait()
    pstats.Stats(file).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
