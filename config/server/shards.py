"""The databases that hold workspaces' records, and what each of them is."""

from __future__ import annotations

import os

ENGINES = ("postgresql", "citus")


def engine_named(variable: str) -> str:
    """What the environment says a database is. Raises ValueError for anything else."""
    engine = os.environ.get(variable, "postgresql").lower()
    if engine not in ENGINES:
        raise ValueError(f"{variable} should be one of {', '.join(ENGINES)}, not {engine!r}")
    return engine


def is_citus(using: str) -> bool:
    """Whether a database is a Citus coordinator: there each statement of a write goes to one worker, by itself."""
    from django.conf import settings  # which imports this module

    return settings.SHARD_ENGINES.get(using) == "citus"
