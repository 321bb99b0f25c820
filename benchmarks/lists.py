"""A list page compared with its peers: 50 rows of 6 columns from SQLite, one query per request.

The floor and the peers send a bare table; StarModel's page has navigation,
filters, row menus and bulk actions, and is live.
"""

import argparse
import urllib.request

from load import load_page
from run import medians, pin, under_load
from servers import LIST_SERVERS


def measure(name, port, seconds):
    """Return (requests per second, CPU milliseconds per request, bytes) of one server."""
    path = "/products?per_page=50" if "starmodel" in name else "/products"
    size = 0

    def prepared():
        nonlocal size
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", headers={"Accept": "text/html"}
        )
        with urllib.request.urlopen(request) as reply:
            size, cookie = len(reply.read()), reply.headers.get("set-cookie", "").split(";")[0]
        return lambda seconds: load_page(port, path, cookie, seconds)

    rate, cost = under_load(name, port, seconds, prepared)
    return rate, cost * 1e3, size


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of load per server and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=LIST_SERVERS, choices=LIST_SERVERS)
    options = parser.parse_args()
    pin(-1)
    names = list(dict.fromkeys(["list_floor", *options.only]))
    middle = medians(measure, names, 8740, options)
    floor = middle["list_floor"][1]
    print(f"{'server':24}{'req/s':>10}{'CPU ms':>10}{'of the floor':>14}{'bytes':>10}")
    for name, (rate, cost, size) in middle.items():
        print(f"{name:24}{rate:10,.0f}{cost:10.2f}{floor / cost:14.2f}{size:10,.0f}")


if __name__ == "__main__":
    main()
