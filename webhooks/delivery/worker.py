"""Sends what is due, until told to stop.

One thread, the caller's, talks to the database: it claims deliveries, hands them to sender threads,
and settles their outcomes in batches. A delivery is claimed only when a sender is free, so a claim's
lease covers little more than one attempt; if this process dies, the lease ends and another worker
takes over.
"""

from __future__ import annotations

import logging
import os
import random
import select
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any
from uuid import UUID

import psycopg2
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone

from config.errors import WorkspaceNotFound
from config.server.outage import Outage
from config.server.sqlstate import is_passing
from metadata.cache import current_schema
from metadata.schema import WorkspaceSchema
from webhooks.delivery import queue
from webhooks.delivery.outbox import CHANNEL
from webhooks.delivery.queue import Claim, Outcome
from webhooks.delivery.schedule import DISABLE_AFTER, next_attempt, parse_retry_after
from webhooks.delivery.sending import Network, Sent, send
from webhooks.models import DeliveryStatus, Webhook
from webhooks.readable import readable_part, receives_everything
from webhooks.services import acting_roles, webhook_disable
from webhooks.services.seen import ROLE_DELETED

logger = logging.getLogger(__name__)

DEFAULT_CONCURRENCY = 32
PER_WEBHOOK = 4  # on their way at once, over all workers
POLL_S = 1.0  # a retry becomes due without anybody notifying
PUT_BACK_EVERY = timedelta(seconds=10)
PRUNE_EVERY = timedelta(minutes=10)
RETENTION = timedelta(days=14)
LEASE_MARGIN = timedelta(seconds=45)  # a slow lookup is not bounded by the timeout
TRY_SIGNING_EVERY = timedelta(minutes=1)  # a webhook whose secret cannot be read

GONE = 410
NOT_READABLE = "The webhook's role may no longer read what this tells of"


@dataclass(frozen=True, slots=True)
class _Finished:
    claim: Claim
    webhook: Webhook
    sent: Sent


