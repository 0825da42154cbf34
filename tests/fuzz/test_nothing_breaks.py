"""Whatever is sent to the four APIs, imports and settings pages: no answer says that Fourgate broke.

Requests are drawn from what the APIs say of themselves: GraphQL from its schemas, REST from the OpenAPI documents, forms
from the pages. Ids and names are those of earlier answers, and in half of all something is spoilt. A failing run prints
each request to send again, and its seed; RANDOM_SEED=<seed> runs that one alone. `make fuzz` draws anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from config.urls import urlpatterns
from core.graphql.schema import build_schema
from metadata.cache import current_schema
from metadata.graphql.schema import schema
from metadata.models import Workspace
from tests.api.settings_pages.conftest import add_member
from tests.chance import seeds
from tests.factories import api_of, workspace_with
from tests.fuzz.documents import Documents
from tests.fuzz.files import import_request, page_request, pages_of
from tests.fuzz.rest import Request, RestRequests, names_of
from tests.fuzz.values import Chance, json_bytes

REQUESTS = 1_000  # for each seed
ANEW_EVERY = 250  # requests after which the documents are read again: the data model changed meanwhile
_FIELD = re.compile(r'name="(\w+)"')
_BROKEN = "INTERNAL_SERVER_ERROR"


class Fuzz:
    """One workspace, and everything that can be asked of it."""

    def __init__(self, seed: int) -> None:
        self.chance = Chance(seed)
        self.workspace = workspace_with(empty=False)
        self.api = api_of(self.workspace)
        self.browser = Client(raise_request_exception=False)
        self.member = add_member(self.workspace, f"ada{seed}@example.com", "Admin")
        self.browser.force_login(self.member.user)
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
        """Undo what keeps everything else from being asked: a limit of nothing, a key that was revoked, a new password."""
        Workspace.objects.filter(id=self.workspace.id).update(max_requests_per_minute=None)
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
        answer = self.send(page_request(self.chance, route, names), self.browser)
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

    def send(self, request: Request, client: Client | None = None) -> Any:
        """The answer. What an error did to the surrounding transaction of the test is undone."""
        headers = dict(request.headers)
        if client is None:
            headers["Authorization"] = f"Bearer {self.api.token}"
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
        if answer.status_code >= 500 or _BROKEN.encode() in content[-20_000:]:
            said = content.decode(errors="replace")[:600]
            self.faults.append(
                f"{request.method} {request.path}\n  {request.content_type} {request.body!r}\n  → {answer.status_code} {said}"
            )
        if answer.status_code < 300 and b'"errors":' not in content[-20_000:]:
            self.answered += 1
        self.chance.remember(content)
        return answer


def graphql(path: str, document: Any) -> Request:
    return Request("POST", path, json_bytes(document), "application/json")


@pytest.mark.fuzz
@pytest.mark.django_db
@pytest.mark.parametrize("seed", seeds(*range(1, 4)))
def test_no_request_of_any_kind_is_answered_with_5xx(seed: int, record_property: Callable[[str, object], None]) -> None:
    print(f"RANDOM_SEED={seed}")
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
