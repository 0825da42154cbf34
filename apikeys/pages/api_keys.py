"""Settings → API keys: the list of API keys, and what every page says of one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from apikeys.activity.usage import COUNTED_IN_LISTS, requests_of_each
from apikeys.models import ApiKey
from apikeys.services.api_keys import FLAG, apikey_get, apikey_list
from apikeys.services.notices import NOTICE_DAYS
from config.http.lists import Sorts, listing
from config.http.pages import principal_of, settings_page
from config.http.rights import may
from config.http.server_url import server_url
from config.principal import Permissions, Principal
from metadata.models import ObjectMetadata

HOME = "/settings/api-webhooks"

EXPIRING = timedelta(days=max(NOTICE_DAYS))


def status_of(key: ApiKey) -> tuple[str, str]:
    """(status, badge kind) of a key."""
    now = timezone.now()
    if key.revoked_at is not None:
        return "Revoked", "muted"
    if key.expires_at <= now:
        return "Expired", "bad"
    if key.role_id is None:
        return "No role", "bad"
    if not key.enabled:
        return "Paused", "muted"
    if key.expires_at <= now + EXPIRING:
        return "Expiring", "warn"
    return "Active", "ok"


STATES = {
    "Active": gettext_lazy("Active"),
    "Expiring": gettext_lazy("Expiring"),
    "Paused": gettext_lazy("Paused"),
    "Expired": gettext_lazy("Expired"),
    "No role": gettext_lazy("No role"),
}
SORTS: Sorts = {
    "made": (gettext_lazy("Newest first"), lambda each: -each.created_at.timestamp()),
    "name": (gettext_lazy("By name"), lambda each: each.name.lower()),
    "used": (gettext_lazy("Last used first"), lambda each: -each.last_used_at.timestamp() if each.last_used_at else 0),
    "ends": (gettext_lazy("First to expire first"), lambda each: each.expires_at),
}


def shown(key: ApiKey) -> dict[str, object]:
    """What the template of a key's row and of its page read."""
    status, kind = status_of(key)
    return {
        "key": key,
        "status": status,
        "status_label": STATES.get(status, gettext("Revoked")),
        "badge": f"badge-{kind}",
        "limits_in_words": _limits_in_words(key),
        "expiry_class": {"Expired": "text-bad", "Expiring": "text-warn"}.get(status, ""),
    }


def _limits_in_words(key: ApiKey) -> list[str]:
    """What leaves the key less than its role."""
    found = [gettext("Read only")] if key.is_read_only else []
    if key.object_ids is not None:
        found.append(ngettext("%d object", "%d objects", len(key.object_ids)) % len(key.object_ids))
    if key.allowed_networks is not None:
        found.append(ngettext("%d network", "%d networks", len(key.allowed_networks)) % len(key.allowed_networks))
    return found


@settings_page(flag=FLAG)
@require_GET
def key_list(request: HttpRequest) -> HttpResponse:
    """The keys of the workspace, with a search by name and the revoked ones on request."""
    principal = principal_of(request)
    search = request.GET.get("q", "").strip()[:200]
    with_revoked = request.GET.get("revoked") == "1"
    found = apikey_list(principal, with_revoked=True)
    chosen = [
        each
        for each in reversed(found)
        if (with_revoked or each.revoked_at is None) and search.lower() in each.name.lower()
    ]
    listed, choices = listing(
        request, chosen, sorts=SORTS, states=STATES, state_of=lambda each: status_of(each)[0],
        revoked="1" if with_revoked else "",
    )  # fmt: skip
    counts = requests_of_each([each.id for each in listed])
    context = {
        "keys": [{**shown(each), "requests": _capped(counts.get(each.id, 0))} for each in listed],
        "can_revoke": any(each.revoked_at is None for each in listed),
        "revoked_count": sum(each.revoked_at is not None for each in found),
        "total": len(found),
        "search": search,
        "with_revoked": with_revoked,
        "can_create": may(principal, "ROLES"),
        **choices,
        **example(request, principal.permissions),
    }
    return render(request, "apikeys/key_list.html", context)


def _capped(count: int) -> str:
    return f"{COUNTED_IN_LISTS:,}+" if count >= COUNTED_IN_LISTS else f"{count:,}"


def key_of(principal: Principal, key_id: UUID) -> ApiKey:
    """The key, a revoked one too; raises Http404."""
    key = apikey_get(principal, key_id)
    if key is None:
        raise Http404
    return key


def example(request: HttpRequest, permissions: Permissions) -> dict[str, str]:
    """`base_url`, and `example_path`: a request that works, on the workspace's own first readable object."""
    described = ObjectMetadata.objects.filter(
        workspace_id=principal_of(request).workspace_id, is_active=True, is_system=False
    ).order_by("created_at", "name_singular")
    plural = next((each.name_plural for each in described if permissions.allows("read", each)), None)
    return {
        "base_url": server_url(),
        "example_path": f"/rest/{plural}?limit=3" if plural else "/rest/metadata/objects",
    }
