"""Reading both logs: pages of 50 by keyset, newest first, of one workspace.

A page looks at no more than LOOKED_AT entries. What filters let through little of may so come to be a short page, or
an empty one, that says how far it looked and goes on from there: whoever reads a million entries is answered as soon
as whoever reads a hundred.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from apikeys.activity.facts import APIS
from apikeys.activity.models import AuditEntry, RequestEntry
from apikeys.models import ApiKey
from apikeys.services.api_keys import FLAG
from config.http.inputs import uuid_of
from config.http.rights import may
from config.principal import Principal
from config.time_ids import first_id_of, moment_of

PAGE_SIZE = 50
LOOKED_AT = 20_000
PIECE = 1_000  # entries read at once for an export
REQUEST_FLAGS = (FLAG, "WORKSPACE")
AUDIT_FLAGS = ("WORKSPACE", "SECURITY")
SPANS: dict[str, tuple[str | Promise, timedelta | None]] = {  # value of the form → words, how far back
    "1h": (gettext_lazy("Last hour"), timedelta(hours=1)),
    "24h": (gettext_lazy("Last 24 hours"), timedelta(days=1)),
    "7d": (gettext_lazy("Last 7 days"), timedelta(days=7)),
    "": (gettext_lazy("Everything kept"), None),
}
OUTCOMES: dict[str, tuple[str | Promise, Q]] = {
    "ok": (gettext_lazy("Succeeded"), Q(outcome__lt=4)),
    "failed": (gettext_lazy("All that failed"), Q(outcome__gte=4)),
    "refused": (gettext_lazy("Refused (4xx)"), Q(outcome=4)),
    "fault": (gettext_lazy("Server errors (5xx)"), Q(outcome=5)),
}
FAILED = ("failed", "refused", "fault")
_FIRST = UUID(int=0)
_LAST = UUID(int=2**128 - 1)

_OWN_ID = re.compile("[0-9a-fA-F]{32}")  # how the server writes the ids that it makes

Entry = TypeVar("Entry", RequestEntry, AuditEntry)


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """`older` and `newer` are ids that further pages begin behind; None where there is nothing more. `looked_to` is
    set when entries further on were not looked at yet: further back, or later ones when the oldest come first."""

    rows: list[Entry]
    older: UUID | None = None
    newer: UUID | None = None
    looked_to: datetime | None = None
    is_oldest_first: bool = False


class Narrowing(Protocol):
    """What a page is narrowed by: the part that an index leads to, and the rest, which entries are looked at for."""

    @property
    def span(self) -> str: ...

    def indexed(self) -> Q: ...

    def rest(self) -> Q: ...


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Empty texts narrow nothing."""

    span: str = ""
    by: UUID | None = None  # a key or a member
    api: str = ""
    outcome: str = ""
    object_name: str = ""
    search: str = ""
    seen_by: UUID | None = None  # a member who may see requests of keys and their own; None: who may see all

    def indexed(self) -> Q:
        if self.by is not None:
            return Q(caller_id=self.by)
        return Q(outcome__gte=4) if self.outcome in FAILED else Q()

    def rest(self) -> Q:
        found = Q()
        if self.seen_by is not None:
            found &= Q(is_key=True) | Q(caller_id=None) | Q(caller_id=self.seen_by)
        if self.api in APIS:
            found &= Q(api=self.api)
        if self.outcome in OUTCOMES and (self.outcome != "failed" or self.by is not None):
            found &= OUTCOMES[self.outcome][1]
        if self.object_name:
            found &= Q(object_name=self.object_name)
        if self.search:
            found &= (
                Q(path__icontains=self.search)
                | Q(operation__icontains=self.search)
                | Q(given_id=self.search)
                | Q(address__startswith=self.search)
                | Q(error_code__iexact=self.search)
            )
        return found


@dataclass(frozen=True, slots=True)
class AuditFilter:
    span: str = ""
    by: UUID | None = None
    kind: str = ""  # of what was acted on: the part of an act before its dot
    search: str = ""
    subject_id: UUID | None = None

    def indexed(self) -> Q:
        return Q() if self.subject_id is None else Q(subject_id=self.subject_id)

    def rest(self) -> Q:
        found = Q()
        if self.by is not None:
            found &= Q(actor_id=self.by)
        if self.kind:
            found &= Q(act__startswith=f"{self.kind}.")
        if self.search:
            found &= (
                Q(subject_name__icontains=self.search)
                | Q(actor_name__icontains=self.search)
                | Q(address__startswith=self.search)
                | Q(request_id=self.search)
            )
        return found


# Pages -----------------------------------------------------------------------------------------------


def request_page(
    principal: Principal, narrowing: RequestFilter, *, oldest_first: bool = False, **place: UUID | None
) -> Page[RequestEntry]:
    """The requests that the caller may know of: with the right for keys those of keys and one's own, with that for
    the workspace all."""
    entries = RequestEntry.objects.filter(workspace_id=principal.workspace_id)
    found = _ordered(entries, narrowing, oldest_first, **place)
    _name(principal, found.rows)
    return found


