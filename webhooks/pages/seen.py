"""What the pages of webhooks and of their deliveries have in common."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from config.http.pages import principal_of
from config.principal import Principal
from metadata.models import ObjectMetadata
from webhooks import services
from webhooks.services import Seen

HOME = "/settings/api-webhooks/webhooks"


def webhook_of(request: HttpRequest, webhook_id: UUID) -> Seen:
    return services.webhook_get(principal_of(request), webhook_id)


def object_choices(principal: Principal) -> list[tuple[str, str]]:
    """(name, label) of every active object that the member may read, people's own kinds first."""
    readable = services.readable_objects(principal)
    rows = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, is_active=True, id__in=readable)
    ordered = sorted(rows, key=lambda each: (each.is_system, each.shown("labelSingular").lower()))
    return [(each.name_singular, each.shown("labelSingular")) for each in ordered]
