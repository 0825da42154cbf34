"""Every route and every root field asks for a right, or stands below with the reason why it needs none.

They are walked as they are: what is new and asks nothing fails here until somebody has thought about it.
The callers are a key and a member whose role has no right at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

from apikeys.authentication import principal_of_member_id
from apikeys.services.members import member_create
from apikeys.services.roles import role_create, role_list
from apikeys.services.tokens import playground_token
from core.graphql.schema import build_schema
from core.graphql.search import static_schema
from core.rest.operations import RECORD_OPERATIONS
from metadata.cache import current_schema
from metadata.graphql.schema import schema as metadata_schema
from metadata.models import Workspace
from tests.api_client import Answer
from tests.factories import Api, key_of, principal_of, workspace_with

NOWHERE = "00000000-0000-4000-8000-000000000000"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Routes that are open to every caller with a token, each with the reason. By method and pattern.
OPEN_ROUTES: Mapping[str, str] = {
    "GET rest/metadata/apiKeys/me": "the key that asks, and no other",
    "GET rest/apiKeys/me": "the key that asks, and no other",
    "GET rest/metadata/workspace": "name and settings of the caller's own workspace; writing them asks WORKSPACE",
    **{
        f"GET rest/metadata/{name}{rest}": "how lists are shown; no values of records but those of filters (§7)"
        for name in (
            "views", "viewFields", "viewFieldGroups", "viewFilters", "viewSorts", "viewGroups", "viewFilterGroups",
            "pageLayouts", "pageLayoutTabs", "pageLayoutWidgets",
        )
        for rest in ("", "/<str:id>")
    },
    "GET rest/search": "searches the objects that may be read: members, who are known to all",
    "GET rest/metadata/files/<str:id>": "a file that may not be read answers as one that does not exist: 404",
    "DELETE rest/metadata/files/<str:id>": "the same",
}  # fmt: skip

# Routes that know no role, and why.
WITHOUT_ROLE: Mapping[str, str] = {
    "": "leads people to the settings; to programs it is no address",
    "metrics": "numbers of the whole server, for who has METRICS_TOKEN; tests/ops/test_metrics.py",
    "admin": "a redirect",
    "healthz": "says that the server is alive",
    "readyz": "says what the server has, and nothing of a workspace",
    "graphql": "one route of many root fields, which are walked below",
    "metadata": "one route of many root fields, which are walked below",
    "file/files-field/<str:id>": "its address is signed and expires, and is answered to readers of the record only",
    "file/workspace-logo/<uuid:workspace_id>/<str:digest>": "a picture for whoever has its address, which has its digest",
    "favicon.ico": "a redirect to a picture",
    "settings": "a redirect",
    "settings/login": "the sign-in page",
    "settings/forgot": "asks for a link to another password, which goes to the account's address",
    "settings/reset": "such a link, whose token is the right to use it",
    "settings/logout": "ends the caller's own session",
    "settings/join": "an invitation's link, whose token is the right to use it",
    "settings/profile": "what anybody signed in may see and change of themselves",
    "settings/first-steps/hide": "puts the list of first steps away for the caller; a redirect",
    "settings/profile/sessions": "ends sign-ins of the caller; a redirect",
    "settings/workspace": "chooses among the caller's own workspaces; a redirect",
}
DOCUMENTS = "open-api/(?P<name>core|metadata)"  # show what the caller may use: tests/openapi
ADMIN = "admin/"  # Django's: for operators (is_staff), who stand above roles

OPEN_QUERIES: Mapping[str, str] = {
    "getPublicWorkspaceDataByDomain": "what the page to sign in shows to everybody",
    **dict.fromkeys(
        ("objects", "object", "fields", "field", "index", "indexMetadatas", "minimalMetadata"),
        "the data model is readable by any key (contract, observed.md §7): names and types, no values",
    ),
    **dict.fromkeys(
        (
            "getView", "getViews", "getViewField", "getViewFields",
            "getViewFieldGroup", "getViewFieldGroups", "getViewFilter", "getViewFilters", "getViewSort",
            "getViewSorts", "getViewGroup", "getViewGroups", "getViewFilterGroup", "getViewFilterGroups",
        ),
        "how lists are shown, as over REST",
    ),
    "currentUser": "the caller",
    "currentWorkspace": "name and settings of the caller's own workspace",
    "objectRecordCounts": "counts objects that may be read only",
}  # fmt: skip
OPEN_MUTATIONS: Mapping[str, str] = {
    "getLoginTokenFromCredentials": "signs in, by a password",
    "getAuthTokensFromLoginToken": "signs in, by what the password was given for",
    "renewToken": "goes on with a sign-in, by its token",
    "deleteFile": "a file that may not be read answers as one that does not exist",
    "generatePlaygroundToken": "a token that acts as the signed-in caller, with their rights",
}
# Walked by test_an_upload_asks.
NEEDS_AN_UPLOAD = {"uploadFilesFieldFile", "uploadFilesFieldFileByUniversalIdentifier"}
UPLOAD_ROUTE = "rest/metadata/files"

# Members are known to all (see tests/security/test_system_objects.py); a search answers what may be read.
OPEN_CORE = {"workspaceMember", "workspaceMembers", "workspaceMembersGroupBy", "search"}


@pytest.fixture(scope="module")
def standard(uncommitted: None) -> Workspace:
    workspace = workspace_with(empty=False)
    role_create(principal_of(workspace), values={"label": "Nothing"})
    return workspace


@pytest.fixture
def workspace(db: None, standard: Workspace) -> Workspace:
    return Workspace.objects.get(id=standard.id)


@pytest.fixture
def key(workspace: Workspace) -> Api:
    return Api(key_of(workspace, role="Nothing"))


@pytest.fixture
def member(workspace: Workspace) -> Any:
    role = next(each for each in role_list(principal_of(workspace)) if each.label == "Nothing")
    return member_create(workspace=workspace, email="n@example.com", password="correct horse", role=role)


@pytest.fixture(params=["key", "member"])
def caller(request: pytest.FixtureRequest, workspace: Workspace, key: Api, member: Any) -> Api:
    """A key, or a member by the token that acts as them."""
    if request.param == "key":
        return key
    return Api(playground_token(principal_of_member_id(workspace.id, member.id)).token)


# Routes --------------------------------------------------------------------------------------------------


def every_route() -> list[tuple[str, URLPattern]]:
    def walk(patterns: Any, before: str) -> Iterator[tuple[str, URLPattern]]:
        for each in patterns:
            pattern = before + str(each.pattern).removeprefix("^").removesuffix("$")
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, pattern)
            else:
                yield pattern, each

    return list(walk(get_resolver().url_patterns, ""))


_PARTS = {  # of the routes that are regular expressions, and of path converters
    "rest/+": "rest/",
    "/+export": "/export",
    "/+import/*": "/import?format=csv",
    "/*": "",
    "/?": "",
    "(?:rest/+)?": "rest/",
    "(?!batch/|restore/)(?P<plural>[^/]+)": "companies",
    "(?P<name>core|metadata)": "core",
    "(?P<syntax>json|yaml)": "json",
    "\\.": ".",
    "<str:name>": "company",
}


def path_of(pattern: str) -> str:
    for part, filled in _PARTS.items():
        pattern = pattern.replace(part, filled)
    return "/" + re.sub(r"<\w+:\w+>", NOWHERE, pattern)


RECORDS = "rest/+(?!/|(?:metadata|apiKeys|webhooks|open-api)(?:[/.]|$)).+"  # walked by test_every_record_route_asks


def routes(*, of_pages: bool) -> list[str]:
    return [
        pattern
        for pattern, _ in every_route()
        if pattern not in WITHOUT_ROLE
        and pattern != RECORDS
        and not pattern.startswith(ADMIN)
        and DOCUMENTS not in pattern
        and pattern.startswith("settings") == of_pages
    ]


def assert_asked(answer: Answer, what: str) -> None:
    assert answer.status in (403, 405), (what, answer.status, answer.body)
    if answer.status == 403:
        assert answer.body["code"] == "PERMISSION_DENIED", (what, answer.body)


def test_every_route_asks(caller: Api) -> None:
    walked = set()
    for pattern in routes(of_pages=False):
        shown = pattern.replace("rest/+search/*", "rest/search")
        for method in METHODS if pattern != UPLOAD_ROUTE else ("GET", "PUT", "PATCH", "DELETE"):
            answer = caller.request(method, path_of(pattern), None if method == "GET" else {})
            if f"{method} {shown}" in OPEN_ROUTES:
                assert answer.status < 500, (method, pattern, answer.body)
                walked.add(f"{method} {shown}")
            else:
                assert_asked(answer, f"{method} {pattern}")
    assert walked == OPEN_ROUTES.keys()  # nothing is listed that does not exist


def test_what_needs_no_role_still_exists() -> None:
    assert set(WITHOUT_ROLE) <= {pattern for pattern, _ in every_route()}
    assert RECORDS in {pattern for pattern, _ in every_route()}


def test_the_open_routes_answer_nothing_of_records(caller: Api) -> None:
    found = caller.get("/rest/search?limit=100").body["data"]["search"]
    assert {each["objectNameSingular"] for each in found} == {"workspaceMember"}
    counts = caller.data("{ objectRecordCounts { objectNamePlural totalCount } }", path="/metadata")
    assert [each["objectNamePlural"] for each in counts["objectRecordCounts"]] == ["workspaceMembers"]


@pytest.mark.parametrize("singular", ["company", "attachment", "workflow", "connectedAccount"])
def test_every_record_route_asks(workspace: Workspace, caller: Api, singular: str) -> None:
    subject = current_schema(workspace.id).by_singular[singular]
    for each in RECORD_OPERATIONS:
        if each.is_in_subset_of_criteria and subject.duplicate_criteria is None:
            continue
        path = "/rest" + each.path.format(plural=subject.plural, singular=singular).replace("{id}", NOWHERE)
        for soft in ("false", "true"):
            query = f'?filter=id[eq]:{NOWHERE}&format=csv&group_by=[{{"id":true}}]&soft_delete={soft}'
            body = None if each.method == "GET" else record_body(each.path)
            answer = caller.request(each.method, path + query, body)
            assert answer.status == 403, (each.method, path, answer.body)
            assert answer.body["code"] == "PERMISSION_DENIED", (each.method, path, answer.body)


def record_body(path: str) -> Any:
    if path.startswith("/batch"):
        return [{}]
    ids = {"ids": [NOWHERE, NOWHERE.replace("8", "9")]}
    return {**ids, "conflictPriorityIndex": 0} if path.endswith("merge") else ids if "duplicates" in path else {}


def test_every_page_asks(workspace: Workspace, member: Any) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(member.user)
    for pattern in routes(of_pages=True):
        for method in ("GET", "POST"):
            response = browser.generic(method, path_of(pattern))
            assert response.status_code in (403, 405), (method, pattern, response.status_code)


def test_every_page_wants_somebody_signed_in(workspace: Workspace) -> None:
    for pattern in routes(of_pages=True):
        for method in ("GET", "POST"):
            response = Client().generic(method, path_of(pattern))
            assert response.status_code in (302, 405), (method, pattern, response.status_code)
            if response.status_code == 302:
                assert response["Location"].startswith("/settings/login")


def test_flags_are_asked_in_one_place() -> None:
    """`Permissions.has_flag` is what `config.http.rights` asks; beside it only rights themselves are compared by it."""
    root = Path(__file__).resolve().parent.parent.parent
    sources = {
        str(path.relative_to(root))
        for app in ("config", "metadata", "core", "apikeys", "webhooks")
        for path in (root / app).rglob("*.py")
        if "has_flag" in path.read_text()
    }
    assert sources == {"config/principal.py", "config/http/rights.py", "apikeys/roles.py"}


# Root fields ---------------------------------------------------------------------------------------------


def literal(kind: GraphQLInputType) -> str:
    """Some value of the type that passes validation, with what is required in it only."""
    if isinstance(kind, GraphQLNonNull):
        return literal(kind.of_type)
    if isinstance(kind, GraphQLList):
        return f"[{literal(kind.of_type)}]"
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        members = {name: each for name, each in kind.fields.items() if is_required_input_field(each)}
        return "{" + ", ".join(f"{name}: {literal(each.type)}" for name, each in members.items()) + "}"
    return {
        "Int": "1",
        "Float": "1",
        "Boolean": "true",
        "UUID": f'"{NOWHERE}"',
        "DateTime": '"2040-01-01T00:00:00.000Z"',
        "JSON": "{}",
    }.get(kind.name, f'"{NOWHERE}"')


def call(name: str, field: GraphQLField) -> str:
    wanted = {
        each: argument
        for each, argument in field.args.items()
        if is_required_argument(argument) or each in ("filter", "data", "id", "ids", "input", "groupBy")
    }
    given = {each: literal(argument.type) for each, argument in wanted.items()}
    if "ids" in given and not is_required_argument(wanted["ids"]):
        del given["data"]  # one of the two
    if given.get("filter") == "{}" and "id" in getattr(get_named_type(wanted["filter"].type), "fields", ()):
        given["filter"] = f'{{id: {{eq: "{NOWHERE}"}}}}'  # an empty one is refused
    arguments = ", ".join(f"{each}: {value}" for each, value in given.items())
    selection = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
    return f"{name}({arguments}){selection}" if arguments else f"{name}{selection}"


def root_fields(schema: GraphQLSchema) -> Iterator[tuple[str, str, str]]:
    """(query or mutation, name, a call of it) of every root field."""
    for word, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        for name, field in () if root is None else root.fields.items():
            yield word, name, call(name, field)


def is_refused(answer: Answer) -> bool:
    errors = answer.body.get("errors") or [{"extensions": {}}]
    return (errors[0]["extensions"].get("code"), errors[0]["extensions"].get("subCode")) == (
        "FORBIDDEN",
        "PERMISSION_DENIED",
    )


def test_every_root_field_of_metadata_asks(caller: Api) -> None:
    known = {**OPEN_QUERIES, **OPEN_MUTATIONS}
    walked = set()
    for word, name, asked in root_fields(metadata_schema().graphql_schema):
        if name in NEEDS_AN_UPLOAD:
            walked.add(name)
            continue
        answer = caller.graphql(f"{word} {{ {asked} }}", path="/metadata")
        assert answer.status == 200, (asked, answer.body)
        if name in known:
            walked.add(name)
            assert not is_refused(answer), (asked, answer.body)
        else:
            assert is_refused(answer), (asked, answer.body)
    assert walked == known.keys() | NEEDS_AN_UPLOAD


def test_every_root_field_of_records_asks(workspace: Workspace, caller: Api) -> None:
    schema = current_schema(workspace.id)
    calls = [*root_fields(build_schema(schema).graphql_schema), *root_fields(static_schema().graphql_schema)]
    assert {name for _, name, _ in calls} >= OPEN_CORE
    for word, name, asked in calls:
        answer = caller.graphql(f"{word} {{ {asked} }}")
        assert answer.status == 200, (asked, answer.body)
        assert is_refused(answer) == (name not in OPEN_CORE), (asked, answer.body)


def test_an_upload_asks(workspace: Workspace, caller: Api) -> None:
    answer = caller.upload("company.domainName", "a.txt")
    assert is_refused(answer), answer.body
    part = {"fieldMetadataId": "company.domainName", "file": SimpleUploadedFile("a.txt", b"a")}
    assert_asked(caller.form(f"/{UPLOAD_ROUTE}", part), UPLOAD_ROUTE)


def test_the_default_role_tells_its_name_and_not_who_has_it(caller: Api) -> None:
    named = caller.data("{ currentWorkspace { defaultRole { label } } }", path="/metadata")
    assert named == {"currentWorkspace": {"defaultRole": {"label": "Member"}}}
    for part in (
        "workspaceMembers { userEmail }",
        "apiKeys { name }",
        "agents { id }",
        "permissionFlags { flag }",
        "objectPermissions { objectMetadataId }",
        "fieldPermissions { fieldMetadataId }",
    ):
        answer = caller.graphql(f"{{ currentWorkspace {{ defaultRole {{ {part} }} }} }}", path="/metadata")
        assert is_refused(answer), (part, answer.body)
