"""Bearer token → Principal over REST and GraphQL: every refusal of the contract, and its price in SQL."""

from __future__ import annotations

import base64
import json
import logging
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apikeys.authentication import authenticate, principal_of_member_id
from apikeys.models import ApiKey, FieldPermission, Member, ObjectPermission, Role
from apikeys.services.api_keys import apikey_create
from apikeys.services.members import member_create
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create, role_update
from apikeys.services.tokens import IssuedToken, apikey_token, playground_token
from config.principal import ObjectPermission as Override
from config.principal import Principal
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.apikeys.conftest import claims_of, role, signed
from tests.factories import Api

pytestmark = pytest.mark.smoke

ME = "/rest/metadata/apiKeys/me"


@pytest.fixture
def issued(admin: Principal, key: ApiKey) -> IssuedToken:
    return apikey_token(admin, key_id=key.id)


def refusal(answer: Answer) -> tuple[int, str, str]:
    [message] = answer.body["messages"]
    assert answer.body["statusCode"] == answer.status
    return answer.status, answer.body["error"], message


def authenticated(token: str) -> Principal:
    return authenticate(RequestFactory().get("/", headers={"authorization": f"Bearer {token}"}))


MISSING = (403, "FORBIDDEN_EXCEPTION", "Missing authentication token")
INVALID = (401, "UNAUTHENTICATED", "Token invalid.")
EXPIRED = (401, "UNAUTHENTICATED", "Token has expired.")
REVOKED = (403, "FORBIDDEN_EXCEPTION", "This API Key is revoked")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(None, MISSING, id="no header"),
        pytest.param("", MISSING, id="empty header"),
        pytest.param("Bearer", MISSING, id="scheme only"),
        pytest.param("Bearer  ", MISSING, id="scheme and spaces"),
        pytest.param("Basic YTpi", MISSING, id="another scheme"),
        pytest.param("Bearer abc", (401, "UNAUTHENTICATED", "No payload"), id="no JWT"),
    ],
)
def test_headers_without_a_token(db: Any, header: str | None, expected: tuple[int, str, str]) -> None:
    api = Api(None)
    answer = api.get(ME) if header is None else api.get(ME, Authorization=header)
    assert refusal(answer) == expected
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_in_the_query_string_counts_for_nothing(issued: IssuedToken) -> None:
    assert refusal(Api(None).get(f"{ME}?token={issued.token}")) == MISSING
    assert refusal(Api(None).get(f"{ME}?access_token={issued.token}")) == MISSING


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_case_insensitive(issued: IssuedToken, key: ApiKey, scheme: str) -> None:
    answer = Api(None).get(ME, Authorization=f"{scheme} {issued.token}")
    assert (answer.status, answer.body["id"]) == (200, str(key.id))


