"""Where sign-ins to the pages are kept: Django's own store in the database, with columns to list a person's by.

The columns follow from the session's data at every save, so a session that gets another key keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from config.http.sessions import ADDRESS, AGENT, SEEN, STARTED


class SessionStore(db.SessionStore):
    @classmethod
    def get_model_class(cls) -> Any:
        from apikeys.models import OpenSession  # imported here: the store is, before models are ready

        return OpenSession

    def create_model_instance(self, data: Mapping[str, object]) -> Any:
        made = super().create_model_instance(data)  # type: ignore[arg-type]
        for name, value in columns_of(data).items():
            setattr(made, name, value)
        return made


def columns_of(data: Mapping[str, object]) -> dict[str, object]:
    """What the columns of a session with that data hold."""
    user_id = data.get(SESSION_KEY)
    return {
        "user_id": int(user_id) if isinstance(user_id, str) and user_id.isdecimal() else None,
        "address": data.get(ADDRESS, ""),
        "user_agent": data.get(AGENT, ""),
        "started_at": _moment(data.get(STARTED)),
        "seen_at": _moment(data.get(SEEN)),
    }


def _moment(seconds: object) -> datetime:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else timezone.now()
