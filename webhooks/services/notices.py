"""Which webhooks people are told of on every page: those that fail, and those that hear of nothing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext, ngettext_lazy

from config.http.notices import Notice, Source
from webhooks.services.seen import masked_url

HOME = "/settings/api-webhooks/webhooks"


def _told(id: UUID, target_url: str, failing_since: datetime | None, state: str | None) -> Notice:
    """Of its address only what all may see."""
    name, url = gettext("The webhook to %s") % masked_url(target_url), f"{HOME}/{id}"
    if state == "failing":
        return Notice(url, name, gettext("{name} has only failed: the first time {at}."), failing_since)
    if state == "paused":
        said = gettext("{name} is paused. Nothing is recorded for it until somebody resumes it.")
    else:
        said = gettext("{name} was switched off. What waits for it is sent once somebody switches it on again.")
    return Notice(url, name, said)


PAGE_NOTICES = Source(
    select="""
        SELECT id, target_url, failing_since,
               CASE WHEN is_active THEN 'failing' WHEN disabled_reason IS NULL THEN 'paused' ELSE 'switchedOff' END
        FROM webhooks_webhook
        WHERE workspace_id = %(workspace_id)s AND deleted_at IS NULL AND (NOT is_active OR failing_since IS NOT NULL)
        ORDER BY is_active, disabled_reason IS NULL, created_at, id""",
    told=_told,
    others=ngettext_lazy(
        "{count} other webhook fails, is paused or switched off.",
        "{count} other webhooks fail, are paused or switched off.",
        "count",
    ),
)
