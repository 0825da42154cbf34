"""API keys over REST: /rest/metadata/apiKeys, and its older alias /rest/apiKeys with bare arrays.

A key is answered without its role and never with a token; `POST …/{id}/token` issues one.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any, cast
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apikeys.models import ApiKey, ApiKeyToken
from apikeys.services.api_keys import (
    FLAG,
    MAX_DESCRIPTION_LENGTH,
    MORE,
    apikey_create,
    apikey_duplicate,
    apikey_get,
    apikey_list,
    apikey_revoke,
    apikey_update,
)
from apikeys.services.inputs import as_uuid
from apikeys.services.tokens import (
    IssuedToken,
    apikey_roll,
    apikey_token,
    apikey_token_revoke,
    apikey_tokens,
)
from config.errors import InvalidInput, NotFound
from config.http.ignored import NamesIgnored
from config.http.inputs import path_id
from config.http.members import read_body
from config.http.paging import PAGE_PARAMETERS, page_of, read_page, read_page_request
from config.http.rights import require
from config.principal import Principal


class Moment(serializers.DateTimeField):
    """UTC in milliseconds: 2026-01-31T09:30:00.000Z."""

    def to_representation(self, value: Any) -> str:
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    expiresAt = Moment(source="expires_at")
    revokedAt = Moment(source="revoked_at", allow_null=True)
    workspaceId = serializers.UUIDField(source="workspace_id")
    createdAt = Moment(source="created_at")
    updatedAt = Moment(source="updated_at")
    maxRequestsPerSecond = serializers.IntegerField(source="max_requests_per_second", allow_null=True)
    maxRequestsPerMinute = serializers.IntegerField(source="max_requests_per_minute", allow_null=True)
    description = serializers.CharField(allow_null=True)
    apiVersion = serializers.ChoiceField(["1", "2"], source="api_version")
    isPaused = serializers.SerializerMethodField()
    isReadOnly = serializers.BooleanField(source="is_read_only", help_text="It changes nothing, whatever its role may")
    objectMetadataIds = serializers.ListField(
        child=serializers.UUIDField(), source="object_ids", allow_null=True, help_text="Null: all that its role reaches"
    )
    allowedNetworks = serializers.ListField(
        child=serializers.CharField(), source="allowed_networks", allow_null=True, help_text="CIDR; null: everywhere"
    )
    lastUsedAt = Moment(source="last_used_at", allow_null=True)
    lastUsedAddress = serializers.CharField(source="last_used_address", allow_null=True)
    lastUsedApi = serializers.CharField(source="last_used_api", allow_null=True)

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "name",
            "expiresAt",
            "revokedAt",
            "workspaceId",
            "createdAt",
            "updatedAt",
            "maxRequestsPerSecond",
            "maxRequestsPerMinute",
            "description",
            "apiVersion",
            "isPaused",
            "isReadOnly",
            "objectMetadataIds",
            "allowedNetworks",
            "lastUsedAt",
            "lastUsedAddress",
            "lastUsedApi",
        ]

    def get_isPaused(self, key: ApiKey) -> bool:
        return not key.enabled


class ApiKeyMeSerializer(ApiKeySerializer):
    """The caller's own key, with what its holder may want to know."""

    fingerprint = serializers.CharField()
    role = serializers.SerializerMethodField()

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "fingerprint", "role"]

    def get_role(self, key: ApiKey) -> dict[str, str] | None:
        return None if key.role is None else {"id": str(key.role.id), "label": key.role.label}


class ApiKeyTokenSerializer(serializers.ModelSerializer[ApiKeyToken]):
    """That a token was issued; it works until `endsAt`."""

    lastFour = serializers.CharField(source="last_four")
    issuedAt = Moment(source="issued_at")
    endsAt = Moment(source="end")

    class Meta:
        model = ApiKeyToken
        fields = ["id", "lastFour", "issuedAt", "endsAt"]


def _more() -> dict[str, serializers.Field]:
    """What a key may be given beside what it must have."""
    return {
        "maxRequestsPerSecond": serializers.IntegerField(required=False, allow_null=True, min_value=0),
        "maxRequestsPerMinute": serializers.IntegerField(required=False, allow_null=True, min_value=0),
        "description": serializers.CharField(required=False, allow_null=True, max_length=MAX_DESCRIPTION_LENGTH),
        "apiVersion": serializers.ChoiceField(["1", "2"], required=False),
        "isReadOnly": serializers.BooleanField(required=False),
        "objectMetadataIds": serializers.ListField(child=serializers.UUIDField(), required=False, allow_null=True),
        "allowedNetworks": serializers.ListField(child=serializers.CharField(), required=False, allow_null=True),
    }


