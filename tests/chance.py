"""What is left to chance: nothing in `make test`, where every run draws the same; all of it in `make fuzz`.

`FUZZ=20` draws anew in every run, and twenty times as often. A failing run prints what to set to see it again:
`@reproduce_failure` for hypothesis's own draws, RANDOM_SEED for the others.
"""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import settings

FUZZ = int(os.environ.get("FUZZ", "0"))


def load_profile() -> None:
    """Must run before any test module is imported: `settings(…)` takes the rest from the profile of that moment."""
    settings.register_profile("same every time", derandomize=True, deadline=None, print_blob=True)
    settings.register_profile("fuzz", deadline=None, print_blob=True)
    settings.load_profile("fuzz" if FUZZ else "same every time")


def examples(count: int) -> int:
    """How many to draw, where `count` is enough for a run of every day."""
    return count * max(FUZZ, 1)


def same_ids(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Draw the ids that the server makes from the seed too: whatever is listed in their order comes in the same."""
    monkeypatch.setattr(os, "urandom", random.Random(seed).randbytes)


def seeds(*usual: int) -> list[int]:
    """The seeds of a random test: RANDOM_SEED alone, the usual ones, or so many that nobody has seen."""
    if "RANDOM_SEED" in os.environ:
        return [int(os.environ["RANDOM_SEED"])]
    if FUZZ:
        return [random.SystemRandom().randrange(10**6) for _ in range(examples(len(usual)))]
    return list(usual)