@pytest.mark.parametrize(
    ("changed", "options", "expected"),
    [
        pytest.param({"sub": None}, {}, (401, "UNAUTHENTICATED", "No payload sub"), id="no sub"),
        pytest.param({}, {"secret": "wrong" * 8}, INVALID, id="wrong key"),
        pytest.param({}, {"kid": "7"}, INVALID, id="unknown kid"),
        pytest.param({"exp": 1}, {}, EXPIRED, id="expired"),
        pytest.param(
            {"type": "LOGIN"}, {"kind": "LOGIN"}, (403, "INVALID_JWT_TOKEN_TYPE", "Invalid token type"), id="wrong type"
        ),
        pytest.param({"jti": str(uuid4())}, {}, REVOKED, id="unknown key"),
        pytest.param({"type": None}, {"kind": "None"}, INVALID, id="no type, signed by whoever"),
        pytest.param({"jti": "x"}, {}, REVOKED, id="key id is no UUID"),
        pytest.param({"jti": None}, {}, REVOKED, id="no key id"),
        pytest.param(
            {"type": None, "workspaceId": None, "jti": None},
            {},
            (400, "INVALID_INPUT", "Unknown token error."),
            id="cannot be classified",
        ),
    ],
)
def test_tokens_that_are_refused(
    key: ApiKey, changed: dict[str, Any], options: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    token = signed(key.workspace_id, claims_of(key, **changed), **options)
    assert refusal(Api(token).get(ME)) == expected
    answer = Api(token).graphql("{ getRoles { id } }", path="/metadata")
    assert answer.status == 200
    assert "data" not in answer.body
    assert [each["message"] for each in answer.body["errors"]] == [expected[2]]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"revoked_at": timezone.now()}, REVOKED, id="revoked"),
        pytest.param(
            {"expires_at": timezone.now() - timedelta(seconds=1)},
            (403, "FORBIDDEN_EXCEPTION", "This API Key is expired"),
            id="expired row",
        ),
        pytest.param({"enabled": False}, (403, "FORBIDDEN_EXCEPTION", "This API Key is paused"), id="paused"),
        pytest.param(
            {"role": None}, (403, "API_KEY_ROLE_NOT_FOUND", "API key has no role assigned"), id="role was deleted"
        ),
        pytest.param(
            {"generation": 3}, (403, "FORBIDDEN_EXCEPTION", "This token was replaced by a newer one"), id="rolled twice"
        ),
        pytest.param(
            {"generation": 2, "previous_generation_until": timezone.now() - timedelta(seconds=1)},
            (403, "FORBIDDEN_EXCEPTION", "This token was replaced by a newer one"),
            id="overlap is over",
        ),
    ],
)
def test_keys_that_stopped_working(
    issued: IssuedToken, key: ApiKey, changed: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    ApiKey.objects.filter(id=key.id).update(**changed)
    assert refusal(Api(issued.token).get(ME)) == expected


def test_the_old_generation_works_during_its_overlap(issued: IssuedToken, key: ApiKey) -> None:
    ApiKey.objects.filter(id=key.id).update(generation=2, previous_generation_until=timezone.now() + timedelta(hours=1))
    assert authenticated(issued.token).api_key_id == key.id


def test_a_deleted_workspace_is_not_found(issued: IssuedToken, acme: Workspace) -> None:
    Workspace.objects.filter(id=acme.id).update(deleted_at=timezone.now())
    assert refusal(Api(issued.token).get(ME)) == (401, "WORKSPACE_NOT_FOUND", "Workspace not found")


def test_a_key_is_looked_up_in_the_workspace_of_its_token(key: ApiKey, other: Workspace) -> None:
    claims = claims_of(key, sub=str(other.id), workspaceId=str(other.id))
    assert refusal(Api(signed(other.id, claims)).get(ME)) == REVOKED


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        pytest.param({}, "ACCESS", id="older secret"),
        pytest.param({"type": None, "workspaceId": None}, "ACCESS", id="oldest form"),
    ],
)
def test_tokens_of_older_forms_work(key: ApiKey, changed: dict[str, Any], kind: str) -> None:
    token = signed(key.workspace_id, claims_of(key, **changed), kind=kind)
    assert authenticated(token).api_key_id == key.id


def test_the_principal_of_a_key(issued: IssuedToken, key: ApiKey, acme: Workspace, admin: Principal) -> None:
    acme.refresh_from_db()
    principal = authenticated(issued.token)
    assert principal.workspace == acme.ref()
    assert (principal.name, principal.api_key_id, principal.user_id, principal.member_id) == (
        "Nightly sync",
        key.id,
        None,
        None,
    )
    assert principal.role_id == role(admin, "Admin").id
    assert principal.api_version == "1"
    assert principal.permissions == admin.permissions
    assert principal.actor() == {"source": "API", "name": "Nightly sync", "context": {}}


def test_authentication_is_one_statement_and_the_second_asking_none(
    issued: IssuedToken, django_assert_num_queries: Any
) -> None:
    authenticated(issued.token)  # notes the first use
    request = RequestFactory().get("/", headers={"authorization": f"Bearer {issued.token}"})
    with django_assert_num_queries(1):
        first = authenticate(request)
    with django_assert_num_queries(0):
        assert authenticate(request) is first


@pytest.mark.parametrize("prepared", [True, False])
def test_the_statement_is_the_same_prepared_or_not(issued: IssuedToken, settings: Any, prepared: bool) -> None:
    settings.PREPARED_STATEMENTS = prepared
    assert authenticated(issued.token).name == "Nightly sync"


def test_the_last_use_is_written_once_a_minute(issued: IssuedToken, key: ApiKey) -> None:
    def writes() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            authenticated(issued.token)
        return sum("UPDATE" in each["sql"] for each in captured.captured_queries)

    assert [writes(), writes(), writes()] == [1, 0, 0]
    ApiKey.objects.filter(id=key.id).update(last_used_at=timezone.now() - timedelta(seconds=90))
    assert [writes(), writes()] == [1, 0]
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert timezone.now() - key.last_used_at < timedelta(seconds=30)


