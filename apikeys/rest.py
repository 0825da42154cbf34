"""API keys over REST: /rest/metadata/apiKeys, and its older alias /rest/apiKeys with bare arrays.

A key is answered without its role and never with a token; `POST …/{id}/token` issues one.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apikeys.kinds import API_KEY, ISSUED_TOKEN, OWN_API_KEY
from apikeys.models import ApiKey
from apikeys.services.api_keys import (
    FLAG,
    MORE,
    apikey_create,
    apikey_duplicate,
    apikey_get,
    apikey_list,
    apikey_revoke,
    apikey_update,
)
from apikeys.services.inputs import MAX_DESCRIPTION_LENGTH, as_uuid
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
from metadata.fieldtypes.datetime import moment_text
from metadata.kinds import Asked
from metadata.rest.kinds import AnyField, kind_json, kind_serializer, kinds_json

_KEY = kind_serializer(API_KEY)
_TOKEN = kind_serializer(ISSUED_TOKEN)


def _more() -> dict[str, AnyField]:
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
MEMBERS = frozenset((*(each.name for each in OWN_API_KEY.members), "roleId", "deletedAt"))
ROLL_MEMBERS = frozenset(("overlapHours", "expiresAt", "apiKeyId", "id"))
TOKEN_MEMBERS = frozenset(("expiresAt", "apiKeyId", "id"))


class _KeysView(APIView):
    """Asks for the right before anything else of the request is looked at."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        require(_principal(request), FLAG)


class ApiKeys(NamesIgnored, _KeysView):
    """The workspace's keys that are not revoked: for API version 1 a bare array, else a page."""

    is_paged = True  # the alias never is

    @extend_schema(responses=_KEY(many=True))
    def get(self, request: Request) -> Response:
        principal = _principal(request)
        asked = read_page_request(request.query_params)
        if not self.is_paged or principal.api_version == "1":
            living = apikey_list(principal)
            if not PAGE_PARAMETERS.isdisjoint(request.query_params):
                living = page_of(living, asked)
            return Response(kinds_json(API_KEY, living, Asked(principal)))
        page = read_page(ApiKey.objects.filter(workspace_id=principal.workspace_id, revoked_at=None), asked)
        return Response(page.envelope(kinds_json(API_KEY, page.items, Asked(principal))))

    @extend_schema(request=CREATE_BODY, responses={201: _KEY})
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
        return _one(request, key, status=201)


class OneApiKey(_KeysView):
    """One key; an unknown id answers 200 with an empty body."""

    @extend_schema(responses=_KEY)
    def get(self, request: Request, key_id: str) -> Response:
        return _one(request, apikey_get(_principal(request), path_id(key_id)))

    @extend_schema(request=UPDATE_BODY, responses=_KEY)
    def patch(self, request: Request, key_id: str) -> Response:
        return _one(request, apikey_update(_principal(request), key_id=path_id(key_id), values=_body(request)))

    put = patch

    @extend_schema(responses=_KEY)
    def delete(self, request: Request, key_id: str) -> Response:
        return _one(request, apikey_revoke(_principal(request), key_id=path_id(key_id)))


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

    @extend_schema(responses=_TOKEN(many=True))
    def get(self, request: Request, key_id: str) -> Response:
        principal = _principal(request)
        return Response(kinds_json(ISSUED_TOKEN, apikey_tokens(principal, path_id(key_id)), Asked(principal)))


class OneApiKeyToken(_KeysView):
    """Stop one token of the key; its others work on."""

    @extend_schema(responses=_TOKEN)
    def delete(self, request: Request, key_id: str, token_id: str) -> Response:
        principal = _principal(request)
        row = apikey_token_revoke(principal, key_id=path_id(key_id), token_id=path_id(token_id))
        return Response(kind_json(ISSUED_TOKEN, row, Asked(principal)))


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
        responses={201: _KEY},
    )
    def post(self, request: Request, key_id: str) -> Response:
        body = read_body(request, frozenset(("name", "expiresAt")), "A duplicate")
        key = apikey_duplicate(
            _principal(request),
            key_id=path_id(key_id),
            name=body.get("name"),
            expires_at=body.get("expiresAt") or None,
        )
        return _one(request, key, status=201)


class OwnApiKey(APIView):
    """The key that asks; it needs no further right."""

    @extend_schema(responses=kind_serializer(OWN_API_KEY))
    def get(self, request: Request) -> Response:
        principal = _principal(request)
        if principal.api_key_id is None:
            raise NotFound("This request was not made with an API key")
        key = ApiKey.objects.select_related("role").get(workspace_id=principal.workspace_id, id=principal.api_key_id)
        return Response(kind_json(OWN_API_KEY, key, Asked(principal)))


def _principal(request: Request) -> Principal:
    return cast(Principal, request.auth)


def _once(issued: IssuedToken) -> Response:
    """A token's text, which no cache may keep."""
    shown = {"token": issued.token, "expiresAt": moment_text(issued.expires_at)}
    return Response(shown, status=201, headers={"Cache-Control": "no-store"})


def _one(request: Request, key: ApiKey | None, status: int = 200) -> Response:
    return Response(None if key is None else kind_json(API_KEY, key, Asked(_principal(request))), status=status)


def _body(request: Request) -> dict[str, Any]:
    return read_body(request, MEMBERS, "An API key")


def _required(body: dict[str, Any], name: str) -> Any:
    if not body.get(name):
        raise InvalidInput([f"{name} should not be empty"])
    return body[name]


def _optional_uuid(body: dict[str, object], name: str) -> UUID | None:
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
