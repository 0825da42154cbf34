"""Room for the frames of Python's calls.

CPython 3.11 keeps frames in pieces of 16 KB, which it maps when a call does not fit into the last one and unmaps when
that call returns. A loop just before such a border maps and unmaps a piece at each call: at 7 µs a page that was nine
tenths of what the Markdown of a batch took, at one depth of the call chain and at no other. A piece is as large as the
frame that it is made for, rounded up to a power of two: what a function calls that claims a large frame has the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TypeVar, cast

_SLOTS = 40_000  # 320 KB, so that the piece has 512 KB: 192 for some hundred calls inside each other

Result = TypeVar("Result")


def _call(work: Callable[[], Result]) -> Result:
    return work()


_call_with_room = FunctionType(_call.__code__.replace(co_stacksize=_SLOTS), globals(), "_call_with_room")


def with_room_for_frames(work: Callable[[], Result]) -> Result:
    """What `work` gives. For the first function of a thread: each call claims 512 KB, of which little is touched."""
    return cast(Result, _call_with_room(work))
