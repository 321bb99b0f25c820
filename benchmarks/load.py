"""Generates a load of POST requests with wrk, and measures the CPU time of the server.

The load generator must be much faster than any server here: a saturated
client spares the server its wake-ups, which flatters the fastest server
most.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
SCRIPT = """
cookies = {%s}
local number, seed = 0, %d
request = function()
  number = number + 1
  local headers = {
    ["Cookie"] = cookies[number %% #cookies + 1], ["Datastar-Request"] = "true",
    ["StarModel-Page"] = "1", ["Sec-Fetch-Site"] = "same-origin",
    ["Content-Type"] = "application/json", ["Idempotency-Key"] = seed .. "-" .. number,
  }
  return wrk.format("POST", "/counter/increment?amount=1", headers, "{}")
end
"""


def cpu_seconds(pid):
    """Return the user and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


GET = """
request = function()
  return wrk.format("GET", "%s", {["Cookie"] = "%s", ["Accept"] = "text/html"})
end
"""


def load(port, cookies, seconds, connections=32):
    """Send POST requests with the cookies in turn. Returns (requests, seconds, errors)."""
    quoted = ",".join(f'"{cookie}"' for cookie in cookies)
    script = SCRIPT % (quoted, int.from_bytes(os.urandom(5), "big"))
    return _run(port, script, seconds, connections)


def load_page(port, path, cookie, seconds, connections=32):
    """Send GET requests for one page. Returns (requests, seconds, errors)."""
    return _run(port, GET % (path, cookie), seconds, connections)


def _run(port, lua, seconds, connections):
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("The benchmarks need wrk; install it, for example: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua)
        script.flush()
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name]
        said = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
        ).stdout
    count, took = re.search(r"(\d+) requests in ([\d.]+)s", said).groups()
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return int(count), float(took), int(errors[1]) if errors else 0
