"""Which database a new workspace's records are in."""

from __future__ import annotations

from django.conf import settings
from django.db import connections

from config.errors import InvalidInput
from metadata.models import Workspace

FEWEST_RECORDS = "fewest-records"
ROUND_ROBIN = "round-robin"

# PostgreSQL's own estimate, which writes keep: no table is read.
_RECORDS = (
    "SELECT coalesce(sum(n_live_tup), 0) FROM pg_stat_user_tables"
    " WHERE schemaname LIKE 'ws\\_%' AND relname LIKE 'o\\_%'"
)


def place(shard: str | None = None) -> str:
    """The alias of the database: the one asked for, else what WORKSPACE_PLACEMENT says.

    Raises InvalidInput for an alias that no database has.
    """
    wanted = shard or settings.WORKSPACE_PLACEMENT
    aliases = list(settings.DATABASES)
    if wanted == FEWEST_RECORDS:
        return min(aliases, key=lambda alias: (_records(alias), Workspace.objects.filter(shard=alias).count()))
    if wanted == ROUND_ROBIN:
        last = Workspace.objects.order_by("-created_at").values_list("shard", flat=True).first()
        return aliases[(aliases.index(last) + 1) % len(aliases)] if last in aliases else aliases[0]
    if wanted not in aliases:
        raise InvalidInput([f"There is no database {wanted}; there are {', '.join(aliases)}"])
    return wanted


def _records(alias: str) -> int:
    with connections[alias].cursor() as cursor:
        cursor.execute(_RECORDS)
        return int(cursor.fetchone()[0])
