"""Webhooks and deliveries as members of the /metadata schema.

Two generations of clients are served: `webhook` and `deleteWebhook` take `id` or `input: {id}`, and an
update's members may stand flat beside `id` or under `update`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID as Uuid

import graphene
from graphql import GraphQLResolveInfo as Info

from config.errors import BadRequest, InvalidCursor, InvalidFirst, MissingToken
from config.http.inputs import uuid_of
from config.principal import KEYS_FLAG, Principal
from metadata.graphql.parts import Needed
from metadata.graphql.scalars import UUID, ConnectionCursor, DateTime, JSONObject
from webhooks import models, services
from webhooks.delivery.signing import standard_secret
from webhooks.rest import moment, next_attempt_text, overlap
from webhooks.services import Content, Seen

BARE_FIELDS = {"deleteWebhook": "deleteWebhookFlag"}  # sent without a selection by old clients
MAX_DELIVERIES = 200


class Webhook(graphene.ObjectType):
    """Its root is the webhook as the caller sees it."""

    id = UUID(required=True)
    target_url = graphene.String(required=True, description="Its host only, of a webhook of a role above the caller's")
    operations = graphene.List(graphene.NonNull(graphene.String), required=True)
    description = graphene.String()
    secret = graphene.String(description="Null where it is masked: ask revealWebhookSecret")
    application_id = UUID(required=True)
    is_active = graphene.Boolean(required=True)
    disabled_reason = graphene.String(description="Why the server switched it off")
    role_id = UUID(description="The role it acts as: it tells of what that role may read")
    role_label = graphene.String(description="Null when the role was deleted")
    state = graphene.String(required=True, description="active, failing, paused, switchedOff or waiting")
    state_reason = graphene.String()
    stale_operations = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Operations whose object was deleted"
    )
    warnings = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="What is taken but hardly meant"
    )
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    deleted_at = DateTime()

    def resolve_id(root: Seen, info: Info) -> Uuid:
        return root.webhook.id

    def resolve_operations(root: Seen, info: Info) -> list[str]:
        return list(root.shown_operations)

    def resolve_description(root: Seen, info: Info) -> str | None:
        return root.webhook.description

    def resolve_secret(root: Seen, info: Info) -> str | None:
        revealed: set[Uuid] = getattr(info.context, "webhooks_revealed", set())
        return root.revealed_secret if root.webhook.id in revealed else root.secret

    def resolve_application_id(root: Seen, info: Info) -> Uuid:
        known: Uuid | None = getattr(info.context, "webhook_application_id", None)
        if known is None:  # the same for every webhook of the request's workspace
            known = services.application_id(root.webhook.workspace_id)
            info.context.webhook_application_id = known
        return known

    def resolve_is_active(root: Seen, info: Info) -> bool:
        return root.webhook.is_active

    def resolve_disabled_reason(root: Seen, info: Info) -> str | None:
        return root.webhook.disabled_reason

    def resolve_role_id(root: Seen, info: Info) -> Uuid | None:
        return root.webhook.role_id

    def resolve_role_label(root: Seen, info: Info) -> str | None:
        return None if root.role is None else root.role.label

    def resolve_created_at(root: Seen, info: Info) -> Any:
        return root.webhook.created_at

    def resolve_updated_at(root: Seen, info: Info) -> Any:
        return root.webhook.updated_at

    def resolve_deleted_at(root: Seen, info: Info) -> Any:
        return root.webhook.deleted_at


class WebhookSecret(graphene.ObjectType):
    """A secret that somebody asked to see."""

    secret = graphene.String(required=True)
    standard_secret = graphene.String(required=True, description="For libraries of the Standard Webhooks")


class WebhookAct(graphene.ObjectType):
    """Who did what to a webhook."""

    id = UUID(required=True)
    act = graphene.String(required=True, description="created, updated, deleted, secretRotated or secretRevealed")
    at = DateTime(required=True)
    by_name = graphene.String(required=True, description="The API key or member, as it was called then")
    by_api_key_id = UUID()
    by_member_id = UUID()
    members = graphene.List(graphene.NonNull(graphene.String), required=True, description="What an update changed")


class WebhookAttempt(graphene.ObjectType):
    number = graphene.Int(required=True)
    at = DateTime(required=True)
    duration_ms = graphene.Int()
    status_code = graphene.Int()
    error = graphene.String()
    request_headers = JSONObject(required=True)
    response_headers = JSONObject(description="Null where the receiver's answer is not for the caller")
    response_body = graphene.String(description="The first 16 KB")

    def resolve_response_headers(root: models.Attempt, info: Info) -> dict[str, str] | None:
        return root.response_headers if _content(info, root.delivery).shows_answer(root) else None

    def resolve_response_body(root: models.Attempt, info: Info) -> str | None:
        return root.response_body if _content(info, root.delivery).shows_answer(root) else None


class WebhookDelivery(graphene.ObjectType):
    id = UUID(required=True)
    message_id = graphene.String(required=True, description="The webhook-id header")
    webhook_id = UUID(required=True)
    event_name = graphene.String(required=True)
    object_name = graphene.String(required=True)
    record_id = UUID(required=True)
    status = graphene.String(required=True, description="pending, delivering, held, delivered or failed")
    attempts = graphene.Int(required=True)
    next_attempt_at = DateTime()
    last_status_code = graphene.Int()
    last_error = graphene.String()
    created_at = DateTime(required=True)
    finished_at = DateTime()
    is_test = graphene.Boolean(required=True, description="Sent by hand; its body says so too")
    body = graphene.String(required=True, description="What every attempt sends, less what the caller may not read")
    is_redacted = graphene.Boolean(required=True, description="Whether something was left out of the body")
    attempt_log = graphene.List(graphene.NonNull(WebhookAttempt), required=True)

    def resolve_next_attempt_at(root: models.Delivery, info: Info) -> str | None:
        return next_attempt_text(root)

    def resolve_body(root: models.Delivery, info: Info) -> str:
        return _content(info, root).body

    def resolve_is_redacted(root: models.Delivery, info: Info) -> bool:
        return _content(info, root).is_redacted

    def resolve_attempt_log(root: models.Delivery, info: Info) -> list[models.Attempt]:
        return list(root.attempt_set.all())


class WebhookDeliveryEdge(graphene.ObjectType):
    node = graphene.Field(WebhookDelivery, required=True)
    cursor = ConnectionCursor(required=True)


class WebhookDeliveryPageInfo(graphene.ObjectType):
    has_next_page = graphene.Boolean(required=True)
    end_cursor = ConnectionCursor()


class WebhookDeliveryConnection(graphene.ObjectType):
    edges = graphene.List(graphene.NonNull(WebhookDeliveryEdge), required=True)
    page_info = graphene.Field(WebhookDeliveryPageInfo, required=True)


class WebhookDeliveryFilter(graphene.InputObjectType):
    status = graphene.String()
    event_name = graphene.String()


class GetWebhookInput(graphene.InputObjectType):
    id = UUID(required=True)


class DeleteWebhookInput(graphene.InputObjectType):
    id = UUID(required=True)


class CreateWebhookInput(graphene.InputObjectType):
    id = UUID()
    target_url = graphene.String(required=True)
    operations = graphene.List(graphene.NonNull(graphene.String), required=True)
    description = graphene.String()
    secret = graphene.String()
    role_id = UUID()


class UpdateWebhookInputUpdates(graphene.InputObjectType):
    target_url = graphene.String()
    operations = graphene.List(graphene.NonNull(graphene.String))
    description = graphene.String()
    secret = graphene.String()
    is_active = graphene.Boolean()
    role_id = UUID()


class UpdateWebhookInput(UpdateWebhookInputUpdates):
    id = UUID(required=True)
    update = graphene.Field(UpdateWebhookInputUpdates)


_API_NAMES = {"target_url": "targetUrl", "is_active": "isActive", "role_id": "roleId"}


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    return {_API_NAMES.get(name, name): value for name, value in given.items()}


def _principal(info: Info) -> Principal:
    principal: Principal | None = getattr(info.context, "principal", None)
    if principal is None:
        raise MissingToken("Missing authentication token")
    services.require(principal)
    return principal


def _seen(info: Info, webhook: models.Webhook, *, revealed: bool = False) -> Seen:
    """A webhook that the caller just wrote; `revealed`: with its secret, masked elsewhere or not."""
    if revealed:
        shown: set[Uuid] = getattr(info.context, "webhooks_revealed", set())
        info.context.webhooks_revealed = shown | {webhook.id}
    return services.seen_by(_principal(info), [webhook])[0]


def _content(info: Info, delivery: models.Delivery) -> Content:
    """What the caller may read of a delivery; asked once per delivery, its webhook once per request."""
    contents: dict[Uuid, Content] = info.context.__dict__.setdefault("webhook_contents", {})
    webhooks: dict[Uuid, Seen] = info.context.__dict__.setdefault("webhooks_of_deliveries", {})
    if delivery.id not in contents:
        principal = _principal(info)
        if delivery.webhook_id not in webhooks:
            webhooks[delivery.webhook_id] = services.webhook_of(principal, delivery)
        contents[delivery.id] = services.delivery_content(principal, delivery, webhooks[delivery.webhook_id])
    return contents[delivery.id]


def _named_id(id: str | None, input: Mapping[str, Any] | None) -> Uuid:
    given = id if id is not None else (input or {}).get("id")
    if given is None:
        raise BadRequest("Argument id is required", path="id")
    return Uuid(given)


NEEDS: Mapping[str, Needed] = {"*": ((KEYS_FLAG,),)}


class Query:
    webhooks = graphene.List(graphene.NonNull(Webhook), required=True)
    webhook = graphene.Field(Webhook, id=UUID(), input=GetWebhookInput())
    webhook_deliveries = graphene.Field(
        WebhookDeliveryConnection,
        required=True,
        webhook_id=UUID(required=True),
        filter=WebhookDeliveryFilter(),
        first=graphene.Int(default_value=60),
        after=ConnectionCursor(),
    )
    webhook_delivery = graphene.Field(WebhookDelivery, required=True, id=UUID(required=True))
    webhook_acts = graphene.List(
        graphene.NonNull(WebhookAct),
        required=True,
        webhook_id=UUID(required=True),
        description="Who made and changed a webhook and asked for its secret: the newest 200, newest first",
    )

    def resolve_webhooks(root: Any, info: Info) -> list[Seen]:
        return services.webhook_list(_principal(info))

    def resolve_webhook_acts(root: Any, info: Info, webhook_id: str) -> list[models.WebhookAct]:
        return services.act_list(_principal(info), Uuid(webhook_id))

    def resolve_webhook(
        root: Any, info: Info, id: str | None = None, input: Mapping[str, Any] | None = None
    ) -> Seen | None:
        return services.webhook_find(_principal(info), _named_id(id, input))

    def resolve_webhook_deliveries(
        root: Any,
        info: Info,
        webhook_id: str,
        filter: Mapping[str, Any] | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> dict[str, Any]:
        principal = _principal(info)
        if first is not None and not 0 <= first <= MAX_DELIVERIES:
            raise InvalidFirst(f"first must be from 0 to {MAX_DELIVERIES}")
        page = services.delivery_page(
            principal,
            webhook_id=services.webhook_get(principal, Uuid(webhook_id)).webhook.id,
            limit=60 if first is None else first,
            status=(filter or {}).get("status"),
            event_name=(filter or {}).get("event_name"),
            older_than=_cursor(after) if after else None,
        )
        return {
            "edges": [{"node": each, "cursor": str(each.id)} for each in page.items],
            "page_info": {
                "has_next_page": page.has_next,
                "end_cursor": str(page.items[-1].id) if page.items else None,
            },
        }

    def resolve_webhook_delivery(root: Any, info: Info, id: str) -> models.Delivery:
        return services.delivery_get(_principal(info), Uuid(id))


class Mutation:
    create_webhook = graphene.Field(Webhook, required=True, input=graphene.Argument(CreateWebhookInput, required=True))
    update_webhook = graphene.Field(Webhook, required=True, input=graphene.Argument(UpdateWebhookInput, required=True))
    delete_webhook = graphene.Field(Webhook, required=True, id=UUID(), input=DeleteWebhookInput())
    delete_webhook_flag = graphene.Boolean(
        required=True,
        id=UUID(),
        input=DeleteWebhookInput(),
        description="deleteWebhook without a selection answers this",
    )
    redeliver_webhook = graphene.Field(WebhookDelivery, required=True, delivery_id=UUID(required=True))
    recover_webhook = graphene.Int(required=True, id=UUID(required=True), since=DateTime(required=True))
    test_webhook = graphene.Field(
        WebhookAttempt,
        required=True,
        id=UUID(required=True),
        object=graphene.String(required=True),
        action=graphene.String(required=True),
        record_id=graphene.String(description="A record to tell of, or newest; without it an example is made up"),
    )
    rotate_webhook_secret = graphene.Field(
        Webhook, required=True, id=UUID(required=True), overlap_hours=graphene.Int(default_value=24)
    )

    reveal_webhook_secret = graphene.Field(
        WebhookSecret, required=True, id=UUID(required=True), description="That it was asked for stands in webhookActs"
    )

    def resolve_create_webhook(root: Any, info: Info, input: Mapping[str, Any]) -> Seen:
        made = services.webhook_create(_principal(info), data=_values(input))
        return _seen(info, made, revealed=True)

    def resolve_update_webhook(root: Any, info: Info, input: Mapping[str, Any]) -> Seen:
        flat = {name: value for name, value in input.items() if name not in ("id", "update")}
        data = _values({**flat, **(input.get("update") or {})})
        return _seen(info, services.webhook_update(_principal(info), webhook_id=Uuid(input["id"]), data=data))

    def resolve_delete_webhook(
        root: Any, info: Info, id: str | None = None, input: Mapping[str, Any] | None = None
    ) -> Seen:
        return _seen(info, services.webhook_delete(_principal(info), webhook_id=_named_id(id, input)))

    def resolve_delete_webhook_flag(
        root: Any, info: Info, id: str | None = None, input: Mapping[str, Any] | None = None
    ) -> bool:
        services.webhook_delete(_principal(info), webhook_id=_named_id(id, input))
        return True

    def resolve_redeliver_webhook(root: Any, info: Info, delivery_id: str) -> models.Delivery:
        return services.delivery_redeliver(_principal(info), delivery_id=Uuid(delivery_id))

    def resolve_recover_webhook(root: Any, info: Info, id: str, since: str) -> int:
        return services.failed_recover(_principal(info), webhook_id=Uuid(id), since=moment(since, "since"))

    def resolve_test_webhook(
        root: Any, info: Info, id: str, object: str, action: str, record_id: str | None = None
    ) -> models.Attempt:
        record = services.real_record(record_id)
        return services.webhook_test(
            _principal(info), webhook_id=Uuid(id), object_name=object, action=action, record=record
        )

    def resolve_rotate_webhook_secret(root: Any, info: Info, id: str, overlap_hours: int | None) -> Seen:
        length = overlap(24 if overlap_hours is None else overlap_hours)
        rotated = services.secret_rotate(_principal(info), webhook_id=Uuid(id), overlap=length)
        return _seen(info, rotated, revealed=True)

    def resolve_reveal_webhook_secret(root: Any, info: Info, id: str) -> dict[str, str]:
        secret = services.secret_reveal(_principal(info), webhook_id=Uuid(id))
        return {"secret": secret, "standard_secret": standard_secret(secret)}


def _cursor(raw: str) -> Uuid:
    found = uuid_of(raw)
    if found is None:
        raise InvalidCursor.of(raw)
    return found
