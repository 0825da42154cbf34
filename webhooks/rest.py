"""Webhooks and their deliveries over REST: /rest/metadata/webhooks, and its older alias /rest/webhooks.

Lists are bare arrays for keys of API version 1 and on the alias, `{data, pageInfo, totalCount}` else.
"""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.errors import BadRequest
from config.events import ACTIONS
from config.http.ignored import PAGING, NamesIgnored
from config.http.inputs import path_id
from config.http.members import read_body, refuse_unknown
from config.http.paging import PAGE_PARAMETERS, PageRequest, read_page_request
from config.principal import Principal
from metadata.kinds import Asked
from metadata.rest.kinds import kind_json, kind_serializer, kinds_json
from webhooks import services
from webhooks.delivery.signing import standard_secret
from webhooks.inputs import moment, overlap
from webhooks.kinds import ACT, ATTEMPT, DELIVERY, LISTED_DELIVERY, WEBHOOK, reveal
from webhooks.models import DeliveryStatus, Webhook
from webhooks.services import Seen

_WEBHOOK = kind_serializer(WEBHOOK)
_DELIVERY = kind_serializer(LISTED_DELIVERY)
_ATTEMPT = kind_serializer(ATTEMPT)
_PAGING = [
    OpenApiParameter("limit", int),
    OpenApiParameter("starting_after", UUID),
    OpenApiParameter("ending_before", UUID),
]
CREATE_BODY = inline_serializer(
    "WebhookForCreate",
    {
        "targetUrl": serializers.CharField(),
        "operations": serializers.ListField(child=serializers.CharField(), default=["*.*"]),
        "description": serializers.CharField(required=False, allow_null=True),
        "secret": serializers.CharField(required=False),
        "roleId": serializers.UUIDField(required=False),
        "id": serializers.UUIDField(required=False),
    },
)
UPDATE_BODY = inline_serializer(
    "WebhookForUpdate",
    {
        "targetUrl": serializers.CharField(required=False),
        "operations": serializers.ListField(child=serializers.CharField(), required=False),
        "description": serializers.CharField(required=False, allow_null=True),
        "secret": serializers.CharField(required=False),
        "isActive": serializers.BooleanField(required=False),
        "roleId": serializers.UUIDField(required=False),
    },
)


# What bodies may have: what any API's form of a webhook names, applied or not, and what answers have.
MEMBERS = frozenset((*(each.name for each in WEBHOOK.members), "update"))


class WebhookView(APIView):
    """What these views share: the permission, asked before the method runs."""

    principal: Principal
    asked: Asked

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        self.principal = cast(Principal, request.auth)
        services.require(self.principal)
        self.asked = Asked(self.principal)

    def shown(self, webhook: Webhook) -> dict[str, object]:
        return kind_json(WEBHOOK, services.seen_by(self.principal, [webhook])[0], self.asked)

    def revealed(self, webhook: Webhook) -> dict[str, object]:
        """One that was just made or changed by the caller, with its secret."""
        reveal(self.asked, webhook)
        return self.shown(webhook)

    def shown_all(self, webhooks: list[Seen]) -> list[dict[str, object]]:
        return kinds_json(WEBHOOK, webhooks, self.asked)


class Webhooks(NamesIgnored, WebhookView):
    """The workspace's webhooks, oldest first."""

    is_paged = True  # the alias never is

    @extend_schema(parameters=_PAGING, responses=_WEBHOOK(many=True))
    def get(self, request: Request) -> Response:
        if not self.is_paged or self.principal.api_version == "1":
            if PAGE_PARAMETERS.isdisjoint(request.query_params):
                return Response(self.shown_all(services.webhook_list(self.principal)))
            return Response(self._page(request)["data"])
        return Response(self._page(request))

    @extend_schema(request=CREATE_BODY, responses={201: _WEBHOOK})
    def post(self, request: Request) -> Response:
        webhook = services.webhook_create(self.principal, data=_webhook_body(request))
        return Response(self.revealed(webhook), status=201)

    def _page(self, request: Request) -> dict[str, object]:
        page = services.webhook_page(self.principal, _page_request(request))
        return page.envelope(self.shown_all(services.seen_by(self.principal, page.items)))


