"""Whatever is sent to the four APIs, imports and settings pages: no answer says that Fourgate broke, no refusal says nothing.

Most is asked by an Admin, the rest by keys and members who may less, and by nobody. Requests are drawn from what the APIs say of themselves: GraphQL from its schemas, REST from the OpenAPI documents, forms
from the pages. Ids and names are those of earlier answers, and in half of all something is spoilt. A failing run prints
each request to send again, and its seed; RANDOM_SEED=<seed> runs that one alone. `make fuzz` draws anew.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    visit,
)
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create
from config.urls import urlpatterns
from core.graphql.schema import build_schema
from metadata.cache import current_schema
from metadata.graphql.schema import schema
from metadata.models import Workspace
from tests.chance import same_ids, seeds
from tests.factories import Api, api_of, principal_of, workspace_with
from tests.fuzz.documents import SKIPPED, Documents
from tests.fuzz.files import import_request, page_request, pages_of
from tests.fuzz.rest import Request, RestRequests, names_of
from tests.fuzz.values import Chance, json_bytes
from tests.metadata.graphql.test_sdk_members import MEMBERS
from tests.security.scene import OBJECT_RIGHTS, READ, TOOLS, WRITE
from tests.settings_pages.conftest import add_member

pytestmark = pytest.mark.long

REQUESTS = 1_000  # for each seed
ANEW_EVERY = 250  # requests after which the documents are read again: the data model changed meanwhile
_FIELD = re.compile(r'name="(\w+)"')
_BROKEN = "INTERNAL_SERVER_ERROR"
_LONGEST_READ = 2_000_000  # bytes of an answer whose errors are looked at
# Sentences that leave a reader where they were, and what leaks of a program that put none together.
_SAYS_NOTHING = re.compile(
    r"\W*(an (unknown |unexpected )?error( has)? occurr?ed|(unknown |internal |server |internal server )?error|something went wrong"
    r"|(bad|invalid|malformed) (request|input|value|data)|invalid|forbidden|not found|conflict|validation (failed|error)"
    r"|none|null|undefined|exception|\[object object\])?\W*",
    re.IGNORECASE,
)
_LEAKS = re.compile(
    r"\bobject at 0x|Traceback \(most|<class '|\[object Object\]|ErrorDetail\(|django\.|psycopg|lambda>"
)
# Roles with less than everything, by the rights that they have on all objects and their flags.
LESSER: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Nothing": ((), ()),
    "Reader": ((*READ, *TOOLS), ()),
    "Writer": ((*READ, *WRITE, *TOOLS), ()),  # but no companies, and no field that is called like BLIND_TO
    "Modeller": ((*READ,), ("DATA_MODEL", "VIEWS", "LAYOUTS")),
    "Keeper": ((), ("API_KEYS_AND_WEBHOOKS", "ROLES", "WORKSPACE", "SECURITY", "WORKSPACE_MEMBERS")),
}
BLIND_TO = ("name", "stage", "emails", "amount")


class Fuzz:
    """One workspace, and everything that can be asked of it."""

    def __init__(self, seed: int) -> None:
        self.chance = Chance(seed)
        self.workspace = workspace_with(empty=False)
        self.api = api_of(self.workspace)
        self.browser = Client(raise_request_exception=False)
        self.member = add_member(self.workspace, f"ada{seed}@example.com", "Admin")
        self.browser.force_login(self.member.user)
        self.lesser = self.add_lesser()
        self.guests = [Client(raise_request_exception=False) for _ in LESSER]
        for guest, label in zip(self.guests, LESSER, strict=True):
            guest.force_login(add_member(self.workspace, f"{label}{seed}@example.com".lower(), label).user)
        self.asked_by: Counter[str] = Counter()
        self.pages = [each for each in pages_of(urlpatterns) if "(?P" not in each]
        self.forms: dict[str, list[str]] = {}
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []
        self.answered = 0  # without an error, also in GraphQL
        self.read_documents()
        self.surfaces: list[tuple[Callable[[], None], int]] = [
            (self.core_rest, 24),
            (self.core_graphql, 24),
            (self.metadata_rest, 16),
            (self.metadata_graphql, 22),
            (self.imports, 6),
            (self.settings_pages, 6),
            (self.anything, 2),
        ]

    def add_lesser(self) -> dict[str, Api]:
        """A key of each lesser role, and who has no key at all."""
        system = principal_of(self.workspace)
        for label, (rights, flags) in LESSER.items():
            role = role_create(
                system, values={"label": label, "canBeAssignedToApiKeys": True, **dict.fromkeys(rights, True)}
            )
            if flags:
                permission_flags_upsert(system, role_id=role.id, flags=flags)
            if label == "Writer":
                schema = current_schema(self.workspace.id)
                nothing = dict.fromkeys(OBJECT_RIGHTS, False)
                company = {"objectMetadataId": str(schema.by_singular["company"].id), **nothing}
                object_permissions_upsert(system, role_id=role.id, items=[company])
                items = [
                    {
                        "objectMetadataId": str(schema.by_singular[name].id),
                        "fieldMetadataId": str(field.id),
                        right: False,
                    }
                    for name, right in (("person", "canReadFieldValue"), ("opportunity", "canUpdateFieldValue"))
                    for field in schema.by_singular[name].fields
                    if field.name in BLIND_TO
                ]
                field_permissions_upsert(system, role_id=role.id, items=items)
        return {label: api_of(self.workspace, role=label) for label in LESSER} | {"nobody": Api(None)}

    def read_documents(self) -> None:
        api, chance = self.api, self.chance
        core, metadata = (api.get(f"/rest/open-api/{name}").body for name in ("core", "metadata"))
        chance.words = [*names_of(core), *chance.words[:50]] or chance.words
        self.core = RestRequests(chance, core, "/rest")
        self.metadata = RestRequests(chance, metadata, "/rest/metadata")
        self.plurals = [path.strip("/") for path in core["paths"] if path.count("/") == 1]
        self.core_documents = Documents(chance, build_schema(current_schema(self.workspace.id)).graphql_schema)
        self.metadata_documents = Documents(chance, schema().graphql_schema)
        lists = [
            f"/rest/metadata{path}?limit=60"
            for path in metadata["paths"]
            if "{" not in path and "get" in metadata["paths"][path]
        ]
        lists += [
            f"/rest/{plural}?limit=20&depth=0" for plural in ("people", "companies", "opportunities", "tasks", "notes")
        ]
        for path in lists:
            answer = api.get(path)
            body = (
                answer.body if isinstance(answer.body, dict) else {path.split("/")[-1].partition("?")[0]: answer.body}
            )
            chance.remember(json_bytes(body))

    def step(self, number: int) -> None:
        if number % ANEW_EVERY == ANEW_EVERY - 1:
            self.revive()
            self.read_documents()
        self.chance.is_wild = self.chance.likely(0.55)
        surfaces, weights = zip(*self.surfaces, strict=True)
        self.chance.choices(surfaces, weights)[0]()

    def revive(self) -> None:
        """Undo what keeps everything else from being asked: limits of nothing, a key that was revoked, a new password."""
        Workspace.objects.filter(id=self.workspace.id).update(
            max_requests_per_minute=None, max_api_key_lifetime_days=None
        )
        if self.api.get("/rest/companies?limit=1").status in (401, 403, 429):
            self.workspace.refresh_from_db()
            self.api = api_of(self.workspace)
        if self.browser.get("/settings/api-webhooks").status_code != 200:
            self.member.user.refresh_from_db()
            self.browser.force_login(self.member.user)

    # What is asked -----------------------------------------------------------------------------------

    def core_rest(self) -> None:
        self.send(self.core.draw())

    def metadata_rest(self) -> None:
        self.send(self.metadata.draw())

    def core_graphql(self) -> None:
        self.send(graphql("/graphql", self.core_documents.draw()))

    def metadata_graphql(self) -> None:
        self.send(graphql("/metadata", self.metadata_documents.draw()))

    def imports(self) -> None:
        self.send(import_request(self.chance, self.plurals, self.core.members_of))

    def settings_pages(self) -> None:
        route = self.chance.choice(self.pages)
        names = self.forms.get(route) or ("name", "role", "next", "email", "password")
        browser = self.browser if self.chance.likely(0.8) else self.chance.choice(self.guests)
        answer = self.send(page_request(self.chance, route, names), browser)
        if answer.status_code == 200 and not answer.streaming:
            self.forms[route] = list(dict.fromkeys(_FIELD.findall(answer.content.decode(errors="replace"))))

    def anything(self) -> None:
        """Bodies that are not what their media type says, at any address."""
        chance = self.chance
        path = chance.choice(
            ("/graphql", "/metadata", "/rest/companies", "/rest/batch/people", "/rest/metadata/objects", "/rest/x")
        )
        body = chance.choice(
            (
                json_bytes(chance.hostile()),
                chance.text().encode("utf-8", "surrogatepass"),
                b"\xff\xfe{\0",
                b"\x1f\x8b\x08",
            )
        )
        media = chance.choice(
            (
                "application/json",
                "application/graphql",
                "multipart/form-data; boundary=x",
                "text/plain",
                "",
                "x/y; charset=utf-16",
            )
        )
        encoding = {"Content-Encoding": chance.choice(("gzip", "deflate", "br"))} if chance.likely(0.2) else {}
        self.send(Request(chance.choice(("POST", "PATCH", "GET", "PUT", "DELETE")), path, body, media, encoding))

    # Asking ------------------------------------------------------------------------------------------

    def send(self, request: Request, client: Client | None = None, api: Api | None = None) -> Any:
        """The answer. What an error did to the surrounding transaction of the test is undone."""
        headers = dict(request.headers)
        if api is not None:
            headers["Authorization"] = f"Bearer {api.token}"
        elif client is None:
            asking = "admin" if self.chance.likely(0.8) else self.chance.choice(list(self.lesser))
            self.asked_by[asking] += 1
            api = self.lesser.get(asking, self.api)
            if api.token is not None:
                headers["Authorization"] = f"Bearer {api.token}"
        point = transaction.savepoint()
        answer = (client or self.api.client).generic(
            request.method, request.path, request.body, content_type=request.content_type, headers=headers
        )
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if connection.connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
            transaction.savepoint_rollback(point)
        else:
            transaction.savepoint_commit(point)
        self.statuses[answer.status_code] += 1
        empty = (
            None
            if answer.streaming
            else said_nothing(answer.status_code, answer["Content-Type"] if content else "", content)
        )
        if answer.status_code >= 500 or _BROKEN.encode() in content[-20_000:] or empty is not None:
            said = content.decode(errors="replace")[:600] if empty is None else f"says {empty!r}: {content[:600]!r}"
            self.faults.append(
                f"{request.method} {request.path}\n  {request.content_type} {request.body!r}\n  → {answer.status_code} {said}"
            )
        if answer.status_code < 300 and b'"errors":' not in content[-20_000:]:
            self.answered += 1
        self.chance.remember(content)
        return answer


def said_nothing(status: int, media: str, content: bytes) -> str | None:
    """The first text of a refusal that tells its reader nothing; None when there is none, or nothing is refused."""
    if media.startswith("text/html") or not content:
        return "An error occurred" if b"An error occurred" in content else None
    if len(content) > _LONGEST_READ or (status < 400 and b'"errors":' not in content):
        return None
    try:
        body = json.loads(content)
    except ValueError:
        return None if status < 400 else content[:200].decode(errors="replace")
    for text in refusals(body, status):
        if not isinstance(text, str) or _SAYS_NOTHING.fullmatch(text) or _LEAKS.search(text):
            return repr(text)
    return None


def refusals(body: Any, status: int) -> Iterator[Any]:
    """The texts that an answer refuses with: of REST, of GraphQL, and of the lines of an import."""
    if not isinstance(body, dict):
        if status >= 400:
            yield None
        return
    if status >= 400 and "statusCode" in body:
        yield from body.get("messages") or [None]
        for name in ("message", "userFriendlyMessage"):  # of older keys, of bodies (a list), of the data model's rules
            shown = body.get(name, ())
            yield from shown if isinstance(shown, list | tuple) else (shown,)
    elif status >= 400 and not isinstance(body.get("errors"), list):
        yield None
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) and "statusCode" not in body else ():
        yield from (error.get("message"), error.get("extensions", {}).get("userFriendlyMessage"))
    data = body.get("data")
    report = data.get("import") if isinstance(data, dict) else None
    for line in report.get("errors", ()) if isinstance(report, dict) else ():
        yield from line["messages"] or [None]


def graphql(path: str, document: Any) -> Request:
    return Request("POST", path, json_bytes(document), "application/json")


@pytest.mark.fuzz
@pytest.mark.django_db
@pytest.mark.parametrize("seed", seeds(*range(1, 6)))
def test_no_request_of_any_kind_is_answered_with_5xx(
    seed: int, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"RANDOM_SEED={seed}")
    same_ids(monkeypatch, seed)
    fuzz = Fuzz(seed)
    for number in range(REQUESTS):
        fuzz.step(number)
    record_property("fuzzed", sum(fuzz.statuses.values()))
    print(sorted(fuzz.statuses.items()), f"{fuzz.answered} without an error")
    for each in fuzz.faults:
        print(each)
    assert fuzz.faults == []
    assert sum(fuzz.statuses.values()) >= REQUESTS
    assert fuzz.answered > REQUESTS // 10  # enough of it makes sense
    assert {"admin", "nobody", *LESSER} <= set(fuzz.asked_by)


@pytest.mark.fuzz
@pytest.mark.django_db
def test_every_member_that_typed_clients_know_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that are generated from the schema select whole types. No type of theirs is left to chance."""
    same_ids(monkeypatch, 1)
    fuzz = Fuzz(1)
    documents, asked = fuzz.metadata_documents, set()
    fuzz.chance.is_wild, documents.is_whole = False, True
    for root in (documents.schema.query_type, documents.schema.mutation_type):
        assert root is not None
        for name, field in root.fields.items():
            if name in SKIPPED:
                continue
            documents.variables = {}
            text = documents.field(name, field, 0)
            declared = ", ".join(f"${variable}: {type_}" for variable, (type_, _) in documents.variables.items())
            head = ("mutation" if root is documents.schema.mutation_type else "query") + (
                f" ({declared})" if declared else ""
            )
            values = {variable: value for variable, (_, value) in documents.variables.items()}
            query = f"{head} {{ {text} }}"
            fuzz.send(graphql("/metadata", {"query": query, "variables": values}))
            types = TypeInfo(documents.schema)
            visit(parse(query), TypeInfoVisitor(types, _Members(types, asked)))
    assert fuzz.faults == []
    shown = {name: members for name, members in MEMBERS.items() if not name.endswith(("Input", "InputUpdates"))}
    assert {name: set(members.split()) - {m for t, m in asked if t == name} for name, members in shown.items()} == {
        name: set() for name in shown
    }


