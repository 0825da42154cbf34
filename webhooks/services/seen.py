"""Webhooks as one principal sees them: whose role they act as, what state they are in, what stays masked.

A webhook whose role exceeds the rights of whoever looks is somebody else's: its secret, and everything in its
address beyond the host (tokens stand in paths as well as in queries), are not theirs to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from config.http import rights
from config.principal import EVERYTHING, KEYS_FLAG, Permissions, Principal
from config.roles import Role, excess, roles_by_id
from metadata.cache import load_schema
from metadata.models import ObjectMetadata
from webhooks.models import Webhook
from webhooks.readable import may_read
from webhooks.services.checks import SAFE_SECRET_LENGTH, named_object

ROLE_DELETED = "The role it acted as was deleted: choose another role, then switch it on"
SECRET_UNREADABLE = (
    "Its secret was encrypted with another SECRET_KEY, so nothing can be signed: deliveries wait. The operator"  # noqa: S105
    " can add the earlier key to SECRET_KEYS_OLD, or give the webhook a new secret"
)
MASK = "••••"

State = Literal["active", "failing", "paused", "switchedOff", "waiting"]


def require(principal: Principal) -> None:
    """Raises PermissionDenied unless the principal's role may see and change webhooks."""
    rights.require(principal, KEYS_FLAG)


@dataclass(frozen=True, slots=True)
class Seen:
    """A webhook, the role it acts as (None: deleted) and the first right of that role its viewer lacks."""

    webhook: Webhook
    role: Role | None
    missing: str | None
    shown_operations: tuple[str, ...]
    stale_operations: tuple[str, ...] = ()  # of those, what names an object that is no more

    @property
    def id(self) -> UUID:
        return self.webhook.id

    @property
    def description(self) -> str | None:
        return self.webhook.description

    @property
    def is_active(self) -> bool:
        return self.webhook.is_active

    @property
    def is_beyond(self) -> bool:
        return self.missing is not None

    @property
    def permissions(self) -> Permissions:
        """What it may tell of: nothing without a role."""
        return Permissions() if self.role is None else self.role.permissions

    @property
    def target_url(self) -> str:
        return masked_url(self.webhook.target_url) if self.is_beyond else self.webhook.target_url

    @property
    def secret(self) -> str | None:
        """For the compatible `secret` member; None where it is masked or cannot be read."""
        return None if settings.WEBHOOK_SECRETS_MASKED else self.revealed_secret

    @property
    def revealed_secret(self) -> str | None:
        """For the answer to whoever made, rotated or revealed it just now."""
        return None if self.is_beyond else (self.webhook.secret or None)

    @property
    def warnings(self) -> list[str]:
        """What is taken but hardly meant, in sentences."""
        told = [f'No object is called "{named_object(each)}": {each} is never sent' for each in self.stale_operations]
        secret = self.revealed_secret
        if secret is not None and len(secret) < SAFE_SECRET_LENGTH:
            told.append(
                f"The secret is shorter than {SAFE_SECRET_LENGTH} characters: one delivery is enough to guess it"
            )
        return told

    @property
    def state(self) -> State:
        webhook = self.webhook
        if self.role is None:
            return "paused"
        if not webhook.is_active:
            return "switchedOff" if webhook.disabled_reason and webhook.disabled_reason != ROLE_DELETED else "paused"
        if not webhook.has_readable_secret:
            return "waiting"
        return "failing" if webhook.failing_since is not None else "active"

    @property
    def state_reason(self) -> str | None:
        """Why it is not simply active, in a sentence; None when somebody paused it by hand, too."""
        webhook = self.webhook
        if self.role is None:
            return ROLE_DELETED
        if not webhook.is_active:
            return webhook.disabled_reason
        if not webhook.has_readable_secret:
            return SECRET_UNREADABLE
        if webhook.failing_since is not None:
            return f"Every attempt since {webhook.failing_since:%Y-%m-%d %H:%M} UTC failed"
        return None


def seen_by(principal: Principal, webhooks: Sequence[Webhook]) -> list[Seen]:
    """The webhooks with what the principal may know of each; one statement for all their roles."""
    acting = acting_roles(webhooks)
    lacked: dict[UUID | None, str | None] = {}  # by role
    seen = []
    for webhook, role in zip(webhooks, acting, strict=True):
        if webhook.role_id not in lacked:
            # What a deleted role allowed nobody knows any more: its webhooks are for those with every right.
            lacked[webhook.role_id] = excess(EVERYTHING if role is None else role.permissions, principal)
        missing = lacked[webhook.role_id]
        shown = tuple(webhook.operations) if missing is None else _readable_operations(principal, webhook)
        seen.append(Seen(webhook, role, missing, shown))
    stale = _stale(principal, {operation for each in seen for operation in each.shown_operations})
    if stale:
        seen = [
            replace(each, stale_operations=tuple(filter(stale.__contains__, each.shown_operations))) for each in seen
        ]
    return seen


def _stale(principal: Principal, operations: Iterable[str]) -> frozenset[str]:
    """Those that name an object which the workspace has not, not even deactivated; mostly without a statement."""
    active = load_schema(principal.workspace_id, principal.workspace.schema_version).by_singular
    unsure = {each: name for each in operations if (name := named_object(each)) is not None and name not in active}
    if not unsure:
        return frozenset()
    known = set(
        ObjectMetadata.objects.filter(
            workspace_id=principal.workspace_id, name_singular__in=set(unsure.values())
        ).values_list("name_singular", flat=True)
    )
    return frozenset(each for each, name in unsure.items() if name not in known)


def acting_roles(webhooks: Sequence[Webhook]) -> list[Role | None]:
    """The role that each of the webhooks acts as now; None for one whose role was deleted."""
    roles = roles_by_id({each.role_id for each in webhooks if each.role_id is not None})
    return [
        Role(each.id, "Admin", EVERYTHING) if each.role_id is None else roles.get(each.role_id) for each in webhooks
    ]


def readable_objects(principal: Principal) -> list[UUID]:
    """Ids of the active objects that the principal may read."""
    schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
    return [each.id for each in schema.objects if may_read(principal.permissions, each)]


def _readable_operations(principal: Principal, webhook: Webhook) -> tuple[str, ...]:
    """Those that name no object which the viewer may not read."""
    schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
    hidden = {each.singular for each in schema.objects if not may_read(principal.permissions, each)}
    return tuple(each for each in webhook.operations if each.rpartition(".")[0] not in hidden)


def masked_url(url: str) -> str:
    """Scheme and host, and that there is more.

    >>> masked_url("https://hooks.example/services/T0/secret?token=1"), masked_url("https://hooks.example/")
    ('https://hooks.example/••••', 'https://hooks.example/')
    """
    parts = urlsplit(url)
    is_bare = parts.path in ("", "/") and not parts.query
    return url if is_bare else f"{parts.scheme}://{parts.netloc}/{MASK}"
