"""The databases that hold workspaces' records, and what each of them is.

The shared tables (workspaces, data models, keys, webhooks) are in the one of DATABASE_URL. `Workspace.shard` names the
one with a workspace's records, history, files, deliveries and Idempotency-Keys: what commits together is in one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS

ENGINES = ("postgresql", "citus")
_URL = re.compile(r"SHARD_([A-Z][A-Z0-9_]*?)_URL")
_REPLICA_URL = re.compile(r"SHARD_([A-Z][A-Z0-9_]*?)_REPLICA_URL")


@dataclass(frozen=True, slots=True)
class Shard:
    """A further database: where it is, and what `manage.py` commands reach it by where that is behind a pooler."""

    url: str
    direct_url: str | None
    engine: str


def engine_named(engine: str, variable: str) -> str:
    """What a variable of the environment says that a database is. Raises ValueError for anything else."""
    if engine.lower() not in ENGINES:
        raise ValueError(f"{variable} should be one of {', '.join(ENGINES)}, not {engine!r}")
    return engine.lower()


def shards_in(environment: Mapping[str, str]) -> dict[str, Shard]:
    """The further databases by their alias, in the order of these. Raises ValueError.

    >>> shards_in({"SHARD_EAST_URL": "postgres://east/fourgate"})["east"].engine
    'postgresql'
    """
    found = {}
    for variable in sorted(environment):
        name = _URL.fullmatch(variable)
        if name is None or variable.endswith(("_DIRECT_URL", "_REPLICA_URL")) or not environment[variable]:
            continue
        alias, engine = name[1].lower(), f"SHARD_{name[1]}_ENGINE"
        if alias == DEFAULT_DB_ALIAS:
            raise ValueError(f"{variable}: the database of DATABASE_URL is called {DEFAULT_DB_ALIAS}")
        found[alias] = Shard(
            environment[variable],
            environment.get(f"SHARD_{name[1]}_DIRECT_URL"),
            engine_named(environment.get(engine, ENGINES[0]), engine),
        )
    return found


def replicas_in(
    environment: Mapping[str, str], url_of_default: str | None, engines: Mapping[str, str]
) -> dict[str, str]:
    """The URLs of replicas by the alias of the database that each is of; `engines` names these. Raises ValueError.

    >>> replicas_in({"SHARD_EAST_REPLICA_URL": "postgres://east-2/fourgate"}, None, {"east": "postgresql"})
    {'east': 'postgres://east-2/fourgate'}
    """
    found = {DEFAULT_DB_ALIAS: ("DATABASE_REPLICA_URL", url_of_default)} if url_of_default else {}
    for variable in sorted(environment):
        name = _REPLICA_URL.fullmatch(variable)
        if name is None or not environment[variable]:
            continue
        alias = name[1].lower()
        if alias == DEFAULT_DB_ALIAS or alias not in engines:
            raise ValueError(f"{variable}: there is no SHARD_{name[1]}_URL")
        found[alias] = (variable, environment[variable])
    for alias, (variable, _) in found.items():
        if engines[alias] != "postgresql":
            raise ValueError(f"{variable}: reads of a {engines[alias]} database go to no replica")
    return {alias: url for alias, (_, url) in found.items()}


def is_citus(using: str) -> bool:
    """Whether a database is a Citus coordinator: there each statement of a write goes to one worker, by itself."""
    from django.conf import settings  # which imports this module

    return bool(settings.SHARD_ENGINES.get(using) == "citus")


class ShardRouter:
    """What migrations do in a further database: make the tables, and all that is the records' own.

    Data of the shared tables is brought up to date in `default` alone, once.
    """

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        return None if db == DEFAULT_DB_ALIAS or model_name is not None or app_label == "core" else False
