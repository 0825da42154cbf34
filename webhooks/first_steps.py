"""The last of the first steps: a webhook."""

from __future__ import annotations

from uuid import UUID

from config.first_steps import Step
from webhooks import services

FLAG = services.FLAG


def _has_webhook(workspace_id: UUID) -> bool:
    return services.webhooks_of(workspace_id).exists()


WEBHOOK = Step(
    "Add a webhook",
    "It tells your own software of each change, so that it need not ask.",
    "/settings/api-webhooks/webhooks/new",
    (FLAG,),
    _has_webhook,
)
