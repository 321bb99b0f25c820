"""Records which functions of the framework a request runs through, in the order of their calls."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import starmodel

SOURCE = f"{Path(starmodel.__file__).parent}/"
APART = ("testing/",)
"""Folders that are no part of a running application."""


@dataclass
class Trace:
    """The calls of one request.

    Shapes: calls are `(module, qualified name)` in the order in which the
    functions were entered; a coroutine counts once, however often it is
    resumed; comprehensions and lambdas don't count.
    """

    calls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def functions(self) -> set[str]:
        """The full names of all functions that ran."""
        return {f"{module}.{name}" for module, name in self.calls}

    @property
    def files(self) -> set[str]:
        """The modules of the functions."""
        return {module for module, _ in self.calls}

    @property
    def file_changes(self) -> int:
        """How often a call is in another module than the call before it."""
        return _changes([module for module, _ in self.calls])

    @property
    def layer_changes(self) -> int:
        """How often a call is in another layer than the call before it."""
        return _changes([layer_of(module) for module, _ in self.calls])

    def position(self, name: str) -> int:
        """When the function was first called. Raises: AssertionError, for one that was not."""
        for position, (module, function) in enumerate(self.calls):
            if f"{module}.{function}" == name:
                return position
        raise AssertionError(f"{name} was not called. Called: {sorted(self.functions)}")

    def summary(self) -> str:
        """The figures of the path in one line."""
        return (
            f"{len(self.functions)} functions in {len(self.files)} files ({len(self.calls)} calls, "
            f"{self.file_changes} changes of file, {self.layer_changes} of layer)"
        )

    def listing(self) -> str:
        """The figures, then every function in a line of its own, in the order of the calls."""
        return "\n".join([self.summary(), *(f"{module}.{name}" for module, name in self.calls)])


def layer_of(module: str) -> str:
    """The layer of a module, such as "core", "app" or "adapters.web"."""
    parts = module.split(".")[1:]
    return ".".join(parts[:2] if parts[0] == "adapters" else parts[:1])


def _changes(names: list[str]) -> int:
    return sum(before != after for before, after in itertools.pairwise(names))


Below = Callable[[FrameType], bool]
Profile = Callable[[FrameType, str, Any], None]
_active: list[Profile] = []


@contextmanager
def threads_traced() -> Iterator[None]:
    """Let `traced` record the calls of threads too, if they start inside this block."""

    def profile(frame: FrameType, what: str, argument: Any) -> None:
        for active in _active:
            active(frame, what, argument)

    threading.setprofile(profile)
    try:
        yield
    finally:
        threading.setprofile(None)


@contextmanager
def traced(wanted: Below = lambda frame: True) -> Iterator[Trace]:
    """Record the calls inside the block for which `wanted` is true."""
    trace = Trace()
    entered: set[FrameType] = set()  # holds the frames, so that none is taken for another

    def profile(frame: FrameType, what: str, _: Any) -> None:
        code = frame.f_code
        file = code.co_filename
        if what != "call" or not file.startswith(SOURCE) or frame in entered:
            return
        place = file.removeprefix(SOURCE)
        if place.startswith(APART) or code.co_name.startswith("<") or not wanted(frame):
            return
        entered.add(frame)
        module = place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        trace.calls.append((f"starmodel.{module}", code.co_qualname))

    _active.append(profile)
    sys.setprofile(profile)
    try:
        yield trace
    finally:
        sys.setprofile(None)
        _active.remove(profile)


def is_below(frame: FrameType, *names: str) -> bool:
    """True when one of these functions (qualified names) has called the frame's function."""
    above: FrameType | None = frame
    while above is not None:
        if above.f_code.co_qualname in names:
            return True
        above = above.f_back
    return False
