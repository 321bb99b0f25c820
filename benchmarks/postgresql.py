"""Events on PostgreSQL beside its bare driver, at equal concurrency.

The bare server reads a visitor's row, checks its version and writes it, each by a statement
of its own. StarModel does so too, with the marker of the click in the same transaction, and
everything else that it does for an event. The database's server shares the machine.
"""

import argparse
import os
import sys
from pathlib import Path

from run import measure, medians, pin
from servers import DATABASE_SERVERS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from databases import postgresql_server  # a private server, which ends with this program


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of load per server and round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with postgresql_server() as server:
        os.environ["DATABASE_URL"] = server.url
        pin(-1)
        middle = medians(measure, DATABASE_SERVERS, 8760, options)
    bare = middle["database_bare"]
    print(f"{'server':22}{'req/s':>10}{'of the bare':>14}{'CPU µs':>10}")
    for name, (rate, cost) in middle.items():
        print(f"{name:22}{rate:10,.0f}{rate / bare[0]:14.2f}{cost:10.0f}")


if __name__ == "__main__":
    main()
