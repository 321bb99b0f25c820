"""Events on PostgreSQL and MariaDB compared with their bare drivers, at equal concurrency.

The bare server reads a visitor's row, checks its version and writes it, with one statement
each. The marked one also stores the idempotency key of the click, in one transaction.
StarModel does all that, queries the key first, and does everything else that an event
involves. The database server shares the machine.
"""

import argparse
import os
import sys
from pathlib import Path

from run import measure, medians, pin
from servers import DATABASE_SERVERS

# The private servers of the test suite, from its module of this name; they end with this process.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from databases import mariadb_server, postgresql_server

DATABASES = {"postgresql": postgresql_server, "mariadb": mariadb_server}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of load per server and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(DATABASES), choices=list(DATABASES))
    options = parser.parse_args()
    for database in options.only:
        with DATABASES[database]() as server:
            os.environ["DATABASE_URL"] = server.url
            show(database, options)


def show(database, options):
    cores = os.sched_getaffinity(0)
    pin(-1)
    middle = medians(measure, DATABASE_SERVERS, 8760, options)
    os.sched_setaffinity(0, cores)  # the database server of the next round may use all cores
    bare = middle["database_bare"]
    print(f"{database:22}{'req/s':>10}{'of the bare':>14}{'CPU µs':>10}{'of the bare':>14}")
    for name, (rate, cost) in middle.items():
        shares = rate / bare[0], bare[1] / cost
        print(f"{name:22}{rate:10,.0f}{shares[0]:14.2f}{cost:10.0f}{shares[1]:14.2f}")


if __name__ == "__main__":
    main()
