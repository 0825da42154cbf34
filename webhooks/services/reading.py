"""What may be read of webhooks, as the one who asks sees them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from config.errors import NotFound
from config.http.paging import Order, Page, PageRequest, Place, read_page
from config.object_users import ObjectUser
from config.principal import Principal
from metadata.models import Workspace
from webhooks.models import Webhook
from webhooks.services.checks import (
    named_object,
)
from webhooks.services.seen import Seen, require, seen_by


def application_id(workspace_id: UUID) -> UUID:
    """The application that owns what a workspace makes, its webhooks too."""
    return Workspace.objects.values_list("custom_application_id", flat=True).get(id=workspace_id)


def webhooks_of(workspace_id: UUID) -> QuerySet[Webhook]:
    """The live webhooks of a workspace, oldest first."""
    return Webhook.objects.filter(workspace_id=workspace_id, deleted_at=None).order_by("created_at", "id")


def webhooks_listening(principal: Principal, singular: str) -> list[ObjectUser]:
    """The live webhooks that hear of an object's records; their addresses as the principal may see them."""
    rows = webhooks_of(principal.workspace_id)
    found = [row for row in rows if any(_hears(each, singular) for each in row.operations)]
    pages = "/settings/api-webhooks/webhooks"
    return [ObjectUser(each.target_url, f"{pages}/{each.id}") for each in seen_by(principal, found)]


def _hears(operation: str, singular: str) -> bool:
    return operation.startswith("*.") or named_object(operation) == singular


def webhook_list(principal: Principal) -> list[Seen]:
    """Every live webhook, oldest first."""
    require(principal)
    return seen_by(principal, list(webhooks_of(principal.workspace_id)))


def webhook_page(principal: Principal, page: PageRequest) -> Page[Webhook]:
    """Part of the live webhooks, oldest first. A cursor stands for its place by creation time, deleted or not."""
    require(principal)

    def place_of(id: UUID) -> Place | None:
        found = Webhook.objects.filter(workspace_id=principal.workspace_id, id=id).first()
        return None if found is None else (found.created_at, found.id)

    oldest = Order(("created_at", "id"), is_descending=False, place_of=place_of)
    return read_page(webhooks_of(principal.workspace_id), page, oldest, is_exact=False)


def webhook_find(principal: Principal, webhook_id: UUID) -> Seen | None:
    require(principal)
    found = webhooks_of(principal.workspace_id).filter(id=webhook_id).first()
    return None if found is None else seen_by(principal, [found])[0]


def webhook_get(principal: Principal, webhook_id: UUID) -> Seen:
    """Raises NotFound."""
    found = webhook_find(principal, webhook_id)
    if found is None:
        raise NotFound("Webhook not found")
    return found
