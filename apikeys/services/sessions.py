"""A person's sign-ins to the pages: which there are, and their end, which holds from the next request on.

Whatever ends one ends the tokens of consoles and of signed-in apps too: they do not say which sign-in they came from.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from apikeys.activity.sessions import note_of_user
from apikeys.devices import device_of
from apikeys.models import OpenSession
from apikeys.services.members import member_tokens_end
from apikeys.sessions import SessionStore

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class SeenSession:
    """A sign-in as its owner sees it. `mark` names it without being the key that opens it."""

    mark: str
    device: str
    address: str
    started_at: datetime
    seen_at: datetime
    is_own: bool  # of the request that asks


def session_list(user: User, own_key: str | None) -> list[SeenSession]:
    """Those that still open something: the one that asks first, then as they were last used."""
    now, store = timezone.now(), SessionStore()
    hashes = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    found = OpenSession.objects.filter(user=user, expire_date__gt=now)
    living = found.filter(seen_at__gt=now - timedelta(seconds=settings.SESSION_IDLE_S))
    seen = [
        SeenSession(
            mark=_mark(each.session_key),
            device=device_of(each.user_agent),
            address=each.address,
            started_at=each.started_at,
            seen_at=each.seen_at,
            is_own=each.session_key == own_key,
        )
        for each in living.order_by("-seen_at")[:MOST_SHOWN]
        if store.decode(each.session_data).get(HASH_SESSION_KEY) in hashes  # else of a password before
    ]
    return sorted(seen, key=lambda each: not each.is_own)


@transaction.atomic
def session_end(user_id: int, mark: str) -> bool:
    """End one of a person's sign-ins; whether it was there."""
    found = next((each for each in _keys(user_id) if _mark(each) == mark), None)
    return found is not None and _end(user_id, [found]) == 1


@transaction.atomic
def sessions_end(user_id: int, *, but: str | None = None) -> int:
    """End all of a person's sign-ins, or all others than the one with that key; how many there were."""
    return _end(user_id, [each for each in _keys(user_id) if each != but])


def _keys(user_id: int) -> list[str]:
    return list(OpenSession.objects.filter(user_id=user_id).values_list("session_key", flat=True))


def _end(user_id: int, keys: list[str]) -> int:
    count, _ = OpenSession.objects.filter(user_id=user_id, session_key__in=keys).delete()
    member_tokens_end(user_id)
    if count:
        note_of_user("session.closed", user_id, after={"signIns": count})
    return count


def _mark(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
