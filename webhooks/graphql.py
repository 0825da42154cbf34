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

from config.errors import BadRequest, InvalidCursor, InvalidFirst
from config.http.inputs import uuid_of
from config.principal import KEYS_FLAG, Principal
from metadata.graphql.asking import asked_of, principal_of, values_of
from metadata.graphql.kinds import kind_type
from metadata.graphql.parts import Needed
from metadata.graphql.scalars import UUID, ConnectionCursor, DateTime
from webhooks import models, services
from webhooks.delivery.signing import standard_secret
from webhooks.inputs import moment, overlap
from webhooks.kinds import ACT, ATTEMPT, DELIVERY, WEBHOOK, reveal
from webhooks.services import Seen

BARE_FIELDS = {"deleteWebhook": "deleteWebhookFlag"}  # sent without a selection by old clients
MAX_DELIVERIES = 200


Webhook = kind_type(WEBHOOK)
WebhookAct = kind_type(ACT)
WebhookAttempt = kind_type(ATTEMPT)
WebhookDelivery = kind_type(DELIVERY)


class WebhookSecret(graphene.ObjectType):
    """A secret that somebody asked to see."""

    secret = graphene.String(required=True)
    standard_secret = graphene.String(required=True, description="For libraries of the Standard Webhooks")


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


def _principal(info: Info) -> Principal:
    principal = principal_of(info)
    services.require(principal)
    return principal


def _seen(info: Info, webhook: models.Webhook) -> Seen:
    return services.seen_by(_principal(info), [webhook])[0]


def _revealed(info: Info, webhook: models.Webhook) -> Seen:
    """A webhook that the caller just made or gave a secret, with its secret."""
    reveal(asked_of(info), webhook)
    return _seen(info, webhook)


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

    def resolve_webhooks(root: object, info: Info) -> list[Seen]:
        return services.webhook_list(_principal(info))

    def resolve_webhook_acts(root: object, info: Info, webhook_id: str) -> list[models.WebhookAct]:
        return services.act_list(_principal(info), Uuid(webhook_id))

    def resolve_webhook(
        root: object, info: Info, id: str | None = None, input: Mapping[str, object] | None = None
    ) -> Seen | None:
        return services.webhook_find(_principal(info), _named_id(id, input))

    def resolve_webhook_deliveries(
        root: object,
        info: Info,
        webhook_id: str,
        filter: Mapping[str, Any] | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> dict[str, object]:
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

    def resolve_webhook_delivery(root: object, info: Info, id: str) -> models.Delivery:
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

    def resolve_create_webhook(root: object, info: Info, input: Mapping[str, object]) -> Seen:
        return _revealed(info, services.webhook_create(_principal(info), data=values_of(input)))

    def resolve_update_webhook(root: object, info: Info, input: Mapping[str, Any]) -> Seen:
        data = {**values_of(input, ["id", "update"]), **values_of(input.get("update") or {})}
        return _seen(info, services.webhook_update(_principal(info), webhook_id=Uuid(input["id"]), data=data))

    def resolve_delete_webhook(
        root: object, info: Info, id: str | None = None, input: Mapping[str, object] | None = None
    ) -> Seen:
        return _seen(info, services.webhook_delete(_principal(info), webhook_id=_named_id(id, input)))

    def resolve_delete_webhook_flag(
        root: object, info: Info, id: str | None = None, input: Mapping[str, object] | None = None
    ) -> bool:
        services.webhook_delete(_principal(info), webhook_id=_named_id(id, input))
        return True

    def resolve_redeliver_webhook(root: object, info: Info, delivery_id: str) -> models.Delivery:
        return services.delivery_redeliver(_principal(info), delivery_id=Uuid(delivery_id))

    def resolve_recover_webhook(root: object, info: Info, id: str, since: str) -> int:
        return services.failed_recover(_principal(info), webhook_id=Uuid(id), since=moment(since, "since"))

    def resolve_test_webhook(
        root: object, info: Info, id: str, object: str, action: str, record_id: str | None = None
    ) -> models.Attempt:
        record = services.real_record(record_id)
        return services.webhook_test(
            _principal(info), webhook_id=Uuid(id), object_name=object, action=action, record=record
        )

    def resolve_rotate_webhook_secret(root: object, info: Info, id: str, overlap_hours: int | None) -> Seen:
        length = overlap(24 if overlap_hours is None else overlap_hours)
        rotated = services.secret_rotate(_principal(info), webhook_id=Uuid(id), overlap=length)
        return _revealed(info, rotated)

    def resolve_reveal_webhook_secret(root: object, info: Info, id: str) -> dict[str, str]:
        secret = services.secret_reveal(_principal(info), webhook_id=Uuid(id))
        return {"secret": secret, "standard_secret": standard_secret(secret)}


def _cursor(raw: str) -> Uuid:
    found = uuid_of(raw)
    if found is None:
        raise InvalidCursor.of(raw)
    return found
