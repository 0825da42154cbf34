"""Half a surrogate pair, which no text can hold, is refused with 400 by every API; nothing is written.

A number that no 64-bit integer holds sends JSON to another parser than the usual one: both refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.security.scene import D1, Scene, digest

BROKEN = b'{"\\ud800": 9223372036854775808}'
IN_A_VALUE = b'{"name": "\\ud800", "budget": 9223372036854775808}'
RAW = b'{"name": "\xed\xa0\x80", "budget": 9223372036854775808}'
MESSAGE = "The JSON is no valid Unicode"
MODEL = ("metadata_objectmetadata", "metadata_fieldmetadata", "metadata_view", "webhooks_webhook", "apikeys_apikey")


RECORDS = [("deals", {"id": D1, "name": "First"})]


@pytest.fixture(autouse=True)
def _nothing_is_written(records: Scene) -> Iterator[None]:
    before = stored(records)
    yield
    assert stored(records) == before


def stored(scene: Scene) -> tuple[str, list[int]]:
    """The records, and how much there is of the data model, webhooks and keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in MODEL))
        return digest(scene.workspace), list(cursor.fetchone() or ())


RECORD_ROUTES = (
    ("POST", "deals"),
    ("POST", "deals?upsert=true"),
    ("POST", "batch/deals"),
    ("POST", "deals/duplicates"),
    ("PATCH", f"deals/{D1}"),
    ("PATCH", "deals?filter=name[eq]:First"),
    ("PATCH", "deals/merge"),
)
METADATA_ROUTES = (
    ("POST", "metadata/objects"),
    ("POST", "metadata/fields"),
    ("POST", "metadata/views"),
    ("POST", "metadata/webhooks"),
    ("POST", "metadata/apiKeys"),
    ("PATCH", f"metadata/objects/{D1}"),
)


@pytest.mark.parametrize("body", [BROKEN, IN_A_VALUE, RAW], ids=["a name", "a value", "bytes"])
@pytest.mark.parametrize(("method", "path"), [*RECORD_ROUTES, *METADATA_ROUTES])
def test_a_body_over_rest(records: Scene, method: str, path: str, body: bytes) -> None:
    reply = records.admin.ask(method, f"/rest/{path}", body)
    shown = reply.json
    del shown["requestId"]
    assert (reply.status, shown) == (
        400,
        {
            "statusCode": 400,
            "error": "Bad Request",
            "message": MESSAGE,
            "messages": [MESSAGE],
            "code": "MALFORMED_BODY",
        },
    )


def test_a_line_of_an_import(records: Scene) -> None:
    kind = {"Content_Type": "application/x-ndjson"}
    reply = records.admin.ask("POST", "/rest/deals/import?format=jsonl", BROKEN + b"\n", **kind)
    report = reply.json["data"]["import"]
    assert (reply.status, report["created"], report["updated"], report["failed"]) == (200, 0, 0, 1)
    assert report["errors"] == [{"line": 1, "messages": [MESSAGE], "code": "MALFORMED_BODY"}]


CREATE_DEAL = b"mutation ($d: DealCreateInput!) { createDeal(data: $d) { id } }"
CREATE_OBJECT = b"mutation ($d: CreateOneObjectInput!) { createOneObject(input: $d) { id } }"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/graphql", b'{"query": "%s", "variables": {"d": %s}}' % (CREATE_DEAL, BROKEN), id="records"),
        pytest.param("/graphql", b'{"query": "%s", "variables": {"d": %s}}' % (CREATE_DEAL, RAW), id="bytes"),
        pytest.param("/graphql", b'{"query": "{ __typename }", "variables": %s}' % BROKEN, id="a variable"),
        pytest.param("/graphql", BROKEN, id="a member of the request"),
        pytest.param("/metadata", b'{"query": "%s", "variables": {"d": %s}}' % (CREATE_OBJECT, BROKEN), id="model"),
        pytest.param("/metadata", b'{"query": "{ __typename }", "variables": %s}' % BROKEN, id="a variable of it"),
        pytest.param("/metadata", BROKEN, id="a member of its request"),
    ],
)
def test_a_body_over_graphql(records: Scene, path: str, body: bytes) -> None:
    reply = records.admin.ask("POST", path, body)
    extensions = {"code": "BAD_USER_INPUT", "userFriendlyMessage": MESSAGE}
    assert (reply.status, reply.json) == (400, {"errors": [{"message": MESSAGE, "extensions": extensions}]})


@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
def test_variables_in_a_query_string_of_graphql(records: Scene, path: str) -> None:
    variables = "%7B%22%5Cud800%22%3A9223372036854775808%7D"
    reply = records.admin.ask("GET", f"{path}?query=%7B__typename%7D&variables={variables}")
    extensions = {"code": "BAD_USER_INPUT", "userFriendlyMessage": MESSAGE}
    assert (reply.status, reply.json) == (400, {"errors": [{"message": MESSAGE, "extensions": extensions}]})


@pytest.mark.parametrize(("path", "status"), [("/graphql", 200), ("/metadata", 400)])
def test_an_escape_in_a_document(records: Scene, path: str, status: int) -> None:
    reply = records.admin.ask(
        "POST", path, b'{"query": "mutation { createDeal(data: {name: \\"\\\\ud800\\"}) { id } }"}'
    )
    message = "Syntax Error: Invalid Unicode escape sequence: '\\ud800'."  # statuses of documents: the contract
    extensions = {"code": "GRAPHQL_PARSE_FAILED", "userFriendlyMessage": message}
    assert (reply.status, reply.json) == (status, {"errors": [{"message": message, "extensions": extensions}]})


@pytest.mark.parametrize("query", ["limit=%ed%a0%80", "%ED%B0%80=9223372036854775808", "starting_after=a%eD%bf%BFz"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", f"deals{rest}") for rest in ("", "/groupBy", "/export", f"/{D1}")),
        ("POST", "deals"),
        ("DELETE", f"deals/{D1}"),
        ("GET", "search"),
        *(("GET", f"metadata/{name}") for name in ("objects", "fields", "views", "webhooks", "apiKeys")),
    ],
)
def test_a_query_string_over_rest(records: Scene, method: str, path: str, query: str) -> None:
    reply = records.admin.ask(method, f"/rest/{path}?{query}", b"{}" if method == "POST" else None)
    shown = reply.json
    assert (reply.status, shown["messages"]) == (400, ["The query string is no valid Unicode"])
    assert (shown["code"], shown["statusCode"]) == ("INVALID_QUERY_INPUT", 400)
