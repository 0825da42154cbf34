"""How `/graphql` speaks HTTP: bodies, methods, media types, who may ask, and what a refusal looks like."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from apikeys.services.roles import role_create
from tests.factories import Api, api_of, key_of, principal_of, workspace_with

pytestmark = pytest.mark.django_db

PEOPLE = {"query": "{ workspaceMembers { totalCount } }"}
NO_MEMBERS = {"data": {"workspaceMembers": {"totalCount": 0}}}
STRICT = "application/graphql-response+json"


@pytest.fixture(scope="module")
def api(uncommitted: None) -> Api:
    return api_of(workspace_with())


def error_of(answer: Any) -> dict[str, Any]:
    [error] = answer.body["errors"]
    assert set(error) == {"message", "extensions"}
    assert "userFriendlyMessage" in error["extensions"]
    return error


# Bodies and methods ----------------------------------------------------------------------------------


def test_json_is_answered_with_json(api: Api) -> None:
    answer = api.post("/graphql", PEOPLE)
    assert (answer.status, answer.body) == (200, NO_MEMBERS)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps(PEOPLE), "text/plain"),
        (json.dumps(PEOPLE), "application/json; charset=utf-8"),
        (PEOPLE["query"], "application/graphql"),
        (urlencode(PEOPLE), "application/x-www-form-urlencoded"),
        (
            '--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + json.dumps(PEOPLE)
            + '\r\n--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n{}\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["text", "charset", "graphql", "form", "multipart"],
)  # fmt: skip
def test_bodies_of_any_usual_kind(api: Api, body: str, content_type: str) -> None:
    response = api.client.post(
        "/graphql", body, content_type=content_type, headers={"Authorization": f"Bearer {api.token}"}
    )
    assert (response.status_code, response.json()) == (200, NO_MEMBERS)


@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
def test_a_body_without_a_content_type_is_executed(api: Api, path: str) -> None:
    response = api.client.generic(
        "POST", path, b'{"query": "{ __typename }"}', "", headers={"Authorization": f"Bearer {api.token}"}
    )
    assert not response.wsgi_request.META.get("CONTENT_TYPE")
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


def test_queries_by_get(api: Api) -> None:
    text = "query A { people { totalCount } } query B($f: X) { workspaceMembers(filter: $f) { totalCount } }"
    asked = {"query": text, "operationName": "B", "variables": '{"f": {}}'}
    answer = api.get(f"/graphql?{urlencode(asked)}")
    assert (answer.status, answer.body) == (200, NO_MEMBERS)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", None),
        (b"", "Must provide query string."),
        (b"{}", "Must provide query string."),
        (b'{"query": ""}', "Must provide query string."),
        (b'{"query": 1}', "Must provide query string."),
        (b"[]", "Batching is not supported."),
        (b'[{"query": "{ a }"}]', "Batching is not supported."),
        (b'"x"', "The body must be a JSON object with a query."),
        (b'{"query": "{ a }", "variables": []}', "Variables must be a JSON object."),
        (b'{"query": "{ a }", "operationName": 1}', "operationName must be a string."),
    ],
)
def test_bodies_refused(api: Api, body: bytes, message: str | None) -> None:
    answer = api.post("/graphql", body)
    assert answer.status == 400
    error = error_of(answer)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    if message is not None:
        assert error["message"] == message


def test_a_body_too_large_is_refused(api: Api, settings: Any) -> None:
    settings.MAX_BODY_BYTES = 100
    answer = api.post("/graphql", {"query": "{ people { totalCount } }" + " " * 100})
    assert answer.status == 413
    assert error_of(answer)["message"] == "Body is larger than 100 bytes"


def test_a_mutation_by_get_is_refused_and_not_run(api: Api) -> None:
    text = 'mutation { deleteWorkspaceMember(id: "20202020-0000-4000-8000-000000000001") { id } }'
    answer = api.get(f"/graphql?{urlencode({'query': text})}")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert error_of(answer)["extensions"]["code"] == "METHOD_NOT_ALLOWED"


def test_other_methods_are_refused(api: Api) -> None:
    answer = api.request("PUT", "/graphql", PEOPLE)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")


# Statuses --------------------------------------------------------------------------------------------

REFUSED = [  # document, code, message, status when the client asked for GraphQL's media type
    ("{", "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>.", 400),
    ("{ foos { id } }", "BAD_USER_INPUT", "Unknown field(s) foos. The corresponding object may have been deleted or renamed.", 400),
    ("{ workspaceMembers { foo } }", "GRAPHQL_VALIDATION_FAILED", 'Cannot query field "foo" on type "WorkspaceMemberConnection".', 400),
    ("{ workspaceMembers { totalCount } a: workspaceMembers { totalCount } }", "BAD_USER_INPUT", 'Duplicate root resolver: "workspaceMembers"', 400),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "message", "status"), REFUSED)
def test_documents_refused(api: Api, text: str, code: str, message: str, status: int) -> None:
    lenient = api.graphql(text)
    assert lenient.status == 200
    assert "data" not in lenient.body
    error = error_of(lenient)
    assert (error["message"], error["extensions"]["code"]) == (message, code)
    strict = api.post("/graphql", {"query": text}, Accept=STRICT)
    assert (strict.status, strict.body) == (status, lenient.body)
    assert strict.headers["Content-Type"] == f"{STRICT}; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "is_strict"),
    [
        (STRICT, True),
        (f"{STRICT}, application/json;q=0.9", True),
        (f"{STRICT};q=0.5, application/json", False),
        (f"{STRICT};q=x, application/json", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_the_media_type_follows_the_accept_header(api: Api, accept: str, is_strict: bool) -> None:
    answer = api.post("/graphql", PEOPLE, Accept=accept)
    media_type = STRICT if is_strict else "application/json"
    assert (answer.status, answer.headers["Content-Type"]) == (200, f"{media_type}; charset=utf-8")


def test_what_was_executed_is_200_whatever_became_of_it(api: Api) -> None:
    answer = api.post("/graphql", {"query": "{ workspaceMember(filter: {}) { id } }"}, Accept=STRICT)
    assert answer.status == 200
    assert answer.body["data"] == {"workspaceMember": None}


# What does not fit ------------------------------------------------------------------------------------

NOT_COERCED = [  # declared as, given, the end of the message
    ("ID!", {"v": None}, 'Expected non-nullable type "ID!" not to be None.'),
    ("ID!", {}, 'of required type "ID!" was not provided.'),
    ("UUID!", {"v": "abc"}, 'Expected type "UUID".'),
    ("Int", {"v": "5"}, 'Int cannot represent non-integer value: "5"'),
    ("Int", {"v": 2**31}, "Int cannot represent non 32-bit signed integer value: 2147483648"),
    ("[String!]", {"v": ["a", None]}, 'Expected non-nullable type "String!" not to be None.'),
    ("Boolean", {"v": "true"}, 'Boolean cannot represent a non boolean value: "true"'),
    ("WorkspaceMemberFilterInput", {"v": "x"}, 'Expected type "WorkspaceMemberFilterInput" to be an object.'),
]


def test_a_variable_that_does_not_fit_is_400_in_the_media_type_that_has_a_status_for_it(api: Api) -> None:
    for declared, given, message in NOT_COERCED:
        asked = {"query": f"query ($v: {declared}) {{ __typename }}", "variables": given}
        answer = api.post("/graphql", asked, Accept=STRICT)
        assert answer.status == 400
        assert "data" not in answer.body
        error = error_of(answer)
        assert error["message"].startswith('Variable "$v" ')
        assert error["message"].endswith(message), error["message"]
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert api.post("/graphql", asked).body == {"data": {"__typename": "Query"}}


FITTING = [
    ("ID", {"v": None}),
    ("ID!", {"v": 7}),
    ("Int! = 3", {}),
    ("Int", {"v": 1.0}),
    ("[Int]", {"v": 1}),
    ("[[Int!]!]!", {"v": [[1], [2]]}),
    ("WorkspaceMemberFilterInput!", {"v": {}}),
    ("[WorkspaceMemberOrderByInput]", {"v": {}}),
    ("TypeOfAnotherRelease", {"v": "anything"}),
    ("UUID", {"v": "20202020-0000-4000-8000-000000000001"}),
]


def test_a_variable_that_fits_is_taken(api: Api) -> None:
    for declared, given in FITTING:
        asked = {"query": f"query ($v: {declared}) {{ __typename }}", "variables": given}
        assert api.post("/graphql", asked, Accept=STRICT).status == 200, declared


def test_a_mutation_whose_variables_do_not_fit_writes_nothing(api: Api) -> None:
    text = "mutation ($d: WorkspaceMemberCreateInput!, $n: Int) { createWorkspaceMember(data: $d) { id } }"
    asked = {"query": text, "variables": {"d": {}, "n": "many"}}
    assert api.post("/graphql", asked, Accept=STRICT).status == 400
    assert api.post("/graphql", PEOPLE).body == NO_MEMBERS


def test_every_unknown_field_of_a_document_is_named(api: Api) -> None:
    text = "{ workspaceMembers { totl edges { node { id naem { firstName } ...F } } } } fragment F on WorkspaceMember { emial }"
    answer = api.graphql(text)
    assert answer.status == 200 and "data" not in answer.body
    assert [each["message"] for each in answer.body["errors"]] == [
        'Cannot query field "totl" on type "WorkspaceMemberConnection".',
        'Cannot query field "naem" on type "WorkspaceMember". Did you mean "name"?',
        'Cannot query field "emial" on type "WorkspaceMember".',
    ]
    assert api.post("/graphql", {"query": text}, Accept=STRICT).status == 400


def test_unknown_root_fields_are_named_with_the_nearest_and_with_what_else_is_unknown(api: Api) -> None:
    answer = api.graphql("{ workspaceMember(filter: {}) { naem } workspaceMebmers { id } foos { id } }")
    unknown, nested = answer.body["errors"]
    assert unknown["message"] == (
        "Unknown field(s) workspaceMebmers, foos. The corresponding object may have been deleted or renamed."
    )
    assert unknown["extensions"]["fields"] == ["workspaceMebmers", "foos"]
    assert unknown["extensions"]["hint"] == 'workspaceMebmers: Did you mean "workspaceMembers"?'
    assert nested["message"] == 'Cannot query field "naem" on type "WorkspaceMember". Did you mean "name"?'
    alone = api.graphql("mutation { creatWorkspaceMember { id } }").body["errors"][0]
    assert alone["extensions"]["hint"] == 'Did you mean "createWorkspaceMember"?'


def test_at_most_twenty_faults_are_told(api: Api) -> None:
    names = " ".join(f"a{each}" for each in range(60))
    errors = api.graphql(f"{{ workspaceMembers {{ edges {{ node {{ {names} }} }} }} }}").body["errors"]
    assert len(errors) == 21
    assert errors[-1]["message"] == "Too many validation errors, error limit reached. Validation aborted."


# Who asks --------------------------------------------------------------------------------------------


def test_without_a_token_no_record_field_is_answered(anonymous: Api, db: None) -> None:
    answer = anonymous.graphql("{ people { totalCount } companies { totalCount } }")
    assert answer.status == 200
    error = error_of(answer)
    assert error["message"] == "Unauthenticated: no workspace resolved for fields people, companies"
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["extensions"]["subCode"] == "WORKSPACE_QUERY_WITHOUT_WORKSPACE"


def test_without_a_token_the_schema_stays_hidden(anonymous: Api, db: None) -> None:
    answer = anonymous.graphql("{ __schema { queryType { name } } }")
    assert error_of(answer)["message"] == (
        'GraphQL introspection has been disabled, but the requested query contained the field "__schema".'
    )
    assert anonymous.data("{ a: __typename }") == {"a": "Query"}


@pytest.mark.parametrize("token", ["x", "a.b.c"])
def test_a_bad_token_is_refused(db: None, token: str) -> None:
    answer = Api(token).graphql(PEOPLE["query"])
    assert answer.status == 200
    assert "data" not in answer.body
    assert error_of(answer)["extensions"]["code"] == "UNAUTHENTICATED"
    assert Api(token).post("/graphql", PEOPLE, Accept=STRICT).status == 401


def test_another_workspaces_key_sees_its_own_records_only(api: Api) -> None:
    other = api_of(workspace_with([{"nameSingular": "secret", "namePlural": "secrets"}], name="Other"))
    other.data('mutation { createSecret(data: {name: "x"}) { id } }')
    assert other.data("{ secrets { totalCount } }") == {"secrets": {"totalCount": 1}}
    answer = api.graphql("{ secrets { totalCount } }")
    assert error_of(answer)["extensions"]["subCode"] == "UNKNOWN_ROOT_FIELD"


def test_a_client_of_an_older_data_model_is_told(api: Api) -> None:
    answer = api.post("/graphql", {"query": "{ foos { id } }"}, X_Schema_Version="0")
    error = error_of(answer)
    assert error["message"] == "Schema version mismatch."
    assert error["extensions"]["userFriendlyMessage"] == (
        "Your workspace has been updated with a new data model. Please refresh the page."
    )
    assert api.post("/graphql", PEOPLE, X_Schema_Version="0").body == NO_MEMBERS


@pytest.mark.parametrize("version", ["0.0.9", "v0.0.9-beta.1"])
def test_an_older_client_is_told_when_its_document_is_not_valid(api: Api, version: str) -> None:
    answer = api.post("/graphql", {"query": "{ foos { id } }"}, X_App_Version=version)
    error = error_of(answer)
    assert (error["message"], error["extensions"]["code"]) == ("App version mismatch.", "APP_VERSION_MISMATCH")
    assert error["extensions"]["userFriendlyMessage"] == (
        "Your app version is out of date. Please refresh the page to continue."
    )
    assert api.post("/graphql", PEOPLE, X_App_Version=version).body == NO_MEMBERS


@pytest.mark.parametrize("version", ["0.1.0", "2.19.0", "latest", "", "0.0", "9" * 5000])
def test_other_clients_are_told_what_is_wrong_with_their_document(api: Api, version: str) -> None:
    answer = api.post("/graphql", {"query": "{ foos { id } }"}, X_App_Version=version)
    assert error_of(answer)["extensions"]["subCode"] == "UNKNOWN_ROOT_FIELD"


# Faults of ours --------------------------------------------------------------------------------------


def test_an_unforeseen_fault_keeps_its_text_to_itself(api: Api, settings: Any) -> None:
    settings.AUTHENTICATOR = "tests.core.graphql.test_http.broken_authenticator"
    answer = api.graphql(PEOPLE["query"])
    error = error_of(answer)
    assert error["message"] == "Internal server error"
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in json.dumps(answer.body)


def broken_authenticator(_request: Any) -> Any:
    raise ZeroDivisionError("a secret")


def test_nesting_beyond_all_measure_is_refused_politely(api: Api) -> None:
    nested: Any = {"id": {"is": "NULL"}}
    for _ in range(60):
        nested = {"and": [nested]}
    answer = api.graphql("query ($f: X) { workspaceMembers(filter: $f) { totalCount } }", {"f": nested})
    assert answer.body["data"] == {"workspaceMembers": None}
    assert error_of(answer)["extensions"]["subCode"] == "TOO_COMPLEX_QUERY"
    deep = api.graphql("{ people " + "{ a " * 3000 + "}" * 3001)
    assert error_of(deep)["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


# Other origins ---------------------------------------------------------------------------------------


def test_pages_of_any_origin_may_ask(api: Api) -> None:
    asked = api.request(
        "OPTIONS", "/graphql", Origin="https://a.example", Access_Control_Request_Headers="authorization"
    )
    assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    answer = api.post("/graphql", PEOPLE, Origin="https://a.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "WWW-Authenticate" in answer.headers["Access-Control-Expose-Headers"]


def test_a_read_only_key_cannot_write(db: None) -> None:
    workspace = workspace_with([{"nameSingular": "rock", "namePlural": "rocks"}])
    api_of(workspace).data('mutation { createRock(data: {name: "x"}) { id } }')
    role_create(
        principal_of(workspace),
        values={"label": "Guest", "canReadAllObjectRecords": True, "canBeAssignedToApiKeys": True},
    )
    guest = Api(key_of(workspace, role="Guest"))
    assert guest.data("{ rocks { totalCount } }") == {"rocks": {"totalCount": 1}}
    answer = guest.graphql('mutation { deleteRocks(filter: {name: {eq: "x"}}) { id } }')
    assert answer.body["data"] == {"deleteRocks": None}
    error = error_of(answer)
    assert error["message"] == "Entity performing the request does not have permission"
    assert (error["extensions"]["code"], error["extensions"]["subCode"]) == ("FORBIDDEN", "PERMISSION_DENIED")
    assert guest.data("{ rocks { totalCount } }") == {"rocks": {"totalCount": 1}}
