"""Webhooks and their deliveries over REST: /rest/metadata/webhooks, and its older alias /rest/webhooks.

Lists are bare arrays for keys of API version 1 and on the alias, `{data, pageInfo, totalCount}` else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
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
from metadata.fieldtypes.date import read_moment
from metadata.fieldtypes.datetime import moment_text
from webhooks import services
from webhooks.delivery.signing import standard_secret
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook, WebhookAct
from webhooks.services import Content, Seen

STATES = ("active", "failing", "paused", "switchedOff", "waiting")


class Moment(serializers.DateTimeField):
    """UTC in milliseconds: 2026-01-31T09:30:00.000Z."""

    def to_representation(self, value: Any) -> str:
        return moment_text(value)


class WebhookSerializer(serializers.Serializer[Seen]):
    """`context["application_id"]` names the application that owns what the workspace makes.

    With `context["reveals"]` the secret is shown to its maker where it is masked elsewhere.
    """

    id = serializers.UUIDField(source="webhook.id")
    targetUrl = serializers.CharField(source="target_url", help_text="Its host only, of a webhook of a role above")
    operations = serializers.ListField(child=serializers.CharField(), source="shown_operations")
    description = serializers.CharField(source="webhook.description", allow_null=True)
    secret = serializers.SerializerMethodField(help_text="Null where it is masked: ask revealSecret")
    applicationId = serializers.SerializerMethodField()
    createdAt = Moment(source="webhook.created_at")
    updatedAt = Moment(source="webhook.updated_at")
    deletedAt = Moment(source="webhook.deleted_at", allow_null=True)
    workspaceId = serializers.UUIDField(source="webhook.workspace_id")
    isActive = serializers.BooleanField(source="webhook.is_active")
    disabledReason = serializers.CharField(source="webhook.disabled_reason", allow_null=True)
    roleId = serializers.UUIDField(source="webhook.role_id", allow_null=True, help_text="The role it acts as")
    roleLabel = serializers.CharField(source="role.label", default=None, allow_null=True)
    state = serializers.ChoiceField(STATES)
    stateReason = serializers.CharField(source="state_reason", allow_null=True)
    staleOperations = serializers.ListField(
        child=serializers.CharField(), source="stale_operations", help_text="Whose object was deleted"
    )
    warnings = serializers.ListField(child=serializers.CharField(), help_text="What is taken but hardly meant")

    def get_applicationId(self, seen: Seen) -> str:
        return str(self.context["application_id"])

    def get_secret(self, seen: Seen) -> str | None:
        return seen.revealed_secret if self.context.get("reveals") else seen.secret


class ActSerializer(serializers.ModelSerializer[WebhookAct]):
    """Who did what to a webhook."""

    at = Moment()
    byName = serializers.CharField(source="by_name", help_text="The API key or member, as it was called then")
    byApiKeyId = serializers.UUIDField(source="by_api_key_id", allow_null=True)
    byMemberId = serializers.UUIDField(source="by_member_id", allow_null=True)
    members = serializers.ListField(child=serializers.CharField(), help_text="What an update changed")

    class Meta:
        model = WebhookAct
        fields = ["id", "act", "at", "byName", "byApiKeyId", "byMemberId", "members"]


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """A line of the log."""

    messageId = serializers.CharField(source="message_id", help_text="The webhook-id header")
    webhookId = serializers.UUIDField(source="webhook_id")
    eventName = serializers.CharField(source="event_name")
    objectName = serializers.CharField(source="object_name")
    recordId = serializers.UUIDField(source="record_id")
    status = serializers.ChoiceField(DeliveryStatus.choices)
    attempts = serializers.IntegerField()
    nextAttemptAt = serializers.SerializerMethodField()
    lastStatusCode = serializers.IntegerField(source="last_status_code", allow_null=True)
    lastError = serializers.CharField(source="last_error", allow_null=True)
    createdAt = Moment(source="created_at")
    finishedAt = Moment(source="finished_at", allow_null=True)
    isTest = serializers.BooleanField(source="is_test", help_text="Sent by hand; its body says so too")

    class Meta:
        model = Delivery
        fields = [
            "id", "messageId", "webhookId", "eventName", "objectName", "recordId", "status", "attempts",
            "nextAttemptAt", "lastStatusCode", "lastError", "createdAt", "finishedAt", "isTest",
        ]  # fmt: skip

    def get_nextAttemptAt(self, delivery: Delivery) -> str | None:
        return next_attempt_text(delivery)


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """`context["content"]` of its delivery decides whether the receiver's answer is shown."""

    at = Moment()
    durationMs = serializers.IntegerField(source="duration_ms", allow_null=True)
    statusCode = serializers.IntegerField(source="status_code", allow_null=True)
    requestHeaders = serializers.DictField(source="request_headers")
    responseHeaders = serializers.SerializerMethodField()
    responseBody = serializers.SerializerMethodField()

    class Meta:
        model = Attempt
        fields = [
            "number", "at", "durationMs", "statusCode", "error", "requestHeaders", "responseHeaders", "responseBody",
        ]  # fmt: skip

    def get_responseHeaders(self, attempt: Attempt) -> dict[str, str] | None:
        return attempt.response_headers if self.context["content"].shows_answer(attempt) else None

    def get_responseBody(self, attempt: Attempt) -> str | None:
        return attempt.response_body if self.context["content"].shows_answer(attempt) else None


