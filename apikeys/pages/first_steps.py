"""The first steps with API keys: one is made, and one has called. Members put the list away for themselves."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apikeys.models import ApiKey, Member
from apikeys.services.api_keys import FLAG
from config.first_steps import Step
from config.http.pages import SECTIONS, principal_of, settings_page
from config.principal import Principal

HOME = "/settings/api-webhooks"


def _has_key(workspace_id: UUID) -> bool:
    return ApiKey.objects.filter(workspace_id=workspace_id, revoked_at=None).exists()


def _has_called(workspace_id: UUID) -> bool:
    return ApiKey.objects.filter(workspace_id=workspace_id).exclude(last_used_at=None).exists()


KEY = Step(
    "Make an API key",
    "With its token other software may call the APIs, as far as the key’s role goes.",
    f"{HOME}/keys/new",
    (FLAG, "ROLES"),
    _has_key,
)
CALL = Step(
    "See the first call",
    "Send the request that the new token’s page shows. A second later it stands in Activity.",
    "/settings/activity",
    (FLAG,),
    _has_called,
)


def is_hidden(principal: Principal) -> bool:
    """Whether the member has put the first steps away."""
    return _own(principal).filter(first_steps_hidden=True).exists()


def _own(principal: Principal) -> QuerySet[Member]:
    own = Member.objects.filter(workspace_id=principal.workspace_id)
    return own.none() if principal.user_id is None else own.filter(id=principal.user_id)


@settings_page()
@require_POST
def first_steps_hide(request: HttpRequest) -> HttpResponse:
    """Put the first steps away, for the member who asks, and go back to the section they stood in."""
    principal = principal_of(request)
    _own(principal).update(first_steps_hidden=True)
    back = request.POST.get("next", "")
    return redirect(back if back in {url for _, url, _, _, _ in SECTIONS} else "/settings")
