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
from config.principal import Principal
from metadata.graphql.scalars import UUID, ConnectionCursor, DateTime, JSONObject
from webhooks import models, services
from webhooks.rest import moment, next_attempt_text, overlap, shows_answer

BARE_FIELDS = {"deleteWebhook": "deleteWebhookFlag"}  # sent without a selection by old clients
MAX_DELIVERIES = 200


class Webhook(graphene.ObjectType):
    id = UUID(required=True)
    target_url = graphene.String(required=True)
    operations = graphene.List(graphene.NonNull(graphene.String), required=True)
    description = graphene.String()
    secret = graphene.String(required=True)
    application_id = UUID(required=True)
    is_active = graphene.Boolean(required=True)
    disabled_reason = graphene.String(description="Why the server switched it off")
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    deleted_at = DateTime()

    def resolve_application_id(root: models.Webhook, info: Info) -> Uuid:
        known: Uuid | None = getattr(info.context, "webhook_application_id", None)
        if known is None:  # the same for every webhook of the request's workspace
            known = services.application_id(root.workspace_id)
            info.context.webhook_application_id = known
        return known


class WebhookAttempt(graphene.ObjectType):
    number = graphene.Int(required=True)
    at = DateTime(required=True)
    duration_ms = graphene.Int()
    status_code = graphene.Int()
    error = graphene.String()
    request_headers = JSONObject(required=True)
    response_headers = JSONObject(description="Null where a private receiver's answer is not shown")
    response_body = graphene.String(description="The first 16 KB")

    def resolve_response_headers(root: models.Attempt, info: Info) -> dict[str, str] | None:
        return root.response_headers if shows_answer(_principal(info), root) else None

    def resolve_response_body(root: models.Attempt, info: Info) -> str | None:
        return root.response_body if shows_answer(_principal(info), root) else None


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
    body = graphene.String(required=True, description="What every attempt sends")
    attempt_log = graphene.List(graphene.NonNull(WebhookAttempt), required=True)

    def resolve_next_attempt_at(root: models.Delivery, info: Info) -> str | None:
        return next_attempt_text(root)

    def resolve_body(root: models.Delivery, info: Info) -> str:
        return bytes(root.body).decode()

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


class UpdateWebhookInputUpdates(graphene.InputObjectType):
    target_url = graphene.String()
    operations = graphene.List(graphene.NonNull(graphene.String))
    description = graphene.String()
    secret = graphene.String()
    is_active = graphene.Boolean()


class UpdateWebhookInput(UpdateWebhookInputUpdates):
    id = UUID(required=True)
    update = graphene.Field(UpdateWebhookInputUpdates)


_API_NAMES = {"target_url": "targetUrl", "is_active": "isActive"}


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    return {_API_NAMES.get(name, name): value for name, value in given.items()}


def _principal(info: Info) -> Principal:
    principal: Principal | None = getattr(info.context, "principal", None)
    if principal is None:
        raise MissingToken("Missing authentication token")
    services.require(principal)
    return principal


def _named_id(id: str | None, input: Mapping[str, Any] | None) -> Uuid:
    given = id if id is not None else (input or {}).get("id")
    if given is None:
        raise BadRequest("Argument id is required", path="id")
    return Uuid(given)


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

    def resolve_webhooks(root: Any, info: Info) -> list[models.Webhook]:
        return list(services.webhooks_of(_principal(info).workspace_id))

    def resolve_webhook(
        root: Any, info: Info, id: str | None = None, input: Mapping[str, Any] | None = None
    ) -> models.Webhook | None:
        workspace_id = _principal(info).workspace_id
        return services.webhooks_of(workspace_id).filter(id=_named_id(id, input)).first()

    def resolve_webhook_deliveries(
        root: Any,
        info: Info,
        webhook_id: str,
        filter: Mapping[str, Any] | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> dict[str, Any]:
        workspace_id = _principal(info).workspace_id
        if first is not None and not 0 <= first <= MAX_DELIVERIES:
            raise InvalidFirst(f"first must be from 0 to {MAX_DELIVERIES}")
        page = services.delivery_page(
            workspace_id=workspace_id,
            webhook_id=services.webhook_get(workspace_id, Uuid(webhook_id)).id,
            limit=60 if first is None else first,
            status=(filter or {}).get("status"),
            event_name=(filter or {}).get("event_name"),
            older_than=_cursor(after) if after else None,
        )
        return {
            "edges": [{"node": each, "cursor": str(each.id)} for each in page.rows],
            "page_info": {
                "has_next_page": page.has_older,
                "end_cursor": str(page.rows[-1].id) if page.rows else None,
            },
        }

    def resolve_webhook_delivery(root: Any, info: Info, id: str) -> models.Delivery:
        return services.delivery_get(_principal(info).workspace_id, Uuid(id))


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
    )
    rotate_webhook_secret = graphene.Field(
        Webhook, required=True, id=UUID(required=True), overlap_hours=graphene.Int(default_value=24)
    )

    def resolve_create_webhook(root: Any, info: Info, input: Mapping[str, Any]) -> models.Webhook:
        return services.webhook_create(workspace_id=_principal(info).workspace_id, data=_values(input))

    def resolve_update_webhook(root: Any, info: Info, input: Mapping[str, Any]) -> models.Webhook:
        flat = {name: value for name, value in input.items() if name not in ("id", "update")}
        return services.webhook_update(
            workspace_id=_principal(info).workspace_id,
            webhook_id=Uuid(input["id"]),
            data=_values({**flat, **(input.get("update") or {})}),
        )

    def resolve_delete_webhook(
        root: Any, info: Info, id: str | None = None, input: Mapping[str, Any] | None = None
    ) -> models.Webhook:
        return services.webhook_delete(workspace_id=_principal(info).workspace_id, webhook_id=_named_id(id, input))

    def resolve_delete_webhook_flag(
        root: Any, info: Info, id: str | None = None, input: Mapping[str, Any] | None = None
    ) -> bool:
        services.webhook_delete(workspace_id=_principal(info).workspace_id, webhook_id=_named_id(id, input))
        return True

    def resolve_redeliver_webhook(root: Any, info: Info, delivery_id: str) -> models.Delivery:
        return services.delivery_redeliver(workspace_id=_principal(info).workspace_id, delivery_id=Uuid(delivery_id))

    def resolve_recover_webhook(root: Any, info: Info, id: str, since: str) -> int:
        return services.failed_recover(
            workspace_id=_principal(info).workspace_id, webhook_id=Uuid(id), since=moment(since, "since")
        )

    def resolve_test_webhook(root: Any, info: Info, id: str, object: str, action: str) -> models.Attempt:
        return services.webhook_test(principal=_principal(info), webhook_id=Uuid(id), object_name=object, action=action)

    def resolve_rotate_webhook_secret(root: Any, info: Info, id: str, overlap_hours: int | None) -> models.Webhook:
        return services.secret_rotate(
            workspace_id=_principal(info).workspace_id,
            webhook_id=Uuid(id),
            overlap=overlap(24 if overlap_hours is None else overlap_hours),
        )


def _cursor(raw: str) -> Uuid:
    try:
        return Uuid(raw)
    except ValueError:
        raise InvalidCursor.of(raw) from None
