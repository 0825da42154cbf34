"""Who is let in, and which fault of a request is answered first."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db import connection

from apikeys import keys
from apikeys.models import ApiKey
from apikeys.services.permissions import field_permissions_upsert
from apikeys.services.roles import role_create
from metadata.models import FieldMetadata, ObjectMetadata, Workspace, table_name
from tests.core.rest.conftest import Rest
from tests.factories import Api, key_of, principal_of, workspace_with

ID = "777a8457-eb2d-40ac-a707-551b615b6980"


def expired_token(workspace: Workspace, token: str) -> str:
    key = ApiKey.objects.get(workspace_id=workspace.id)
    now = int(time.time())
    return keys.make_api_key_token(
        django_settings.SECRET_KEY,
        workspace_id=workspace.id,
        api_key_id=key.id,
        generation=key.generation,
        issued_at=now - 20,
        expires_at=now - 10,
    )


def refused(rest: Rest, method: str = "GET", path: str = "people", body: Any = None) -> tuple[int, str, str]:
    answer = rest.request(method, path, body)
    return answer.status, answer.body["error"], answer.message


def test_empty_bearer_is_a_missing_token(workspace: Workspace) -> None:
    answer = Rest("").post("people", {})
    assert (answer.status, answer.body["error"]) == (403, "FORBIDDEN_EXCEPTION")
    assert answer.message == "Missing authentication token"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_no_header_is_a_missing_token(anonymous: Rest) -> None:
    assert refused(anonymous) == (403, "FORBIDDEN_EXCEPTION", "Missing authentication token")


def test_token_in_the_query_string_is_no_token(anonymous: Rest, token: str) -> None:
    assert refused(anonymous, path=f"people?token={token}") == (
        403,
        "FORBIDDEN_EXCEPTION",
        "Missing authentication token",
    )


def test_wrong_signature(token: str) -> None:
    head, payload, signature = token.split(".")
    forged = f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    assert refused(Rest(forged)) == (401, "UNAUTHENTICATED", "Token invalid.")


def test_no_jwt(workspace: Workspace) -> None:
    assert refused(Rest("invalid-token")) == (401, "UNAUTHENTICATED", "No payload")


def test_expired_token(workspace: Workspace, token: str) -> None:
    assert refused(Rest(expired_token(workspace, token))) == (401, "UNAUTHENTICATED", "Token has expired.")


def test_key_of_another_workspace_sees_nothing_of_this_one(rest: Rest) -> None:
    stranger = Rest(key_of(workspace_with(name="Other", empty=False)))
    rest.post("people", {"id": ID})
    assert refused(stranger, path=f"people/{ID}") == (404, "NotFoundException", "Record not found")
    assert refused(stranger, "DELETE", f"people/{ID}") == (404, "NotFoundException", "Record not found")
    assert rest.get(f"people/{ID}").status == 200


def test_read_only_key_writes_nothing(rest: Rest, workspace: Workspace) -> None:
    role_create(
        principal_of(workspace),
        values={"label": "Reader", "canReadAllObjectRecords": True, "canBeAssignedToApiKeys": True},
    )
    reader = Rest(key_of(workspace, role="Reader"))
    rest.post("people", {"id": ID, "jobTitle": "CTO"})
    denied = (403, "ForbiddenException", "Entity performing the request does not have permission")
    assert refused(reader, "POST", "people", {}) == denied
    assert refused(reader, "POST", "batch/people", [{}]) == denied
    assert refused(reader, "PATCH", f"people/{ID}", {"jobTitle": "CEO"}) == denied
    assert refused(reader, "DELETE", f"people/{ID}") == denied
    assert refused(reader, "DELETE", f"people/{ID}?soft_delete=true") == denied
    assert reader.get("people?fields=jobTitle").data == [{"id": ID, "jobTitle": "CTO"}]
    assert reader.request("POST", "people", {}).body["code"] == "PERMISSION_DENIED"


def test_relation_the_role_may_not_read_is_left_out(rest: Rest, workspace: Workspace) -> None:
    company = rest.post("companies", {"name": "Acme"}).data["id"]
    rest.post("people", {"id": ID, "companyId": company})
    assert [person["id"] for person in rest.get(f"companies/{company}?depth=1").data["people"]] == [ID]

    system = principal_of(workspace)
    role = role_create(
        system, values={"label": "Part", "canReadAllObjectRecords": True, "canBeAssignedToApiKeys": True}
    )
    field = FieldMetadata.objects.get(object__workspace_id=workspace.id, object__name_singular="company", name="people")
    field_permissions_upsert(
        system,
        role_id=role.id,
        items=[{"objectMetadataId": field.object_id, "fieldMetadataId": field.id, "canReadFieldValue": False}],
    )
    answer = Rest(key_of(workspace, role="Part")).get(f"companies/{company}?depth=1")
    assert answer.status == 200
    assert "people" not in answer.data
    assert answer.data["accountOwner"] is None


# The order of checks -----------------------------------------------------------------------------------


def test_json_syntax_comes_before_the_token(anonymous: Rest) -> None:
    answer = anonymous.request("POST", "people", b"{bad")
    assert (answer.status, answer.body["error"], answer.body["statusCode"]) == (400, "Bad Request", 400)
    assert answer.body["message"] == answer.message
    assert answer.body["requestId"] == answer.headers["X-Request-Id"]


def test_token_comes_before_the_path(anonymous: Rest) -> None:
    assert refused(anonymous, path="people/malformed-uuid")[0] == 403


def test_path_comes_before_parameters(rest: Rest) -> None:
    assert refused(rest, path="nothing/malformed-uuid?depth=2")[2] == "'malformed-uuid' is not a valid UUID"


def test_parameters_come_before_the_object(rest: Rest) -> None:
    assert refused(rest, path="nothing?depth=2")[2] == "'depth=2' parameter invalid. Allowed values are 0, 1"
    assert refused(rest, "DELETE", "nothing")[2].startswith("Filters are mandatory for bulk destroy operations.")


def test_object_comes_before_the_body(rest: Rest) -> None:
    assert refused(rest, "POST", "nothing", [1]) == (
        400,
        "BadRequestException",
        "object 'nothing' not found. eg: companies",
    )


def test_syntax_of_a_filter_comes_before_its_names(rest: Rest) -> None:
    assert refused(rest, path="people?filter=foo[bar]:1,and(")[2] == (
        "'filter' invalid. 1 close bracket is missing in the query"
    )
    assert refused(rest, path="people?filter=foo[eq]:1")[2] == 'Object person doesn\'t have any "foo" field.'


# Objects and paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "object 'nothing' not found. eg: companies"),
        ("person", "object 'person' not found. Did you mean 'people'?"),
        ("People", "object 'People' not found. eg: companies"),
    ],
)
def test_object_name_is_the_plural(rest: Rest, name: str, message: str) -> None:
    answer = rest.get(name)
    assert (answer.status, answer.body["error"], answer.message) == (400, "BadRequestException", message)


def test_near_object_is_a_hint(rest: Rest) -> None:
    assert rest.get("peple").body["hint"] == 'Did you mean "people"?'


def test_path_of_too_many_segments(rest: Rest) -> None:
    assert rest.get(f"people/{ID}/notes?a=b").message == (
        f"Query path '/rest/people/{ID}/notes' invalid. Valid examples: "
        "/rest/companies/id or /rest/companies or /rest/batch/companies"
    )


def test_slashes_are_harmless(rest: Rest) -> None:
    assert rest.get("people//").status == rest.get("/people/").status == 200


@pytest.mark.parametrize("path", ["/rest", "/rest/"])
def test_nothing_below_rest(workspace: Workspace, path: str) -> None:
    answer = Api(None).get(path)
    assert (answer.status, answer.body["error"], answer.body["message"]) == (404, "Not Found", f"Cannot GET {path}")


def test_method_without_a_meaning(rest: Rest) -> None:
    answer = rest.post("people/groupBy", {})
    assert (answer.status, answer.body["error"]) == (405, "MethodNotAllowedException")
    assert answer.headers["Allow"] == "GET"


# Bodies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json", ""]
)
def test_content_type_does_not_matter(rest: Rest, content_type: str) -> None:
    answer = rest.request("POST", "people?fields=jobTitle", {"jobTitle": "CTO"}, Content_Type=content_type)
    assert (answer.status, answer.data["jobTitle"]) == (201, "CTO")


def test_post_without_a_body_creates_an_empty_record(rest: Rest) -> None:
    answer = rest.request("POST", "people?fields=jobTitle", b"", Content_Type="")
    assert (answer.status, answer.data["jobTitle"]) == (201, "")


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("people", [{}], "Body should be a JSON object, not an array"),
        ("people", 5, "Body should be a JSON object"),
        ("batch/people", {}, "Body should be a JSON array of objects"),
        ("batch/people", [{}, None], "Body should be a JSON array of objects; item 1 is none"),
    ],
)
def test_wrong_kind_of_body_writes_nothing(rest: Rest, path: str, body: Any, message: str) -> None:
    answer = rest.post(path, body)
    assert (answer.status, answer.body["error"], answer.message) == (400, "BadRequestException", message)
    assert rest.get("people?limit=0").body["totalCount"] == 0


def test_body_over_the_limit_is_refused_unread(rest: Rest, settings: Any) -> None:
    settings.MAX_BODY_BYTES = 1000
    answer = rest.post("people", {"jobTitle": "x" * 1000})
    assert (answer.status, answer.body["error"]) == (413, "PayloadTooLargeException")
    assert answer.message == "Body is larger than 1000 bytes"
    assert rest.get("people?limit=0").body["totalCount"] == 0


def test_delete_with_a_content_type_and_no_body(rest: Rest) -> None:
    rest.post("people", {"id": ID})
    answer = rest.request("DELETE", f"people/{ID}", b"", Content_Type="application/json")
    assert (answer.status, answer.data) == (200, {"id": ID})


# Headers ------------------------------------------------------------------------------------------------


def test_ignored_parameters_are_named(rest: Rest) -> None:
    answer = rest.get("people?limt=1&x=2")
    assert answer.headers["X-Ignored-Parameters"] == "limt (did you mean limit?), x"
    assert "X-Ignored-Parameters" not in rest.get("people?limit=1").headers


def test_errors_carry_the_requests_id(rest: Rest) -> None:
    answer = rest.request("GET", "people?depth=2", X_Request_Id="mine-1")
    assert answer.body["requestId"] == answer.headers["X-Request-Id"] == "mine-1"


def test_answers_are_json_and_timed(rest: Rest) -> None:
    answer = rest.get("people")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    stages = [part.partition(";")[0] for part in answer.headers["Server-Timing"].split(", ")]
    assert stages == ["authenticate", "body", "parse", "schema", "records", "total"]


def test_any_page_may_call_the_api(rest: Rest, anonymous: Rest) -> None:
    preflight = anonymous.request(
        "OPTIONS",
        "people",
        Origin="https://app.example",
        Access_Control_Request_Method="PATCH",
        Access_Control_Request_Headers="authorization,x-own",
    )
    assert preflight.status == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization,x-own"
    for answer in (rest.get("people"), anonymous.get("people")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "X-Ignored-Parameters" in answer.headers["Access-Control-Expose-Headers"]


def test_head_is_get_without_a_body(rest: Rest) -> None:
    assert rest.request("HEAD", "people").status == 200


def test_the_unexpected_tells_nothing(rest: Rest, workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    person = ObjectMetadata.objects.get(workspace_id=workspace.id, name_singular="person")
    with connection.cursor() as cursor:  # a column vanishes under the data model's feet
        cursor.execute(f'ALTER TABLE "{workspace.database_schema}".{table_name(person.id)} DROP COLUMN updated_by')
    answer = rest.get("people")
    assert (answer.status, answer.body) == (
        500,
        {
            "statusCode": 500,
            "error": "InternalServerErrorException",
            "messages": ["Internal server error"],
            "code": "INTERNAL_SERVER_ERROR",
            "requestId": answer.headers["X-Request-Id"],
        },
    )
    [logged] = [record for record in caplog.records if record.name == "config.http.exceptions"]
    assert logged.request_id == answer.headers["X-Request-Id"]  # type: ignore[attr-defined]


def test_ids_in_paths_are_uuids_of_any_version(rest: Rest) -> None:
    made = str(UUID("01890a5d-ac96-774b-bcce-b302099a8057"))
    assert rest.post("people?fields=id", {"id": made}).data == {"id": made}
    assert rest.get(f"people/{made.upper()}?fields=id").data == {"id": made}
