"""The log of deliveries as pages show it: of one webhook or of all, narrowed and in either order of time, by keyset.

Ids sort by time and the index of the log goes webhook by webhook, so a page first asks how far each log may be looked
through, and then reads nothing beyond that: LOOKED_AT deliveries in all, whatever is looked for. A page that is
short for that says so, and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from config.http.inputs import uuid_of
from config.principal import Principal
from config.time_ids import first_id_of, moment_of
from webhooks.models import Delivery, DeliveryStatus, delivery_id_of
from webhooks.services.deliveries import deliveries_seen
from webhooks.services.reading import webhook_list
from webhooks.services.seen import Seen

PAGE_SIZE = 50
LOOKED_AT = 20_000
SPANS: dict[str, tuple[str | Promise, timedelta | None]] = {  # value of the form → words, how far back
    "1h": (gettext_lazy("Last hour"), timedelta(hours=1)),
    "24h": (gettext_lazy("Last 24 hours"), timedelta(days=1)),
    "7d": (gettext_lazy("Last 7 days"), timedelta(days=7)),
    "": (gettext_lazy("Everything kept"), None),
}
_FIRST = UUID(int=0)
_LAST = UUID(int=2**128 - 1)

# The first id, in the order asked for, that not every webhook's log is looked through to.
_END = """
SELECT {nearest}(stop.id::text) FROM unnest(%(webhooks)s::uuid[]) AS webhook (id) CROSS JOIN LATERAL (
    SELECT id FROM webhooks_delivery
    WHERE webhook_id = webhook.id AND workspace_id = %(workspace)s AND id > %(above)s AND id < %(below)s
    ORDER BY id {direction} OFFSET %(each)s LIMIT 1
) AS stop
"""


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Empty texts narrow nothing. `search` is a record's id, a delivery's, or a part of an address."""

    webhook_id: UUID | None = None
    status: str = ""
    event: str = "*.*"  # `company.created`, either half may be *
    span: str = ""
    search: str = ""
    oldest_first: bool = False

    def rest(self) -> Q:
        """What an index does not lead to."""
        found = Q()
        if self.status in DeliveryStatus.values:
            found &= Q(status=self.status)
        named, _, action = self.event.rpartition(".")
        if named != "*":
            found &= Q(object_name=named)
        if action != "*":
            found &= Q(event_name__endswith=f".{action}")
        if self.looked_for is not None:
            found &= Q(record_id=self.looked_for) | Q(id=self.looked_for)
        return found

    @property
    def looked_for(self) -> UUID | None:
        """The record or delivery that is looked for by its id."""
        return uuid_of(self.search) or delivery_id_of(self.search)


@dataclass(frozen=True, slots=True)
class LogPage:
    """Deliveries in the order asked for. `before` and `after` are ids that the page before and the one after begin
    behind; None where there is nothing. `looked_to` is set when the log goes on beyond what was looked through."""

    rows: list[Delivery]
    before: UUID | None = None
    after: UUID | None = None
    looked_to: datetime | None = None


def delivery_log(
    principal: Principal,
    narrowing: DeliveryFilter,
    webhooks: Sequence[Seen] | None = None,
    *,
    older_than: UUID | None = None,
    newer_than: UUID | None = None,
) -> LogPage:
    """One page of the log, of the `webhooks` (all live ones by default) that the filter lets through."""
    ids = _webhook_ids(narrowing, webhook_list(principal) if webhooks is None else webhooks)
    if not ids:
        return LogPage([])
    is_descending = newer_than is None and not (narrowing.oldest_first and older_than is None)
    above, below = newer_than or _least(narrowing.span), older_than or _LAST
    rest = narrowing.rest()
    each = max(PAGE_SIZE + 1, LOOKED_AT // len(ids)) if rest else PAGE_SIZE + 1
    end = _end(principal, ids, above, below, each, is_descending=is_descending)
    found = deliveries_seen(principal).filter(rest, webhook_id__in=ids, id__gt=above, id__lt=below)
    if end is not None:
        found = found.filter(**{"id__gt" if is_descending else "id__lt": end})
    rows = list(found.defer("body").order_by("-id" if is_descending else "id")[: PAGE_SIZE + 1])
    has_more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    further = rows[-1].id if has_more else end  # in the direction that was read
    back = (rows[0].id if rows else older_than or newer_than) if older_than or newer_than else None
    if is_descending == narrowing.oldest_first:  # read backwards
        return LogPage(rows[::-1], before=further, after=rows[0].id if rows else older_than or newer_than)
    looked_to = None if has_more or end is None or len(rows) == PAGE_SIZE else moment_of(end)
    return LogPage(rows, before=back, after=further, looked_to=looked_to)


def _webhook_ids(narrowing: DeliveryFilter, webhooks: Sequence[Seen]) -> list[UUID]:
    text = "" if narrowing.looked_for is not None else narrowing.search.lower()
    return [
        each.id
        for each in webhooks
        if narrowing.webhook_id in (None, each.id) and (not text or text in each.target_url.lower())
    ]


def _end(
    principal: Principal, ids: Sequence[UUID], above: UUID, below: UUID, each: int, *, is_descending: bool
) -> UUID | None:
    parameters: dict[str, Any] = {
        "webhooks": [str(id) for id in ids],
        "workspace": str(principal.workspace_id),
        "above": str(above),
        "below": str(below),
        "each": each,
    }
    statement = _END.format(nearest="max" if is_descending else "min", direction="DESC" if is_descending else "ASC")
    with connections[principal.workspace.shard].cursor() as cursor:
        cursor.execute(statement, parameters)
        found = cursor.fetchone()[0]
    return None if found is None else UUID(found)


def _least(span: str) -> UUID:
    back = SPANS.get(span, ("", None))[1]
    return _FIRST if back is None else first_id_of(timezone.now() - back)