CREATE_BODY = inline_serializer(
    "ApiKeyForCreate",
    {
        "name": serializers.CharField(),
        "expiresAt": serializers.DateTimeField(),
        "roleId": serializers.UUIDField(),
        "revokedAt": serializers.DateTimeField(required=False, allow_null=True),
        **_more(),
    },
)
UPDATE_BODY = inline_serializer(
    "ApiKeyForUpdate",
    {
        "name": serializers.CharField(required=False),
        "expiresAt": serializers.DateTimeField(required=False),
        "revokedAt": serializers.DateTimeField(required=False),
        "isPaused": serializers.BooleanField(required=False),
        **_more(),
    },
)
TOKEN = inline_serializer("ApiKeyToken", {"token": serializers.CharField(), "expiresAt": serializers.DateTimeField()})


# What bodies may have: what any API's form of a key names, applied or not, and what answers have.
MEMBERS = frozenset((*ApiKeyMeSerializer.Meta.fields, "roleId", "deletedAt"))
ROLL_MEMBERS = frozenset(("overlapHours", "expiresAt", "apiKeyId", "id"))
TOKEN_MEMBERS = frozenset(("expiresAt", "apiKeyId", "id"))


class _KeysView(APIView):
    """Asks for the right before anything else of the request is looked at."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require(_principal(request), FLAG)


class ApiKeys(NamesIgnored, _KeysView):
    """The workspace's keys that are not revoked: for API version 1 a bare array, else a page."""

    is_paged = True  # the alias never is

    @extend_schema(responses=ApiKeySerializer(many=True))
    def get(self, request: Request) -> Response:
        principal = _principal(request)
        asked = read_page_request(request.query_params)
        if not self.is_paged or principal.api_version == "1":
            living = apikey_list(principal)
            if not PAGE_PARAMETERS.isdisjoint(request.query_params):
                living = page_of(living, asked)
            return Response(ApiKeySerializer(living, many=True).data)
        page = read_page(ApiKey.objects.filter(workspace_id=principal.workspace_id, revoked_at=None), asked)
        return Response(page.envelope(ApiKeySerializer(page.items, many=True).data))

    @extend_schema(request=CREATE_BODY, responses={201: ApiKeySerializer})
    def post(self, request: Request) -> Response:
        body = _body(request)
        key = apikey_create(
            _principal(request),
            name=body.get("name"),  # type: ignore[arg-type]  # the service refuses what is no text
            expires_at=_required(body, "expiresAt"),
            role_id=_optional_uuid(body, "roleId"),
            revoked_at=body.get("revokedAt"),
            api_version=body.get("apiVersion"),
            more={name: body[name] for name in MORE if name in body},
        )
        return Response(ApiKeySerializer(key).data, status=201)


class OneApiKey(_KeysView):
    """One key; an unknown id answers 200 with an empty body."""

    @extend_schema(responses=ApiKeySerializer)
    def get(self, request: Request, key_id: str) -> Response:
        return _one(apikey_get(_principal(request), path_id(key_id)))

    @extend_schema(request=UPDATE_BODY, responses=ApiKeySerializer)
    def patch(self, request: Request, key_id: str) -> Response:
        return _one(apikey_update(_principal(request), key_id=path_id(key_id), values=_body(request)))

    put = patch

    @extend_schema(responses=ApiKeySerializer)
    def delete(self, request: Request, key_id: str) -> Response:
        return _one(apikey_revoke(_principal(request), key_id=path_id(key_id)))


class ApiKeyTokens(_KeysView):
    """Issue a token; it is shown in this answer only."""

    @extend_schema(
        request=inline_serializer("ApiKeyTokenForCreate", {"expiresAt": serializers.DateTimeField(required=False)}),
        responses={201: TOKEN},
    )
    def post(self, request: Request, key_id: str) -> Response:
        return _once(
            apikey_token(
                _principal(request),
                key_id=path_id(key_id),
                expires_at=read_body(request, TOKEN_MEMBERS, "A token").get("expiresAt") or None,
            )
        )


class ListedApiKeyTokens(_KeysView):
    """The key's tokens, newest first, without their texts."""

    @extend_schema(responses=ApiKeyTokenSerializer(many=True))
    def get(self, request: Request, key_id: str) -> Response:
        return Response(ApiKeyTokenSerializer(apikey_tokens(_principal(request), path_id(key_id)), many=True).data)