@pytest.mark.fuzz
@pytest.mark.django_db
def test_no_text_of_the_metadata_api_is_too_long_for_what_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text of every mutation, one after the other, in a request that is well otherwise."""
    same_ids(monkeypatch, 1)
    fuzz = Fuzz(1)
    documents, asked = fuzz.metadata_documents, 0
    fuzz.chance.is_wild = False
    assert documents.schema.mutation_type is not None
    for name, field in documents.schema.mutation_type.fields.items():
        if name in SKIPPED:
            continue
        fuzz.revive()
        for argument, path in ((each, path) for each in field.args for path in texts_in(field.args[each].type)):
            for text in ("x" * 300, "x" * 20_000, "a\0b", "\ud800"):
                given = {
                    each: documents.value(name if each in ("id", "input") else each, described.type, 0)
                    for each, described in field.args.items()
                    if each == argument or isinstance(described.type, GraphQLNonNull)
                }
                given[argument] = with_text(given[argument], path, text)
                declared = ", ".join(f"${each}: {field.args[each].type}" for each in given)
                passed = ", ".join(f"{each}: ${each}" for each in given)
                query = f"mutation ({declared}) {{ {name}({passed}){documents.selection(field, 3)} }}"
                fuzz.send(graphql("/metadata", {"query": query, "variables": given}), api=fuzz.api)
                asked += 1
    assert fuzz.faults == []
    assert asked > 1_000


def texts_in(of_type: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a value of the type has texts: names of members, and 0 for the first of a list."""
    if isinstance(of_type, GraphQLNonNull):
        yield from texts_in(of_type.of_type, path)
    elif isinstance(of_type, GraphQLList):
        yield from texts_in(of_type.of_type, (*path, 0))
    elif isinstance(of_type, GraphQLInputObjectType):
        for name, member in of_type.fields.items() if len(path) < 5 else ():
            yield from texts_in(member.type, (*path, name))
    elif not isinstance(of_type, GraphQLEnumType) and of_type.name not in ("Boolean", "Int", "Float"):
        yield path


