"""What an admin did, told in the transaction that does it to the function named in settings.AUDIT.

So no app that acts imports the one that keeps the audit, and nothing that was done can be missing from it. Who acts,
and from where, is known by the request that is being answered; without one it is the server itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from config.principal import Principal

Facts = Mapping[str, object]  # by API name, as JSON takes them; never a secret


def note(
    workspace_id: UUID,
    act: str,
    *,
    subject_id: UUID | None = None,
    name: str = "",
    before: Facts | None = None,
    after: Facts | None = None,
    by: Principal | None = None,
) -> None:
    """Write down an act (`role.updated`) on something of that name; of `before` and `after` what differs.

    An update that leaves everything as it was is none. `by` says who acts, where the request does not.
    """
    if settings.AUDIT_LOG_DAYS:
        _noter(settings.AUDIT)(workspace_id, act, subject_id, name, before, after, by)


@lru_cache(maxsize=1)
def _noter(path: str) -> Callable[..., None]:
    return cast(Callable[..., None], import_string(path))
