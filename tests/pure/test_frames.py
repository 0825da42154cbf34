"""Room for frames: where a call stands in the chain does not matter."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from threading import Thread

import pytest

from config.server.frames import with_room_for_frames

CALLS, DEEPEST = 2_000, 200


def leaf(a: int, b: int, c: int) -> int:
    return a + b + c


def faults_of_a_loop(depth: int) -> int:
    """How many pages were mapped anew while a loop ran so many calls down the chain."""
    if depth:
        return faults_of_a_loop(depth - 1)
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for number in range(CALLS):
        leaf(number, number, number)
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def worst(run: Callable[[Callable[[], int]], int]) -> int:
    found: list[int] = []

    def each() -> None:
        found.extend(run(lambda depth=depth: faults_of_a_loop(depth)) for depth in range(DEEPEST))

    thread = Thread(target=each)
    thread.start()
    thread.join()
    return max(found)


@pytest.mark.skipif(sys.platform != "linux", reason="counts the page faults of one thread, which Linux tells")
def test_a_loop_maps_no_memory_at_any_depth() -> None:
    assert worst(lambda work: work()) >= CALLS or sys.version_info >= (3, 12)  # at some depth each call does
    assert worst(with_room_for_frames) < 50


def test_what_is_given_and_what_is_raised_passes_through() -> None:
    assert with_room_for_frames(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        with_room_for_frames(lambda: 1 // 0)