class OneApiKeyToken(_KeysView):
    """Stop one token of the key; its others work on."""

    @extend_schema(responses=ApiKeyTokenSerializer)
    def delete(self, request: Request, key_id: str, token_id: str) -> Response:
        row = apikey_token_revoke(_principal(request), key_id=path_id(key_id), token_id=path_id(token_id))
        return Response(ApiKeyTokenSerializer(row).data)


class RolledApiKey(_KeysView):
    """Issue a token in place of all others, which work on for the overlap: 0, 1, 24 or 168 hours."""

    @extend_schema(
        request=inline_serializer(
            "ApiKeyForRoll",
            {
                "overlapHours": serializers.IntegerField(required=False, default=0),
                "expiresAt": serializers.DateTimeField(required=False),
            },
        ),
        responses={201: TOKEN},
    )
    def post(self, request: Request, key_id: str) -> Response:
        body = read_body(request, ROLL_MEMBERS, "A roll")
        return _once(
            apikey_roll(
                _principal(request),
                key_id=path_id(key_id),
                overlap_hours=body.get("overlapHours", 0),
                expires_at=body.get("expiresAt") or None,
            )
        )


class DuplicatedApiKey(_KeysView):
    """Another key that may what this one may, without a token."""

    @extend_schema(
        request=inline_serializer(
            "ApiKeyForDuplicate",
            {
                "name": serializers.CharField(required=False),
                "expiresAt": serializers.DateTimeField(required=False),
            },
        ),
        responses={201: ApiKeySerializer},
    )
    def post(self, request: Request, key_id: str) -> Response:
        body = read_body(request, frozenset(("name", "expiresAt")), "A duplicate")
        key = apikey_duplicate(
            _principal(request),
            key_id=path_id(key_id),
            name=body.get("name"),
            expires_at=body.get("expiresAt") or None,
        )
        return Response(ApiKeySerializer(key).data, status=201)


class OwnApiKey(APIView):
    """The key that asks; it needs no further right."""

    @extend_schema(responses=ApiKeyMeSerializer)
    def get(self, request: Request) -> Response:
        principal = _principal(request)
        if principal.api_key_id is None:
            raise NotFound("This request was not made with an API key")
        key = ApiKey.objects.select_related("role").get(workspace_id=principal.workspace_id, id=principal.api_key_id)
        return Response(ApiKeyMeSerializer(key).data)


def _principal(request: Request) -> Principal:
    return cast(Principal, request.auth)


def _once(issued: IssuedToken) -> Response:
    """A token's text, which no cache may keep."""
    shown = {"token": issued.token, "expiresAt": Moment().to_representation(issued.expires_at)}
    return Response(shown, status=201, headers={"Cache-Control": "no-store"})


def _one(key: ApiKey | None) -> Response:
    return Response(None if key is None else ApiKeySerializer(key).data)


def _body(request: Request) -> dict[str, Any]:
    return read_body(request, MEMBERS, "An API key")


def _required(body: dict[str, Any], name: str) -> Any:
    if not body.get(name):
        raise InvalidInput([f"{name} should not be empty"])
    return body[name]


def _optional_uuid(body: dict[str, Any], name: str) -> UUID | None:
    value = body.get(name)
    if value is None:
        return None
    return as_uuid(value, name)


_PATHS = (  # path, view, name
    ("apiKeys/me", OwnApiKey, "own-api-key"),
    ("apiKeys/<str:key_id>", OneApiKey, "api-key"),
    ("apiKeys/<str:key_id>/token", ApiKeyTokens, "api-key-tokens"),
    ("apiKeys/<str:key_id>/tokens", ListedApiKeyTokens, "listed-api-key-tokens"),
    ("apiKeys/<str:key_id>/tokens/<str:token_id>", OneApiKeyToken, "one-api-key-token"),
    ("apiKeys/<str:key_id>/roll", RolledApiKey, "rolled-api-key"),
    ("apiKeys/<str:key_id>/duplicate", DuplicatedApiKey, "duplicated-api-key"),
)
urlpatterns = [
    path("apiKeys", ApiKeys.as_view(), name="metadata-api-keys"),
    *(path(route, view.as_view(), name=f"metadata-{name}") for route, view, name in _PATHS),
]
alias_urlpatterns = [
    path("apiKeys", ApiKeys.as_view(is_paged=False), name="api-keys"),
    *(path(route, view.as_view(), name=name) for route, view, name in _PATHS),
]
