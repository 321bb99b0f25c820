"""A program that migrates a database in several processes at once.

Its arguments are the URL and the number of processes. It prints how many migrations each of them
has applied. They are forked, so that they begin together.
"""

from __future__ import annotations

import os
import sys
import traceback

from integration.migrations.killed import history


def main(url: str, count: str) -> None:
    made = history()
    (start, go), (results, result) = os.pipe(), os.pipe()
    children = []
    for _ in range(int(count)):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(go)
                os.read(start, 1)  # ends once nobody can write
                os.write(result, b"%d\n" % len(made.up(url).applied))
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        children.append(child)
    os.close(go)
    os.close(result)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    with open(results, encoding="ascii") as told:
        sys.stdout.write(told.read())
    sys.exit(max(codes))


if __name__ == "__main__":
    main(*sys.argv[1:])
