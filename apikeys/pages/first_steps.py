"""The first steps with API keys: one is made, and one has called. Members put the list away for themselves."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from apikeys.models import ApiKey, Member
from apikeys.services.api_keys import FLAG
from config.first_steps import Step
from config.http.pages import SECTIONS, principal_of, settings_page
from config.principal import Principal

HOME = "/settings/api-webhooks"


def _keys(workspace_id: UUID) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(workspace_id=workspace_id, revoked_at=None)


def _keys_that_called(workspace_id: UUID) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(workspace_id=workspace_id).exclude(last_used_at=None)


KEY = Step(
    gettext_lazy("Make an API key"),
    gettext_lazy("With its token other software may call the APIs, as far as the key’s role goes."),
    f"{HOME}/keys/new",
    (FLAG, "ROLES"),
    _keys,
)
CALL = Step(
    gettext_lazy("See the first call"),
    gettext_lazy("Send the request that the new token’s page shows. A second later it stands in Activity."),
    "/settings/activity",
    (FLAG,),
    _keys_that_called,
)


def shown_to(principal: Principal) -> QuerySet[Member] | None:
    """The member's row, unless they have put the first steps away; None for who is no member."""
    return None if principal.user_id is None else _own(principal).filter(first_steps_hidden=False)


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