class OneWebhook(WebhookView):
    """One webhook. Reading an unknown one answers 200 with an empty body; changing it is a 404."""

    @extend_schema(responses=_WEBHOOK)
    def get(self, request: Request, webhook_id: str) -> Response:
        seen = services.webhook_find(self.principal, _path_id(webhook_id))
        return Response(None if seen is None else kind_json(WEBHOOK, seen, self.asked))

    @extend_schema(request=UPDATE_BODY, responses=_WEBHOOK)
    def patch(self, request: Request, webhook_id: str) -> Response:
        data = _webhook_body(request)
        webhook = services.webhook_update(self.principal, webhook_id=_path_id(webhook_id), data=data)
        return Response(self.shown(webhook))

    @extend_schema(responses={200: bool})
    def delete(self, request: Request, webhook_id: str) -> Response:
        services.webhook_delete(self.principal, webhook_id=_path_id(webhook_id))
        return Response(True)


class WebhookDeliveries(NamesIgnored, WebhookView):
    """A webhook's log, newest first."""

    parameters = (*PAGING, "status", "event")

    @extend_schema(
        parameters=[
            *_PAGING,
            OpenApiParameter("status", enum=DeliveryStatus.values),
            OpenApiParameter("event", str),
        ],
        responses=_DELIVERY(many=True),
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        asked = _page_request(request)
        seen = services.webhook_get(self.principal, _path_id(webhook_id))
        page = services.delivery_page(
            self.principal,
            webhook_id=seen.webhook.id,
            limit=asked.limit,
            status=request.query_params.get("status"),
            event_name=request.query_params.get("event"),
            older_than=asked.after,
            newer_than=asked.before,
        )
        return Response(page.envelope(kinds_json(LISTED_DELIVERY, page.items, self.asked)))


class OneDelivery(WebhookView):
    """A delivery with its body and attempts."""

    @extend_schema(responses=kind_serializer(DELIVERY))
    def get(self, request: Request, delivery_id: str) -> Response:
        delivery = services.delivery_get(self.principal, _path_id(delivery_id))
        return Response(kind_json(DELIVERY, delivery, self.asked))


class Redelivery(WebhookView):
    """Send a delivery again."""

    @extend_schema(request=None, responses={202: _DELIVERY})
    def post(self, request: Request, delivery_id: str) -> Response:
        delivery = services.delivery_redeliver(self.principal, delivery_id=_path_id(delivery_id))
        return Response(kind_json(LISTED_DELIVERY, delivery, self.asked), status=202)


class Recovery(WebhookView):
    """Send again what failed since a moment."""

    @extend_schema(
        request=inline_serializer("WebhookRecovery", {"since": serializers.DateTimeField()}),
        responses={202: inline_serializer("WebhookRecovered", {"count": serializers.IntegerField()})},
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        count = services.failed_recover(
            self.principal,
            webhook_id=_path_id(webhook_id),
            since=moment(read_body(request, ("since", "id"), "A recovery").get("since"), "since"),
        )
        return Response({"count": count}, status=202)


class Test(WebhookView):
    """Send an event of an example, or of a real record, now and answer with what came of it."""

    @extend_schema(
        request=inline_serializer(
            "WebhookTest",
            {
                "object": serializers.CharField(),
                "action": serializers.ChoiceField(list(ACTIONS)),
                "recordId": serializers.CharField(
                    required=False, help_text="A record to tell of, or `newest`; without it an example is made up"
                ),
            },
        ),
        responses=_ATTEMPT,
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        body = read_body(request, ("object", "action", "recordId", "id"), "A test")
        attempt = services.webhook_test(
            self.principal,
            webhook_id=_path_id(webhook_id),
            object_name=str(body.get("object", "")),
            action=str(body.get("action", "created")),
            record=services.real_record(body.get("recordId")),
        )
        return Response(kind_json(ATTEMPT, attempt, self.asked))


class Rotation(WebhookView):
    """Give a new secret; the old one signs beside it for a while."""

    @extend_schema(
        request=inline_serializer("WebhookRotation", {"overlapHours": serializers.IntegerField(default=24)}),
        responses=_WEBHOOK,
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        hours = read_body(request, ("overlapHours", "id"), "A rotation").get("overlapHours", 24)
        webhook = services.secret_rotate(self.principal, webhook_id=_path_id(webhook_id), overlap=overlap(hours))
        return Response(self.revealed(webhook), headers={"Cache-Control": "no-store"})


class Reveal(WebhookView):
    """The secret that signs. Each time it is asked for stands in the webhook's acts."""

    @extend_schema(
        request=None,
        responses=inline_serializer(
            "WebhookSecret", {"secret": serializers.CharField(), "standardSecret": serializers.CharField()}
        ),
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        secret = services.secret_reveal(self.principal, webhook_id=_path_id(webhook_id))
        return Response(
            {"secret": secret, "standardSecret": standard_secret(secret)}, headers={"Cache-Control": "no-store"}
        )


class Acts(NamesIgnored, WebhookView):
    """Who made and changed a webhook and asked for its secret: the newest 200, newest first."""

    parameters = ()

    @extend_schema(responses=kind_serializer(ACT)(many=True))
    def get(self, request: Request, webhook_id: str) -> Response:
        acts = services.act_list(self.principal, _path_id(webhook_id))
        return Response({"data": kinds_json(ACT, acts, self.asked)})


def _page_request(request: Request) -> PageRequest:
    return read_page_request(request.query_params, BadRequest)


def _path_id(text: str) -> UUID:
    return path_id(text, BadRequest)


def _webhook_body(request: Request) -> dict[str, object]:
    """The members of a webhook, flat or, as one form of GraphQL has them, under `update`."""
    body = read_body(request, MEMBERS, "A webhook")
    nested = body.get("update")
    if nested is None:
        return body
    if not isinstance(nested, dict):
        raise BadRequest("update must be a JSON object", path="update")
    refuse_unknown(nested, MEMBERS - {"update"}, "A webhook")
    return {**body, **nested}


urlpatterns = [
    path("webhooks", Webhooks.as_view(), name="metadata-webhooks"),
    path("webhooks/<str:webhook_id>", OneWebhook.as_view(), name="metadata-webhook"),
    path("webhooks/<str:webhook_id>/deliveries", WebhookDeliveries.as_view(), name="metadata-webhook-deliveries"),
    path("webhooks/<str:webhook_id>/recover", Recovery.as_view(), name="metadata-webhook-recovery"),
    path("webhooks/<str:webhook_id>/test", Test.as_view(), name="metadata-webhook-test"),
    path("webhooks/<str:webhook_id>/rotateSecret", Rotation.as_view(), name="metadata-webhook-rotation"),
    path("webhooks/<str:webhook_id>/revealSecret", Reveal.as_view(), name="metadata-webhook-reveal"),
    path("webhooks/<str:webhook_id>/acts", Acts.as_view(), name="metadata-webhook-acts"),
    path("webhookDeliveries/<str:delivery_id>", OneDelivery.as_view(), name="metadata-webhook-delivery"),
    path("webhookDeliveries/<str:delivery_id>/redeliver", Redelivery.as_view(), name="metadata-webhook-redelivery"),
]
alias_urlpatterns = [
    path("webhooks", Webhooks.as_view(is_paged=False), name="webhooks"),
    path("webhooks/<str:webhook_id>", OneWebhook.as_view(), name="webhook"),
]
