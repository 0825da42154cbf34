"""Streaming replicas of databases: what reads may be sent to one, and whether it has what they must not miss.

A place in the stream of a primary's changes is a number here: bytes since its beginning (`pg_lsn - '0/0'`). Nothing is
taken from a replica that did not say before, on the same connection, that it has replayed all up to the place that
matters: what a statement sees is at least what was replayed before it began. How late a replica may be is held by the
primary's own words: each process asks it now and then where it is, so a replica that has that place is no later than
that moment, whatever its clock says.

A replica only takes reads off its primary. Whatever is wrong with it (away, behind, a statement cancelled for what is
being replayed), the primary answers, and for a while it is not asked at all. Knows no app.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from time import monotonic, sleep
from typing import Any

import psycopg2
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import ConnectionHandler

from config.errors import Unavailable
from config.http import deadline
from config.server.outage import Outage
from config.server.sqlstate import FAULTS, is_connection_lost
from config.server.statements import Rows, run, run_once

logger = logging.getLogger(__name__)

BEHIND_FOR_S = 0.1  # in which one that was too far behind is not asked again
CATCHES_UP_S = 0.1  # what health waits for one that is behind by a moment only
LOOK_S = 0.5  # … and for one that does not answer: whoever asks for health has little time

# Of the primary: the end of what a replica can have. Without waiting for the disk a commit may not be flushed yet.
PLACE = (
    "pg_wal_lsn_diff(CASE WHEN current_setting('synchronous_commit') = 'off' THEN pg_current_wal_insert_lsn()"
    " ELSE pg_current_wal_flush_lsn() END, '0/0')::bigint"
)
_WHERE_PRIMARY_IS = f"SELECT {PLACE}, system_identifier, current_database()::text FROM pg_control_system()"  # noqa: S608
_WHERE_REPLICA_IS = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END,"
    " system_identifier, current_database()::text FROM pg_control_system()"
)


class ReplicaConnections(ConnectionHandler):
    """As Django's `connections`: each thread has its own, by the alias of the database that a replica is of. They are
    no databases of their own to Django: nothing is migrated there, or made for tests."""

    settings_name = "REPLICAS"

    def configure_settings(self, databases: dict[str, Any] | None) -> dict[str, Any]:
        found: dict[str, Any] = settings.REPLICAS if databases is None else databases
        configured = super().configure_settings({DEFAULT_DB_ALIAS: {}, **found})  # which wants one of that name
        return {alias: entry for alias, entry in configured.items() if alias in found}


replica_connections = ReplicaConnections()


class NoReplica(Exception):
    """What answers is a replica of something else, or none (any more)."""


@dataclass(frozen=True, slots=True)
class _Sample:
    place: int
    at_s: float  # of the monotonic clock


@dataclass(frozen=True, slots=True)
class _Replayed:
    """What a connection was told."""

    driver: Any
    place: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind a replica is. None where nobody knows."""

    state: str  # ok, behind (too far for reads), unreachable, foreign (no replica of this database)
    size_bytes: int | None = None
    seconds: float | None = None


