"""Two workspaces of one server, and tokens signed by hand."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import jwt
import pytest
from django.conf import settings

from apikeys import keys
from apikeys.models import ApiKey, Role
from apikeys.services.api_keys import apikey_create
from config.principal import Principal
from metadata.models import Workspace
from tests.factories import principal_of, workspace_with

BOOKS = {"nameSingular": "book", "namePlural": "books", "fields": [{"type": "TEXT", "name": "title"}]}
SHELVES = {"nameSingular": "shelf", "namePlural": "shelves", "fields": [{"type": "TEXT", "name": "place"}]}


@pytest.fixture(scope="module")
def acme_of_the_module(uncommitted: None) -> Workspace:
    return workspace_with([BOOKS, SHELVES], name="Acme")


@pytest.fixture
def acme(db: None, acme_of_the_module: Workspace) -> Workspace:
    return Workspace.objects.get(id=acme_of_the_module.id)


@pytest.fixture
def other(db: Any) -> Workspace:
    return workspace_with([BOOKS], name="Other")


@pytest.fixture
def admin(acme: Workspace) -> Principal:
    return principal_of(acme)


@pytest.fixture
def key(admin: Principal) -> ApiKey:
    """An Admin key of `acme`."""
    return apikey_create(admin, name="Nightly sync", expires_at=None, role_id=role(admin, "Admin").id)


def role(principal: Principal, label: str) -> Role:
    return Role.objects.get(workspace_id=principal.workspace_id, label=label)


def signed(
    workspace_id: UUID | str, claims: dict[str, Any], *, kind: str = "API_KEY", secret: str | None = None, **header: Any
) -> str:
    """A JWT made with PyJWT alone: `claims` signed for the workspace and kind, or with `secret`."""
    key = secret.encode() if secret is not None else keys.signing_secret(settings.SECRET_KEY, str(workspace_id), kind)
    return jwt.encode(claims, key, algorithm="HS256", headers=header or None)


def claims_of(key: ApiKey, **changed: Any) -> dict[str, Any]:
    """What a token of the key says; a member given as None is left out."""
    now = int(time.time())
    claims = {
        "sub": str(key.workspace_id),
        "workspaceId": str(key.workspace_id),
        "type": "API_KEY",
        "jti": str(key.id),
        "iat": now,
        "exp": now + 600,
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}
