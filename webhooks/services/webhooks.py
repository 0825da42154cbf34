"""The only writers of webhooks.

Every write of a webhook raises `Workspace.webhooks_version` in its own transaction, since caches are
keyed by it. Inputs carry the API's names (`targetUrl`); a key that is absent changes nothing. A webhook
acts as a role: whoever changes it must hold every right of that role, and so must what it is changed to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from config import audit
from config.errors import DuplicateEntry, InvalidMetadataInput, NotFound
from config.http import rights
from config.http.inputs import uuid_of
from config.http.paging import Order, Page, PageRequest, Place, read_page
from config.http.suggestions import nearest_name
from config.object_users import ObjectUser
from config.principal import Principal
from config.right_words import beyond
from config.roles import Role, excess, roles_of
from metadata.cache import load_schema
from metadata.models import ObjectMetadata, Workspace
from webhooks.models import Delivery, Webhook, WebhookAct, generate_secret
from webhooks.readable import may_read, reads_everything, unreadable_object
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
from webhooks.services.seen import ROLE_DELETED, Seen, masked_url, require, seen_by
from webhooks.services.waiting import give_up, hold, records_database, release

MAX_WEBHOOKS = 500  # live ones in a workspace, so that lists stay bounded
PURGED_AT_ONCE = 1_000  # deliveries
MAX_ACTS = 200  # shown of one webhook, the newest

_API_NAMES = {"target_url": "targetUrl", "is_active": "isActive", "role_id": "roleId"}


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
        state = "" if seen[0].is_active else ", which is switched off,"
        doubts.append(f"Another webhook{state} sends some of these events to this address: each would come twice.")
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


def webhook_create(principal: Principal, *, data: Mapping[str, Any]) -> Webhook:
    """Make a webhook from {targetUrl, operations?, description?, secret?, isActive?, roleId?, id?}.

    Without operations it hears of every event; without a secret it gets one; without a role it acts as
    its maker's. Raises InvalidMetadataInput naming the member, DuplicateEntry when the id is taken.
    """
    require(principal)
    if data.get("targetUrl") in (None, ""):
        raise invalid("targetUrl should not be empty", "INVALID_TARGET_URL", "targetUrl")
    values = clean({"operations": ["*.*"], **without_nulls(data, "operations", "secret", "isActive")})
    role = _role_of_maker(principal) if data.get("roleId") is None else _role_to_give(principal, data["roleId"])
    webhook = Webhook(workspace_id=principal.workspace_id, role_id=None if role is None else role.id, **values)
    if data.get("id") is not None:
        webhook.id = clean_id(data["id"])
    try:
        with transaction.atomic():
            raise_version(principal.workspace_id)  # first: its row lock keeps what is checked below as it is
            _check_operations(principal, values["operations"], role)
            _check_https(webhook)
            if webhooks_of(principal.workspace_id).count() >= MAX_WEBHOOKS:
                raise invalid(f"A workspace can have {MAX_WEBHOOKS} webhooks", "TOO_MANY_WEBHOOKS", None)
            webhook.save(force_insert=True)
            note(principal, webhook, WebhookAct.Act.CREATED, after=_facts(webhook, role))
    except IntegrityError:
        raise DuplicateEntry("A duplicate entry was detected", path="id") from None
    return webhook


def webhook_update(principal: Principal, *, webhook_id: UUID, data: Mapping[str, Any]) -> Webhook:
    """Change the members that are given. Switching it on again forgets past failures and frees what was held."""
    require(principal)
    values = clean(without_nulls(data, "targetUrl", "operations", "secret", "isActive"))
    with transaction.atomic():
        seen = locked(principal, webhook_id)
        webhook, role = seen.webhook, seen.role
        before = _facts(webhook, role)
        was_active = webhook.is_active
        if data.get("roleId") is not None:
            role = _role_to_give(principal, data["roleId"], held=role)
            values["role_id"] = role.id
            _check_readable(principal, values.get("operations", webhook.operations), role)
        if "operations" in values:  # what it has may stay, whatever became of the object
            _check_operations(
                principal, [each for each in values["operations"] if each not in webhook.operations], role
            )
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
        members = [_API_NAMES.get(name, name) for name in changed]
        after = _facts(webhook, role)
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
        webhook, before = seen.webhook, _facts(seen.webhook, seen.role)
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


# Acts -----------------------------------------------------------------------------------------------


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


def _facts(webhook: Webhook, role: Role | None) -> audit.Facts:
    """What the audit says of a webhook: of its address what all may see, and no secret."""
    return {
        "targetUrl": masked_url(webhook.target_url),
        "operations": list(webhook.operations),
        "description": webhook.description,
        "isActive": webhook.is_active,
        "role": None if role is None else role.label,
    }


# Rights ---------------------------------------------------------------------------------------------


def roles_to_give(principal: Principal) -> list[Role]:
    """The roles that the principal may let a webhook act as: those within their own rights, Admin first."""
    if not rights.may(principal, "ROLES"):
        return []
    return [each for each in roles_of(principal.workspace_id) if excess(each.permissions, principal) is None]


def refuse_beyond(seen: Seen) -> None:
    """Raises PermissionDenied when the webhook's role exceeds the rights of whoever looks at it."""
    if seen.missing is not None:
        raise rights.lacking(seen.missing, beyond("The role that the webhook acts as", seen.missing))