class Replica:
    """The replica of one database, as this process knows it."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._outage = Outage(logger, f"The replica of the database {alias}")
        self._rests_until_s = 0.0
        self._is_away = True  # until the thread that looks has found it: no request waits for a connection to nobody
        self._older: _Sample | None = None
        self._newer: _Sample | None = None
        self._reached: _Sample | None = None  # the newest that the replica is known to have
        self._identity: tuple[int, str] | None = None  # of the primary
        self._looking = ThreadPoolExecutor(1, f"replica of {alias}")  # begins with the first look
        self._look: Future[int] | None = None

    def rows(self, text: str, params: Sequence[Any], *, prepare: bool, since: int) -> Rows | None:
        """The rows of a read by a replica that has all up to the place `since`, and is late by REPLICA_MAX_LAG_S at
        most. None: ask the primary, whatever the reason. Raises DeadlineExceeded and ClientGone."""
        floor, wrapper = self._floor(), replica_connections[self.alias]
        if floor is None:
            return None
        try:
            if self._replayed(wrapper, max(since, floor)) < max(since, floor):
                return None
            told = wrapper.connection
            rows = run_once(wrapper, text, params, prepare=prepare)
        except (Unavailable, NoReplica, psycopg2.Error) as fault:
            self._met(fault, wrapper)
            deadline.check()
            return None
        return rows if wrapper.connection is told else None  # another one, opened meanwhile, has told nothing

    def is_resting(self) -> bool:
        """Whether it is not to be asked now: it is away, was behind just now, or the request has little time left. One
        that is away is looked for now and then."""
        request = deadline.current()
        if monotonic() < self._rests_until_s or (request is not None and request.is_near()):
            return True
        if self._is_away and (floor := self._floor()) is not None:
            self._look_for(floor)
        return self._is_away

    def _replayed(self, wrapper: Any, floor: int) -> int:
        """A place up to which the replica has replayed before the next statement of this connection."""
        known: _Replayed | None = getattr(wrapper, "fourgate_replayed", None)
        now = monotonic()
        is_fresh = known is not None and now - known.at_s < settings.REPLICA_MAX_LAG_S / 2
        if known is not None and is_fresh and known.place >= floor and known.driver is wrapper.connection:
            return known.place
        place = self._ask(wrapper)
        wrapper.fourgate_replayed = _Replayed(wrapper.connection, place, now)
        older = self._older
        if place < floor and older is not None and place < older.place:
            self._rests_until_s = now + BEHIND_FOR_S
        return place

    def _ask(self, wrapper: Any) -> int:
        [(place, *identity)] = run_once(wrapper, _WHERE_REPLICA_IS, ())
        if place is None or tuple(identity) != self._identity:
            raise NoReplica("it is not in recovery" if place is None else "it is one of another database")
        for sample in (self._older, self._newer):
            if sample is not None and sample.place <= place:
                self._reached = sample
        return int(place)

    def _floor(self) -> int | None:
        """A place of the primary that may be read as if it were now: of a moment between half of REPLICA_MAX_LAG_S and
        all of it ago, else of this one. None where the primary does not say: it does so when it is asked to answer."""
        longest_s, now = settings.REPLICA_MAX_LAG_S, monotonic()
        newer = self._newer
        if newer is None or now - newer.at_s >= longest_s / 2:
            try:
                fresh = self._primary()
            except (Unavailable, psycopg2.Error) as fault:
                self._give_up(fault)
                return None
            self._older, self._newer, newer = newer, fresh, fresh
        older = self._older
        return older.place if older is not None and now - older.at_s <= longest_s else newer.place

    def _primary(self) -> _Sample:
        """Where the primary is. Raises Unavailable and psycopg2.Error."""
        at_s = monotonic()
        [(place, *identity)] = run(connections[self.alias], _WHERE_PRIMARY_IS, ())
        self._identity = tuple(identity)
        return _Sample(place, at_s)

    def _met(self, fault: BaseException, wrapper: Any) -> None:
        """A statement that was refused or cancelled says nothing of the next one; a server that is away does."""
        if isinstance(fault, Unavailable | NoReplica) or is_connection_lost(fault):
            with suppress(*FAULTS):
                wrapper.close()
            self._give_up(fault)

    def _give_up(self, fault: BaseException) -> None:
        said = fault.__cause__ if isinstance(fault, Unavailable) and fault.__cause__ is not None else fault
        self._is_away, self._rests_until_s = True, monotonic() + self._outage.met(said)

    def lag(self) -> Lag:
        """How far behind it is now, told within LOOK_S of the primary's answer.

        Seconds are those since the primary was last seen, by this process, at a place that the replica has.
        """
        try:
            sample = self._primary()
            goal = sample.place
            place = self._look_for(goal).result(LOOK_S)
        except NoReplica:
            return Lag("foreign")
        except (TimeoutError, Unavailable, psycopg2.Error):
            return Lag("unreachable")
        if place >= goal:
            self._reached = sample
            return Lag("ok", 0, 0.0)
        seconds = None if self._reached is None else round(monotonic() - self._reached.at_s, 3)
        is_late = seconds is None or seconds > settings.REPLICA_MAX_LAG_S
        return Lag("behind" if is_late else "ok", goal - place, seconds)

    def _look_for(self, goal: int) -> Future[int]:
        """Where the replica is, once it is at the goal or was given the time for it; or an earlier look under way."""
        look = self._look
        if look is None or look.done():
            look = self._look = self._looking.submit(self._catch_up, goal)
        return look

    def _catch_up(self, goal: int) -> int:
        wrapper, until_s = replica_connections[self.alias], monotonic() + CATCHES_UP_S
        try:
            while (place := self._ask(wrapper)) < goal and monotonic() < until_s:
                sleep(0.01)
        except (Unavailable, NoReplica, psycopg2.Error) as fault:
            self._met(fault, wrapper)
            raise
        self._is_away = False
        self._outage.over()
        return place


def replica_of(alias: str) -> Replica | None:
    """The replica that reads of a database may go to."""
    return _replica(alias) if alias in settings.REPLICAS else None


@cache
def _replica(alias: str) -> Replica:
    return Replica(alias)
