"""The only writers of webhooks.

Every write of a webhook raises `Workspace.webhooks_version` in its own transaction, since caches are
keyed by it. Inputs carry the API's names (`targetUrl`); a key that is absent changes nothing. A webhook
acts as a role: whoever changes it must hold every right of that role, and so must what it is changed to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from config.errors import DuplicateEntry, InvalidMetadataInput
from config.principal import Principal
from config.roles import roles_of
from config.texts import camel
from metadata.models import Workspace
from metadata.services.parts import Part
from webhooks.models import Delivery, Webhook, WebhookAct, generate_secret
from webhooks.services.acts import facts_of, note
from webhooks.services.checks import (
    address_policy,
    clean,
    clean_id,
    clean_secret,
    clean_target_url,
    invalid,
    named_object,
    unreachable,
    without_nulls,
)
from webhooks.services.giving import (
    check_operations,
    check_readable,
    locked,
    raise_version,
    refuse_beyond,
    role_of_maker,
    role_to_give,
)
from webhooks.services.reading import webhook_get, webhooks_of
from webhooks.services.seen import ROLE_DELETED, Seen, require, seen_by
from webhooks.services.waiting import give_up, hold, records_database, release

MAX_WEBHOOKS = 500  # live ones in a workspace, so that lists stay bounded
PURGED_AT_ONCE = 1_000  # deliveries

# A backup has secrets as they are stored, encrypted with this server's SECRET_KEY. The log of deliveries is in none.
PARTS = (Part("webhooks_webhook"), Part("webhooks_webhookact"))


def webhook_doubts(
    principal: Principal, *, target_url: str, operations: Sequence[str], webhook: Seen | None = None
) -> list[str]:
    """What somebody should know before they save: nobody listens there, or another webhook tells the same.

    Nothing for an address that cannot be taken at all: saving refuses it. `webhook` is the one that is changed.
    """
    try:
        url = clean_target_url(target_url, address_policy())
    except InvalidMetadataInput:
        return []
    doubts = []
    others = [each for each in webhooks_of(principal.workspace_id) if webhook is None or each.id != webhook.id]
    alike = [each for each in others if each.target_url == url and _overlap(each.operations, operations)]
    seen = [each for each in seen_by(principal, alike) if not each.is_beyond]  # of others' addresses nothing is told
    if seen:
        said = gettext(
            "Another webhook, which is switched off, sends some of these events to this address: each would come twice."
        )
        if seen[0].is_active:
            said = gettext("Another webhook sends some of these events to this address: each would come twice.")
        doubts.append(said)
    if webhook is None or webhook.webhook.target_url != url:
        problem = unreachable(url)
        doubts += [] if problem is None else [problem]
    return doubts


def _overlap(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether an event exists that both name."""
    return any(
        all(one == other or "*" in (one, other) for one, other in zip(a.rsplit(".", 1), b.rsplit(".", 1), strict=True))
        for a in left
        for b in right
    )


def webhook_create(principal: Principal, *, data: Mapping[str, object]) -> Webhook:
    """Make a webhook from {targetUrl, operations?, description?, secret?, isActive?, roleId?, id?}.

    Without operations it hears of every event; without a secret it gets one; without a role it acts as
    its maker's. Raises InvalidMetadataInput naming the member, DuplicateEntry when the id is taken.
    """
    require(principal)
    if data.get("targetUrl") in (None, ""):
        raise invalid("targetUrl should not be empty", "INVALID_TARGET_URL", "targetUrl")
    values = clean({"operations": ["*.*"], **without_nulls(data, "operations", "secret", "isActive")})
    role = role_of_maker(principal) if data.get("roleId") is None else role_to_give(principal, data["roleId"])
    webhook = Webhook(workspace_id=principal.workspace_id, role_id=None if role is None else role.id, **values)
    if data.get("id") is not None:
        webhook.id = clean_id(data["id"])
    try:
        with transaction.atomic():
            raise_version(principal.workspace_id)  # first: its row lock keeps what is checked below as it is
            check_operations(principal, values["operations"], role)
            _check_https(webhook)
            if webhooks_of(principal.workspace_id).count() >= MAX_WEBHOOKS:
                raise invalid(f"A workspace can have {MAX_WEBHOOKS} webhooks", "TOO_MANY_WEBHOOKS", None)
            webhook.save(force_insert=True)
            note(principal, webhook, WebhookAct.Act.CREATED, after=facts_of(webhook, role))
    except IntegrityError:
        raise DuplicateEntry("A duplicate entry was detected", path="id") from None
    return webhook