def with_text(value: Any, path: tuple[str | int, ...], text: str) -> Any:
    """The value with `text` at the place; what leads there is made where it is missing."""
    if not path:
        return text
    place, *rest = path
    if place == 0:
        return [with_text(value[0] if isinstance(value, list) and value else None, tuple(rest), text)]
    members = value if isinstance(value, dict) else {}
    return members | {place: with_text(members.get(place), tuple(rest), text)}


class _Members(Visitor):
    """Collects the members that a document selects, with their types."""

    def __init__(self, types: TypeInfo, found: set[tuple[str, str]]) -> None:
        super().__init__()
        self.types, self.found = types, found

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self.types.get_parent_type()
        if parent is not None:
            self.found.add((parent.name, node.name.value))


@pytest.mark.parametrize(
    ("status", "body", "is_told"),
    [
        (400, {"statusCode": 400, "message": "An error occurred.", "messages": ["An error occurred."]}, True),
        (400, {"statusCode": 400, "message": "name is taken", "messages": []}, True),
        (400, {"statusCode": 400, "message": "name is taken", "messages": ["name is taken"]}, False),
        (404, {"statusCode": 404, "message": "Record not found", "messages": ["Record not found"]}, False),
        (400, {"statusCode": 400, "message": "Bad Request", "messages": ["x is none"]}, True),
        (200, {"errors": [{"message": "x is none", "extensions": {"userFriendlyMessage": "Error"}}]}, True),
        (200, {"errors": [{"message": "x is none", "extensions": {"userFriendlyMessage": "x is none"}}]}, False),
        (200, {"errors": [{"message": "x is none", "extensions": {}}]}, True),
        (200, {"data": {"import": {"errors": [{"line": 1, "messages": ["<A object at 0x7f>"]}]}}}, True),
    ],
)
def test_what_says_nothing_is_known(status: int, body: Any, is_told: bool) -> None:
    assert (said_nothing(status, "application/json", json_bytes(body)) is not None) is is_told