def test_a_refused_token_is_no_use(key: ApiKey) -> None:
    Api(signed(key.workspace_id, claims_of(key), secret="wrong" * 8)).get(ME)
    Api(signed(key.workspace_id, claims_of(key, exp=1))).get(ME)
    key.refresh_from_db()
    assert key.last_used_at is None


def test_overrides_arrive_compiled_and_a_change_of_the_role_is_seen_at_once(
    admin: Principal, acme: Workspace, django_assert_num_queries: Any
) -> None:
    book = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book")
    title = FieldMetadata.objects.get(object=book, name="title")
    made = role_create(admin, values={"label": "Reader", "canReadAllObjectRecords": True})
    key = apikey_create(admin, name="reader", expires_at=None, role_id=made.id)
    token = apikey_token(admin, key_id=key.id).token
    assert authenticated(token).permissions.objects == {}

    object_permissions_upsert(
        admin, role_id=made.id, items=[{"objectMetadataId": str(book.id), "canUpdateObjectRecords": True}]
    )
    field_permissions_upsert(
        admin,
        role_id=made.id,
        items=[{"objectMetadataId": str(book.id), "fieldMetadataId": str(title.id), "canUpdateFieldValue": False}],
    )
    with django_assert_num_queries(1):
        permissions = authenticated(token).permissions
    assert permissions.objects == {book.id: Override(None, True, None, None)}
    assert permissions.grants("update", book.id)
    assert not permissions.grants("update", uuid4())
    assert permissions.locked_fields == {title.id}
    assert permissions.unreadable_fields == frozenset()

    role_update(admin, role_id=made.id, values={"canReadAllObjectRecords": True, "label": "Readers"})
    permission_flags_upsert(admin, role_id=made.id, flags=["VIEWS"])
    assert authenticated(token).permissions.flags == {"VIEWS"}
    assert (ObjectPermission.objects.count(), FieldPermission.objects.count()) == (1, 1)


def member_of(workspace: Workspace, label: str = "Member") -> Member:
    return member_create(
        workspace=workspace,
        email="ada@example.com",
        password="correct horse",
        first_name="Ada",
        last_name="Lovelace",
        role=Role.objects.get(workspace_id=workspace.id, label=label),
    )


def test_a_playground_token_acts_as_its_member(acme: Workspace, django_assert_num_queries: Any) -> None:
    member = member_of(acme)
    issued = playground_token(principal_of_member_id(acme.id, member.id))
    with django_assert_num_queries(1):
        principal = authenticated(issued.token)
    assert principal == principal_of_member_id(acme.id, member.id)
    assert (principal.user_id, principal.member_id, principal.name) == (
        member.id,
        member.member_record_id,
        "Ada Lovelace",
    )
    assert principal.actor()["source"] == "MANUAL"
    assert timedelta(minutes=119) < issued.expires_at - timezone.now() <= timedelta(hours=2)


@pytest.mark.parametrize("ending", ["membership", "account"])
def test_a_playground_token_ends_with_its_member(acme: Workspace, ending: str) -> None:
    member = member_of(acme)
    token = playground_token(principal_of_member_id(acme.id, member.id)).token
    if ending == "membership":
        member.delete()
    else:
        member.user.is_active = False
        member.user.save()
    assert refusal(Api(token).get(ME)) == (403, "FORBIDDEN_EXCEPTION", "User is not a member of the workspace")


def test_a_key_cannot_ask_for_a_playground_token(issued: IssuedToken) -> None:
    answer = Api(issued.token).graphql("mutation { generatePlaygroundToken { token } }", path="/metadata")
    assert answer.body["data"] is None
    assert answer.body["errors"][0]["message"] == "This endpoint requires a session access token"


def test_no_token_reaches_the_log(issued: IssuedToken, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    Api(issued.token).get(ME)
    Api(issued.token[:-6] + "AAAAAA").get(ME)
    _, payload, signature = issued.token.split(".")
    assert json.loads(base64.urlsafe_b64decode(payload + "=="))["exp"] > time.time()
    for record in caplog.records:
        assert signature not in record.getMessage()
        assert payload not in record.getMessage()