def webhook_update(principal: Principal, *, webhook_id: UUID, data: Mapping[str, object]) -> Webhook:
    """Change the members that are given. Switching it on again forgets past failures and frees what was held."""
    require(principal)
    values = clean(without_nulls(data, "targetUrl", "operations", "secret", "isActive"))
    with transaction.atomic():
        seen = locked(principal, webhook_id)
        webhook, role = seen.webhook, seen.role
        before = facts_of(webhook, role)
        was_active = webhook.is_active
        if data.get("roleId") is not None:
            role = role_to_give(principal, data["roleId"], held=role)
            values["role_id"] = role.id
            check_readable(principal, values.get("operations", webhook.operations), role)
        if "operations" in values:  # what it has may stay, whatever became of the object
            check_operations(principal, [each for each in values["operations"] if each not in webhook.operations], role)
        changed = [name for name, value in values.items() if getattr(webhook, name) != value]
        for name, value in values.items():
            setattr(webhook, name, value)
        if webhook.is_active:  # one that is switched off may wait for another address
            _check_https(webhook)
        if webhook.is_active and not was_active:
            if role is None:
                raise invalid(ROLE_DELETED, "WEBHOOK_ROLE_DELETED", "roleId")
            webhook.disabled_reason = None
            webhook.failing_since = None
        elif webhook.disabled_reason == ROLE_DELETED and role is not None:
            webhook.disabled_reason = None
        webhook.updated_at = timezone.now()
        webhook.save()
        members = [camel(name) for name in changed]
        after = facts_of(webhook, role)
        if "targetUrl" in members and after["targetUrl"] == before["targetUrl"]:
            after = {**after, "targetUrl": f"{after['targetUrl']} (another path)"}
        if "secret" in members:
            after = {**after, "secret": "another"}
        note(principal, webhook, WebhookAct.Act.UPDATED, members, before, after)
        if webhook.is_active != was_active:
            (release if webhook.is_active else hold)(webhook_id, records_database(webhook.workspace_id))
    return webhook


def webhook_delete(principal: Principal, *, webhook_id: UUID) -> Webhook:
    """Delete softly: its deliveries stay readable, and those still waiting are given up."""
    require(principal)
    with transaction.atomic():
        seen = locked(principal, webhook_id)
        webhook, before = seen.webhook, facts_of(seen.webhook, seen.role)
        webhook.deleted_at = webhook.updated_at = timezone.now()
        webhook.is_active = False
        webhook.save()
        note(principal, webhook, WebhookAct.Act.DELETED, before=before)
        give_up(webhook_id, records_database(webhook.workspace_id))
    return webhook


def secret_rotate(principal: Principal, *, webhook_id: UUID, overlap: timedelta, secret: str | None = None) -> Webhook:
    """Give a new secret. The old one signs beside it for the length of `overlap` (0 to 7 days)."""
    require(principal)
    if not timedelta(0) <= overlap <= timedelta(days=7):
        raise invalid("overlapHours must be between 0 and 168", "INVALID_WEBHOOK_INPUT", "overlapHours")
    new = clean_secret(secret) if secret else generate_secret()
    with transaction.atomic():
        webhook = locked(principal, webhook_id).webhook
        keeps_old = bool(overlap) and webhook.has_readable_secret
        webhook.previous_secret = webhook.secret if keeps_old else None
        webhook.previous_secret_until = timezone.now() + overlap if keeps_old else None
        webhook.secret = new
        webhook.updated_at = timezone.now()
        webhook.save()
        note(principal, webhook, WebhookAct.Act.SECRET_ROTATED)
    return webhook