def audit_page(
    principal: Principal, narrowing: AuditFilter, *, oldest_first: bool = False, **place: UUID | None
) -> Page[AuditEntry]:
    return _ordered(AuditEntry.objects.filter(workspace_id=principal.workspace_id), narrowing, oldest_first, **place)


def _ordered(entries: QuerySet[Entry], narrowing: Narrowing, oldest_first: bool, **place: UUID | None) -> Page[Entry]:
    """A page in one of the two orders that an index has."""
    if not oldest_first:
        return _page(entries, narrowing, **place)
    is_first = not any(place.values())
    found = _page(entries, narrowing, **({"newer_than": _FIRST} if is_first else place))
    is_cut = found.newer is not None and len(found.rows) < PAGE_SIZE and place.get("older_than") is None
    return Page(
        found.rows[::-1],
        older=None if is_first else found.older,
        newer=found.newer,
        looked_to=moment_of(found.newer) if is_cut and found.newer is not None else None,
        is_oldest_first=True,
    )


def _page(
    entries: QuerySet[Entry], narrowing: Narrowing, *, older_than: UUID | None = None, newer_than: UUID | None = None
) -> Page[Entry]:
    """One page, newest first: the newest, or what comes behind one of the two ids."""
    window = entries.filter(narrowing.indexed(), id__gte=_least(narrowing.span))
    if newer_than is not None:
        found, end = _looked(window.filter(id__gt=newer_than).order_by("id"), narrowing.rest(), "id__lt")
        has_more = len(found) > PAGE_SIZE
        rows = found[:PAGE_SIZE][::-1]
        return Page(rows, older=rows[-1].id if rows else newer_than, newer=rows[0].id if has_more else end)
    if older_than is not None:
        window = window.filter(id__lt=older_than)
    found, end = _looked(window.order_by("-id"), narrowing.rest(), "id__gt")
    rows = found[:PAGE_SIZE]
    newer = None
    if older_than is not None:
        newer = rows[0].id if rows else older_than
    if len(found) > PAGE_SIZE:
        return Page(rows, older=rows[-1].id, newer=newer)
    return Page(rows, older=end, newer=newer, looked_to=None if end is None else moment_of(end))


def _looked(window: QuerySet[Entry], rest: Q, within: str) -> tuple[list[Entry], UUID | None]:
    """What of the first LOOKED_AT entries passes, a page and one; and the id they end with, when there are more."""
    end: UUID | None = None
    if rest:
        end = next(iter(window.values_list("id", flat=True)[LOOKED_AT : LOOKED_AT + 1]), None)
        if end is not None:
            window = window.filter(**{within: end})
    rows = list(window.filter(rest)[: PAGE_SIZE + 1])
    return rows, end if len(rows) <= PAGE_SIZE else None


def _least(span: str) -> UUID:
    back = SPANS.get(span, ("", None))[1]
    return _FIRST if back is None else first_id_of(timezone.now() - back)


def request_find(principal: Principal, text: str) -> RequestEntry | None:
    """The entry of a request by the id that its answer bore (X-Request-Id)."""
    own = UUID(text) if _OWN_ID.fullmatch(text) else uuid_of(text)
    entries = RequestEntry.objects.filter(seen_filter(principal).rest(), workspace_id=principal.workspace_id)
    found = None if own is None else entries.filter(id=own).first()
    found = found or entries.filter(given_id=text).first()
    if found is not None:
        _name(principal, [found])
    return found


def audit_find(principal: Principal, id: UUID) -> AuditEntry | None:
    return AuditEntry.objects.filter(workspace_id=principal.workspace_id, id=id).first()


def seen_filter(principal: Principal, **parts: Any) -> RequestFilter:
    """A filter that lets through only what the caller may see."""
    hidden = not may(principal, "WORKSPACE")
    return RequestFilter(**parts, seen_by=(principal.user_id or _FIRST) if hidden else None)


def all_of(entries: QuerySet[Entry], narrowing: Narrowing, most: int) -> Iterator[Entry]:
    """Everything that passes, newest first, at most so much; read in pieces."""
    window = entries.filter(narrowing.indexed() & narrowing.rest(), id__gte=_least(narrowing.span)).order_by("-id")
    last, left = _LAST, most
    while left > 0:
        rows = list(window.filter(id__lt=last)[: min(PIECE, left)])
        yield from rows
        left -= len(rows)
        if len(rows) < PIECE:
            return
        last = rows[-1].id


def _name(principal: Principal, rows: list[RequestEntry]) -> None:
    """Give entries of refused tokens the name that their key has."""
    nameless = {each.caller_id for each in rows if not each.caller_name and each.is_key and each.caller_id is not None}
    if nameless:
        keys = ApiKey.objects.filter(workspace_id=principal.workspace_id, id__in=nameless)
        names = dict(keys.values_list("id", "name"))
        for each in rows:
            if not each.caller_name and each.caller_id is not None:
                each.caller_name = names.get(each.caller_id, "")
