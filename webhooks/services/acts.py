"""Who did what to a webhook: its own log of acts, and what the audit says of it."""

from __future__ import annotations

from uuid import UUID

from config import audit
from config.principal import Principal
from config.roles import Role
from webhooks.models import Webhook, WebhookAct
from webhooks.services.reading import webhook_get
from webhooks.services.seen import masked_url

MAX_ACTS = 200  # shown of one webhook, the newest


def act_list(principal: Principal, webhook_id: UUID) -> list[WebhookAct]:
    """Who did what to a webhook, newest first. Raises NotFound."""
    webhook = webhook_get(principal, webhook_id).webhook
    acts = WebhookAct.objects.filter(workspace_id=principal.workspace_id, webhook_id=webhook.id)
    return list(acts.order_by("-id")[:MAX_ACTS])


def note(
    principal: Principal,
    webhook: Webhook,
    act: str,
    members: list[str] | None = None,
    before: audit.Facts | None = None,
    after: audit.Facts | None = None,
) -> None:
    """Add to the webhook's own log of acts, and to the workspace's audit, in the transaction that acts."""
    name = masked_url(webhook.target_url)
    told = f"webhook.{act}"
    audit.note(webhook.workspace_id, told, subject_id=webhook.id, name=name, before=before, after=after, by=principal)
    WebhookAct.objects.create(
        workspace_id=webhook.workspace_id,
        webhook_id=webhook.id,
        act=act,
        by_name=principal.name,
        by_api_key_id=principal.api_key_id,
        by_member_id=principal.user_id,
        members=members or [],
    )


def facts_of(webhook: Webhook, role: Role | None) -> audit.Facts:
    """What the audit says of a webhook: of its address what all may see, and no secret."""
    return {
        "targetUrl": masked_url(webhook.target_url),
        "operations": list(webhook.operations),
        "description": webhook.description,
        "isActive": webhook.is_active,
        "role": None if role is None else role.label,
    }