def secret_reveal(principal: Principal, *, webhook_id: UUID) -> str:
    """The secret, for those who hold every right of the webhook's role; that they asked is logged.

    Raises InvalidMetadataInput when no key reads it.
    """
    require(principal)
    with transaction.atomic():
        webhook = webhook_get(principal, webhook_id)
        refuse_beyond(webhook)
        if not webhook.webhook.has_readable_secret:
            raise invalid("The secret cannot be read with the server's SECRET_KEY", "WEBHOOK_SECRET_UNREADABLE", None)
        note(principal, webhook.webhook, WebhookAct.Act.SECRET_REVEALED)
    secret: str = webhook.webhook.secret
    return secret


def webhook_disable(webhook: Webhook, reason: str, at: datetime, using: str) -> None:
    """Switch off an endpoint that is gone or has only failed; its deliveries wait until it is switched on again."""
    with transaction.atomic():
        raise_version(webhook.workspace_id)
        changed = Webhook.objects.filter(id=webhook.id, workspace_id=webhook.workspace_id, is_active=True).update(
            is_active=False, disabled_reason=reason, updated_at=at
        )
        if changed:
            hold(webhook.id, using)


def role_changed(workspace_id: UUID, role_id: UUID) -> None:
    """Forget what is kept of the workspace's webhooks; pause those of a role that is no more.

    Called in the transaction that changed the role.
    """
    acting = Webhook.objects.filter(workspace_id=workspace_id, role_id=role_id, deleted_at=None)
    ids = list(acting.values_list("id", flat=True))
    if not ids:
        return
    raise_version(workspace_id)
    if any(each.id == role_id for each in roles_of(workspace_id)):
        return
    using = records_database(workspace_id)
    for webhook in acting.filter(is_active=True):
        webhook_disable(webhook, ROLE_DELETED, timezone.now(), using)


def _check_https(webhook: Webhook) -> None:
    """Refuse an address with http:// where the workspace wants https alone."""
    if not webhook.target_url.startswith("http://"):
        return
    if Workspace.objects.filter(id=webhook.workspace_id, is_webhook_https_required=True).exists():
        raise invalid(
            "targetUrl must begin with https://",
            "INVALID_TARGET_URL",
            "targetUrl",
            hint="This workspace sends webhooks encrypted only (Settings → General, isWebhookHttpsRequired)",
        )


def objects_renamed(workspace_id: UUID, renamed: Mapping[str, str]) -> None:
    """Let subscriptions follow their objects: old nameSingular → new. Called in the transaction that renames."""
    touched = [
        webhook
        for webhook in webhooks_of(workspace_id)
        if not renamed.keys().isdisjoint(named_object(each) or "" for each in webhook.operations)
    ]
    if not touched:
        return
    raise_version(workspace_id)
    for webhook in touched:
        webhook.operations = list(dict.fromkeys(_renamed(each, renamed) for each in webhook.operations))
        webhook.updated_at = timezone.now()
        webhook.save(update_fields=["operations", "updated_at"])


def _renamed(operation: str, renamed: Mapping[str, str]) -> str:
    name = named_object(operation)
    if name is None or name not in renamed:
        return operation
    return f"{renamed[name]}.{operation.rpartition('.')[2]}"


def workspace_purged(workspace: Workspace) -> None:
    """Remove the webhooks of a workspace that is gone, what was done to them, and their deliveries, bit by bit."""
    deliveries = Delivery.objects.using(workspace.shard).filter(workspace_id=workspace.id)
    while ids := list(deliveries.values_list("id", flat=True)[:PURGED_AT_ONCE]):
        Delivery.objects.using(workspace.shard).filter(id__in=ids).delete()
    WebhookAct.objects.filter(workspace_id=workspace.id).delete()
    Webhook.objects.filter(workspace_id=workspace.id).delete()