class Worker:
    """`clock` and `chance` (0..1, for jitter) are given by tests; `network` by whoever knows better than settings."""

    def __init__(
        self,
        *,
        using: str = "default",
        concurrency: int = DEFAULT_CONCURRENCY,
        network: Network | None = None,
        clock: Callable[[], datetime] = timezone.now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._using = using
        self._concurrency = concurrency
        self._network = network or Network.from_settings()
        self._clock = clock
        self._chance = chance
        self._lease = timedelta(seconds=self._network.timeout_s) + LEASE_MARGIN
        self._senders = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="webhook")
        self._finished: SimpleQueue[_Finished] = SimpleQueue()
        self._unrecorded: list[_Finished] = []
        self._in_flight = 0
        self._cannot_sign: dict[UUID, datetime] = {}  # until when not to try again, by webhook
        self._stopping = False
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        os.set_blocking(self._wake_writer, False)
        self._listener: Any = None
        self._outage = Outage(logger)
        self._next_put_back = self._next_prune = datetime.min.replace(tzinfo=timezone.get_default_timezone())

    def run(self) -> None:
        """Work until `stop`; then let what is on its way arrive, and record it."""
        while not self._stopping:
            try:
                self._keep_house()
                self._settle()
                started = self._start_due()
                self._outage.over()
                if not started:
                    self._listen()
                    self._wait(POLL_S)
            except (DatabaseError, InterfaceError, psycopg2.Error) as fault:
                self._wait(self._gone(fault))
        try:
            while self._in_flight:
                self._wait(POLL_S)
                self._settle()
        except (DatabaseError, InterfaceError, psycopg2.Error) as fault:
            self._gone(fault)  # the leases end, and another worker sends what could not be recorded
        self.close()

    def _gone(self, fault: Exception) -> float:
        """The database cannot be used: how many seconds to wait. Any other fault of it goes up."""
        if not is_passing(fault):
            raise fault
        connections[self._using].close()
        self._hang_up()
        return self._outage.met(fault)

    def run_once(self) -> int:
        """Send everything that is due now, and what becomes due meanwhile; the number of attempts."""
        count = 0
        self._keep_house()
        while self._start_due() or self._in_flight:
            self._wait(POLL_S if self._in_flight else 0)
            count += self._settle()
        return count

    def stop(self) -> None:
        """End `run` soon. May be called from a signal handler or another thread."""
        self._stopping = True
        self._wake()

    def close(self) -> None:
        self._senders.shutdown(wait=True)
        self._hang_up()
        if self._wake_reader >= 0:
            os.close(self._wake_reader)
            os.close(self._wake_writer)
            self._wake_reader = self._wake_writer = -1

    # Claim and send ---------------------------------------------------------------------------------

    def _start_due(self) -> int:
        free = self._concurrency - self._in_flight
        if free <= 0:
            return 0
        now = self._clock()
        claims = queue.claim(
            self._using, now=now, limit=free, per_webhook=PER_WEBHOOK, lease=self._lease, without=self._waiting(now)
        )
        if not claims:
            return 0
        sendable = self._sendable(claims)
        for claim, webhook in sendable:
            self._in_flight += 1
            self._senders.submit(self._send, claim, webhook)
        return len(claims)

    def _waiting(self, now: datetime) -> list[UUID]:
        """Webhooks whose secret could not be read a moment ago: their deliveries stay where they are."""
        self._cannot_sign = {id: until for id, until in self._cannot_sign.items() if until > now}
        return list(self._cannot_sign)

    def _sendable(self, claims: Sequence[Claim]) -> list[tuple[Claim, Webhook]]:
        """The claims that may be sent, with what their webhook's role may read as of now; the others are given back."""
        now = self._clock()
        webhooks = Webhook.objects.in_bulk({each.webhook_id for each in claims})
        roles = dict(zip(webhooks, acting_roles(list(webhooks.values())), strict=True))
        schemas: dict[UUID, WorkspaceSchema] = {}
        sendable: list[tuple[Claim, Webhook]] = []
        gone: list[Claim] = []
        held: list[Claim] = []
        waiting: list[Claim] = []
        untold: list[Claim] = []
        rewritten: list[Claim] = []
        for claim in claims:
            webhook = webhooks.get(claim.webhook_id)
            if webhook is None or webhook.deleted_at is not None or webhook.workspace_id != claim.workspace_id:
                gone.append(claim)
                continue
            role = roles[webhook.id]
            if not webhook.is_active or role is None:
                held.append(claim)
            elif not webhook.has_readable_secret:
                waiting.append(claim)
                self._cannot_sign[webhook.id] = now + TRY_SIGNING_EVERY
            elif receives_everything(role.permissions):
                sendable.append((claim, webhook))
            else:
                if claim.workspace_id not in schemas:
                    try:
                        schemas[claim.workspace_id] = current_schema(claim.workspace_id)
                    except WorkspaceNotFound:
                        gone.append(claim)
                        continue
                part = readable_part(claim.body, claim.object_id, schemas[claim.workspace_id], [role.permissions])
                if part.tells_nothing:
                    untold.append(claim)
                    continue
                if not part.is_whole:
                    claim = replace(claim, body=part.body)
                    rewritten.append(claim)
                sendable.append((claim, webhook))
        queue.return_unsent(self._using, held, DeliveryStatus.HELD, now)
        queue.return_unsent(self._using, gone, DeliveryStatus.FAILED, now)
        queue.return_unsent(
            self._using, waiting, DeliveryStatus.PENDING, now, error="The webhook's secret cannot be read"
        )
        queue.return_unsent(self._using, untold, DeliveryStatus.FAILED, now, error=NOT_READABLE)
        queue.rewrite(self._using, rewritten)
        if waiting:
            logger.error("the secrets of %d webhooks cannot be read with this SECRET_KEY", len(self._cannot_sign))
        for id in {
            each.webhook_id for each in held if roles[each.webhook_id] is None and webhooks[each.webhook_id].is_active
        }:
            webhook_disable(webhooks[id], ROLE_DELETED, now, self._using)
        return sendable

    def _send(self, claim: Claim, webhook: Webhook) -> None:
        at = self._clock()
        try:
            sent = send(webhook, claim.delivery_id, claim.body, at, self._network, is_test=claim.is_test)
        except Exception:  # the sender must never lose a claim silently: log, count as a failure
            logger.exception("sending %s failed unexpectedly", claim.delivery_id)
            sent = Sent(at, 0, {}, error="Internal error")
        self._finished.put(_Finished(claim, webhook, sent))
        self._wake()

    # Settle -----------------------------------------------------------------------------------------

    def _settle(self) -> int:
        """Record what has finished; the number of it. What cannot be recorded is kept for the next time."""
        while True:
            try:
                self._unrecorded.append(self._finished.get_nowait())
            except Empty:
                break
            self._in_flight -= 1
        if not self._unrecorded:
            return 0
        queue.record(self._using, [self._outcome(each) for each in self._unrecorded])
        finished, self._unrecorded = self._unrecorded, []
        self._judge(finished)
        return len(finished)

    def _outcome(self, finished: _Finished) -> Outcome:
        claim, sent = finished.claim, finished.sent
        now = self._clock()
        again = None
        if not sent.succeeded and sent.status_code != GONE:
            retry_after = parse_retry_after(sent.retry_after, now)
            again = next_attempt(claim.number - claim.first_attempt, now, self._chance(), retry_after)
        if sent.succeeded:
            status = DeliveryStatus.DELIVERED
        else:
            status = DeliveryStatus.FAILED if again is None else DeliveryStatus.PENDING
        return Outcome(
            claim=claim,
            at=sent.at,
            duration_ms=sent.duration_ms,
            status=status,
            request_headers=sent.request_headers,
            status_code=sent.status_code,
            response_headers=sent.response_headers,
            response_body=sent.response_body,
            error=sent.error,
            is_internal=sent.is_internal,
            next_attempt_at=again,
        )

    def _judge(self, finished: Sequence[_Finished]) -> None:
        """Keep each webhook's `failing_since`, and switch off one that is gone or has failed for days."""
        healthy = {each.webhook.id for each in finished if each.sent.succeeded and each.webhook.failing_since}
        if healthy:
            Webhook.objects.filter(id__in=healthy).update(failing_since=None)
        succeeded = {each.webhook.id for each in finished if each.sent.succeeded}
        for each in {each.webhook.id: each for each in finished if not each.sent.succeeded}.values():
            webhook, at = each.webhook, each.sent.at
            if each.sent.status_code == GONE:
                webhook_disable(webhook, "The receiver answered 410 Gone", at, self._using)
            elif webhook.id in succeeded:
                continue
            elif webhook.failing_since is None:
                Webhook.objects.filter(id=webhook.id, failing_since=None).update(failing_since=at)
            elif at - webhook.failing_since >= DISABLE_AFTER:
                reason = f"Every attempt since {webhook.failing_since:%Y-%m-%d %H:%M} UTC failed"
                webhook_disable(webhook, reason, at, self._using)

    def _keep_house(self) -> None:
        now = self._clock()
        if now >= self._next_put_back:
            self._next_put_back = now + PUT_BACK_EVERY
            lost = queue.put_back_lost(self._using, now)
            if lost:
                logger.warning("%d deliveries had lost their worker", lost)
        if now >= self._next_prune:
            self._next_prune = now + PRUNE_EVERY
            while queue.prune(self._using, now - RETENTION) and not self._stopping:
                pass

    # Wait -------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Hear of committed deliveries. Behind a transaction pooler no session can listen; polling remains."""
        if self._listener is None and not settings.DATABASE_IS_POOLED:
            self._listener = psycopg2.connect(**connections[self._using].get_connection_params())
            self._listener.autocommit = True
            with self._listener.cursor() as cursor:
                cursor.execute(f'LISTEN "{CHANNEL}"')

    def _wait(self, timeout_s: float) -> None:
        """Until a sender finishes, a delivery is announced, `stop` is called, or the time is over."""
        sources: list[Any] = [self._wake_reader]
        if self._listener is not None and self._in_flight < self._concurrency:
            sources.append(self._listener)
        ready, _, _ = select.select(sources, [], [], timeout_s)
        if self._wake_reader in ready:
            os.read(self._wake_reader, 65536)
        if self._listener in ready:
            self._listener.poll()
            self._listener.notifies.clear()

    def _wake(self) -> None:
        try:
            os.write(self._wake_writer, b"\0")
        except BlockingIOError:
            pass  # the pipe is full: it wakes all the same

    def _hang_up(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