class DeliveryDetailSerializer(DeliverySerializer):
    """A delivery with as much of its body as the caller may read, and every attempt."""

    body = serializers.SerializerMethodField()
    isRedacted = serializers.SerializerMethodField(help_text="Whether something was left out of `body`")
    attemptLog = AttemptSerializer(source="attempt_set", many=True)

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "body", "isRedacted", "attemptLog"]

    def get_body(self, delivery: Delivery) -> str:
        return cast(Content, self.context["content"]).body

    def get_isRedacted(self, delivery: Delivery) -> bool:
        return cast(Content, self.context["content"]).is_redacted


def next_attempt_text(delivery: Delivery) -> str | None:
    if delivery.status != DeliveryStatus.PENDING or delivery.next_attempt_at is None:
        return None
    return moment_text(delivery.next_attempt_at)


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
MEMBERS = frozenset((*WebhookSerializer._declared_fields, "update"))


class WebhookView(APIView):
    """What these views share: the permission, asked before the method runs."""

    principal: Principal

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.principal = cast(Principal, request.auth)
        services.require(self.principal)

    def shown(self, seen: Seen) -> dict[str, Any]:
        return WebhookSerializer(seen, context=self._context()).data

    def revealed(self, webhook: Webhook) -> dict[str, Any]:
        """One that was just made or changed by the caller, with its secret."""
        [seen] = services.seen_by(self.principal, [webhook])
        return WebhookSerializer(seen, context={**self._context(), "reveals": True}).data

    def shown_all(self, webhooks: list[Seen]) -> Any:
        context = self._context()
        return [WebhookSerializer(each, context=context).data for each in webhooks]

    def _context(self) -> dict[str, Any]:
        return {"application_id": services.application_id(self.principal.workspace_id)}


class Webhooks(NamesIgnored, WebhookView):
    """The workspace's webhooks, oldest first."""

    is_paged = True  # the alias never is

    @extend_schema(parameters=_PAGING, responses=WebhookSerializer(many=True))
    def get(self, request: Request) -> Response:
        if not self.is_paged or self.principal.api_version == "1":
            if PAGE_PARAMETERS.isdisjoint(request.query_params):
                return Response(self.shown_all(services.webhook_list(self.principal)))
            return Response(self._page(request)["data"])
        return Response(self._page(request))

    @extend_schema(request=CREATE_BODY, responses={201: WebhookSerializer})
    def post(self, request: Request) -> Response:
        webhook = services.webhook_create(self.principal, data=_webhook_body(request))
        return Response(self.revealed(webhook), status=201)

    def _page(self, request: Request) -> dict[str, Any]:
        page = services.webhook_page(self.principal, _page_request(request))
        return page.envelope(self.shown_all(services.seen_by(self.principal, page.items)))


class OneWebhook(WebhookView):
    """One webhook. Reading an unknown one answers 200 with an empty body; changing it is a 404."""

    @extend_schema(responses=WebhookSerializer)
    def get(self, request: Request, webhook_id: str) -> Response:
        seen = services.webhook_find(self.principal, _path_id(webhook_id))
        return Response(None if seen is None else self.shown(seen))

    @extend_schema(request=UPDATE_BODY, responses=WebhookSerializer)
    def patch(self, request: Request, webhook_id: str) -> Response:
        data = _webhook_body(request)
        webhook = services.webhook_update(self.principal, webhook_id=_path_id(webhook_id), data=data)
        return Response(self.shown(services.seen_by(self.principal, [webhook])[0]))

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
        responses=DeliverySerializer(many=True),
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
        return Response(page.envelope(DeliverySerializer(page.items, many=True).data))


class OneDelivery(WebhookView):
    """A delivery with its body and attempts."""

    @extend_schema(responses=DeliveryDetailSerializer)
    def get(self, request: Request, delivery_id: str) -> Response:
        delivery = services.delivery_get(self.principal, _path_id(delivery_id))
        webhook = services.webhook_of(self.principal, delivery)
        content = services.delivery_content(self.principal, delivery, webhook)
        return Response(DeliveryDetailSerializer(delivery, context={"content": content}).data)


class Redelivery(WebhookView):
    """Send a delivery again."""

    @extend_schema(request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, delivery_id: str) -> Response:
        delivery = services.delivery_redeliver(self.principal, delivery_id=_path_id(delivery_id))
        return Response(DeliverySerializer(delivery).data, status=202)


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
        responses=AttemptSerializer,
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
        webhook = services.webhook_of(self.principal, attempt.delivery)
        content = services.delivery_content(self.principal, attempt.delivery, webhook)
        return Response(AttemptSerializer(attempt, context={"content": content}).data)


class Rotation(WebhookView):
    """Give a new secret; the old one signs beside it for a while."""

    @extend_schema(
        request=inline_serializer("WebhookRotation", {"overlapHours": serializers.IntegerField(default=24)}),
        responses=WebhookSerializer,
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

    @extend_schema(responses=ActSerializer(many=True))
    def get(self, request: Request, webhook_id: str) -> Response:
        acts = services.act_list(self.principal, _path_id(webhook_id))
        return Response({"data": ActSerializer(acts, many=True).data})


def overlap(hours: Any) -> timedelta:
    if isinstance(hours, bool) or not isinstance(hours, int) or not 0 <= hours <= 168:
        raise BadRequest("overlapHours must be an integer from 0 to 168", path="overlapHours")
    return timedelta(hours=hours)


def moment(value: Any, name: str) -> datetime:
    """An ISO 8601 text as a moment; UTC where it names no zone."""
    found = read_moment(value) if isinstance(value, str) else None
    if found is None:
        raise BadRequest(f"{name} must be a valid ISO 8601 date string", path=name)
    return found


def _page_request(request: Request) -> PageRequest:
    return read_page_request(request.query_params, BadRequest)


def _path_id(text: str) -> UUID:
    return path_id(text, BadRequest)


def _webhook_body(request: Request) -> dict[str, Any]:
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