def locked(principal: Principal, webhook_id: UUID) -> Seen:
    """A webhook that is about to be changed. Raises NotFound and PermissionDenied."""
    raise_version(principal.workspace_id)
    found = webhooks_of(principal.workspace_id).select_for_update().filter(id=webhook_id).first()
    if found is None:
        raise NotFound("Webhook not found")
    seen = seen_by(principal, [found])[0]
    refuse_beyond(seen)
    return seen


def _role_of_maker(principal: Principal) -> Role | None:
    """The maker's role; Admin for the server itself, None in a workspace that has no roles."""
    roles = roles_of(principal.workspace_id)
    if principal.is_system:
        return roles[0] if roles else None
    role = next((each for each in roles if each.id == principal.role_id), None)
    if role is None:  # never None instead, which means Admin
        raise invalid("Could not find role for given roleId", "ROLE_NOT_FOUND", "roleId")
    return role


def _role_to_give(principal: Principal, given: object, held: Role | None = None) -> Role:
    """The role with that id, within the rights of whoever gives it. `held` is given already."""
    role_id = uuid_of(given)
    if role_id is None:
        raise invalid("roleId must be a UUID", "INVALID_WEBHOOK_INPUT", "roleId")
    if held is not None and held.id == role_id:
        return held
    if role_id != principal.role_id and not rights.may(principal, "ROLES"):
        raise rights.lacking("ROLES")
    role = next((each for each in roles_of(principal.workspace_id) if each.id == role_id), None)
    if role is None:
        raise invalid("Could not find role for given roleId", "ROLE_NOT_FOUND", "roleId")
    missing = excess(role.permissions, principal)
    if missing is not None:
        raise rights.lacking(missing, beyond("The role", missing))
    return role


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


def _check_operations(principal: Principal, operations: list[str], role: Role | None) -> None:
    """Refuse a subscription to an object that does not exist, or that the webhook's role may not read.

    Asked with the workspace's row locked, so that no object is renamed meanwhile.
    """
    _check_readable(principal, operations, role)
    names = {name: each for each in operations if (name := named_object(each)) is not None}
    if not names:
        return
    rows = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id)
    plurals = dict(rows.values_list("name_plural", "name_singular"))
    known = frozenset(plurals.values())
    for name, operation in names.items():
        if name not in known:
            raise invalid(
                f'No object is called "{name[:100]}", so "{operation[:100]}" would never be sent',
                "WEBHOOK_OBJECT_NOT_FOUND",
                "operations",
                hint=_meant(name, plurals),
            )


def _meant(name: str, plurals: Mapping[str, str]) -> str | None:
    """The object of that plural or of that name in other letters, else the nearest one."""
    by_spelling = {each.lower(): singular for each, singular in plurals.items()}
    by_spelling |= {each.lower(): each for each in plurals.values()}
    close = name.lower() if name.lower() in by_spelling else nearest_name(name.lower(), by_spelling)
    return None if close is None else f'Did you mean "{by_spelling[close]}"?'


def _check_readable(principal: Principal, operations: list[str], role: Role | None) -> None:
    """What may not be read and what does not exist are one answer to who does not see everything."""
    if role is None or reads_everything(role.permissions):
        return
    schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
    name = unreadable_object(operations, schema, role.permissions)
    if name is not None:
        readable = {each.plural: each.singular for each in schema.objects if may_read(role.permissions, each)}
        hint = _meant(name, readable)
        raise invalid(
            f'Object "{name[:100]}" does not exist, or the role "{role.label}" may not read it',
            "WEBHOOK_OBJECT_NOT_READABLE",
            "operations",
            hint="Write *.* for everything that the role may read" if hint is None else hint,
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


def raise_version(workspace_id: UUID) -> None:
    Workspace.objects.filter(id=workspace_id).update(webhooks_version=F("webhooks_version") + 1)


def workspace_purged(workspace: Workspace) -> None:
    """Remove the webhooks of a workspace that is gone, what was done to them, and their deliveries, bit by bit."""
    deliveries = Delivery.objects.using(workspace.shard).filter(workspace_id=workspace.id)
    while ids := list(deliveries.values_list("id", flat=True)[:PURGED_AT_ONCE]):
        Delivery.objects.using(workspace.shard).filter(id__in=ids).delete()
    WebhookAct.objects.filter(workspace_id=workspace.id).delete()
    Webhook.objects.filter(workspace_id=workspace.id).delete()
