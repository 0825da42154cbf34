"""Whatever is asked, the answer is records or a refusal that says why; never a fault of ours."""

from __future__ import annotations

import base64
import csv
import json
from io import StringIO
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.query.orders import DIRECTIONS
from core.rest.filters import COMPARATORS
from tests.chance import examples
from tests.core.rest.conftest import Rest

MEMBERS = (
    "id", "createdAt", "updatedAt", "deletedAt", "createdBy.source", "createdBy.name", "createdBy.workspaceMemberId",
    "createdBy.context", "position", "name", "name.firstName", "emails.primaryEmail", "emails.additionalEmails",
    "phones.primaryPhoneNumber", "phones.additionalPhones", "linkedinLink.primaryLinkUrl", "jobTitle", "companyId",
    "company", "company.name", "company.id", "company.employees", "company.idealCustomerProfile",
    "company.annualRecurringRevenue.amountMicros", "company.address.addressLat", "company.people.id",
    "pointOfContactForOpportunities.stage", "pointOfContactForOpportunities.closeDate", "searchVector", "nothing", "",
)  # fmt: skip
VALUES = (
    "1", "-1", "1.5", "1e400", "9" * 400, "NaN", "Infinity", "-0", "true", "NULL", "NOT_NULL", '""', "%", "\\", "%\\",
    "2025-02-30", "2025-02-05", "9999-12-31T23:59:59Z", "0000-00-00", "-infinity", "NEW", "[]", "[1,2]", "['a','']",
    "777a8457-eb2d-40ac-a707-551b615b6980", "[777a8457-eb2d-40ac-a707-551b615b6980]", "{}", '{"a":1}', "'; --", "$1",
    "%s", "%(x)s", "😀", "\u202e", "a\u0301", "\t", "\x7f",
)  # fmt: skip
LIVELY = settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])

leaves = st.builds(
    "{}[{}]:{}".format,
    st.sampled_from(MEMBERS),
    st.sampled_from(COMPARATORS),
    st.sampled_from(VALUES) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10),
)
filters = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda kind, members: f"{kind}({','.join(members)})",
        st.sampled_from(("and", "or", "not")),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
orders = st.lists(
    st.builds("{}[{}]".format, st.sampled_from(MEMBERS), st.sampled_from(list(DIRECTIONS))), min_size=1, max_size=3
).map(",".join)


def ask(rest: Rest, path: str, **parameters: str) -> int:
    answer = rest.get(f"{path}?" + "&".join(f"{name}={quote(value)}" for name, value in parameters.items()))
    assert answer.status in (200, 400), (path, parameters, answer.body)
    assert answer.status == 200 or answer.message
    return answer.status


@LIVELY
@given(filters)
@example("company.people.id[eq]:1")
@example("position[neq]:" + "9" * 400)
def test_any_filter(rest: Rest, query_filter: str) -> None:
    ask(rest, "people", filter=query_filter)


@LIVELY
@given(orders, st.integers(0, 3))
def test_any_order(rest: Rest, order: str, depth: int) -> None:
    ask(rest, "people", order_by=order, depth=str(depth))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(VALUES)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("firstName", "primaryEmail", "additionalEmails", "source", "connect", "where", "id")),
            inner,
        )
    ),
    max_leaves=5,
)
keys = st.sampled_from([member.partition(".")[0] for member in MEMBERS])
bodies: st.SearchStrategy[dict[str, Any]] = st.dictionaries(keys, json_values, max_size=3)


@LIVELY
@given(bodies)
def test_any_body(rest: Rest, body: dict[str, Any]) -> None:
    for path in ("people", "people?upsert=true"):
        answer = rest.post(path, json.dumps(body).encode())
        assert answer.status in (201, 400), (body, answer.body)
        if answer.status == 201:
            changed = rest.patch(f"people/{answer.data['id']}", body)
            assert changed.status in (200, 400), (body, changed.body)
            assert rest.get(f"people/{answer.data['id']}?depth=1").status in (200, 404)


@LIVELY
@given(st.text(max_size=30) | st.binary(max_size=30).map(lambda raw: quote(raw)))
def test_any_query_string(rest: Rest, query: str) -> None:
    answer = rest.get("people?" + query.encode("utf-8", "replace").decode("latin-1").replace("#", ""))
    assert answer.status in (200, 400), (query, answer.body)


@LIVELY
@given(st.sampled_from(("starting_after", "ending_before")), st.text(max_size=20) | json_values.map(json.dumps))
def test_any_cursor(rest: Rest, name: str, text: str) -> None:
    cursor = base64.b64encode(text.encode("utf-8", "replace")).decode()
    ask(rest, "people", **{name: cursor, "order_by": "name.firstName,position[DescNullsLast],createdAt"})


@LIVELY
@given(st.text(max_size=20), st.sampled_from(("", "objects", "excluded_objects", "starting_after", "limit")), st.text())
def test_any_search(rest: Rest, words: str, name: str, value: str) -> None:
    parameters = {"query": words, **({name: value} if name else {})}
    ask(rest, "search", **{name: "".join(c for c in text if c != "\0" and not "\ud800" <= c <= "\udfff")
                           for name, text in parameters.items()})  # fmt: skip


headers = st.lists(
    st.sampled_from([*(member for member in MEMBERS if member), "name.lastName", "company.domainName.primaryLinkUrl"]),
    min_size=1,
    max_size=4,
)
cells = st.sampled_from(VALUES) | st.text(max_size=8) | json_values.map(json.dumps)


def imported(rest: Rest, form: str, file: bytes, *, flags: str) -> None:
    answer = rest.request("POST", f"people/import?format={form}&on_error=continue&{flags}", file)
    assert answer.status in (200, 400), (file, answer.body)
    if answer.status == 200:
        report = answer.data
        assert report["created"] + report["updated"] + report["failed"] == report["read"], (file, report)
        assert len(report["errors"]) == min(report["failed"], 100)


@LIVELY
@given(headers, st.lists(st.lists(cells, max_size=5), max_size=4), st.sampled_from(("", "upsert=true", "dry_run=true")))
def test_any_csv(rest: Rest, header: list[str], rows: list[list[str]], flags: str) -> None:
    text = StringIO()
    csv.writer(text).writerows([header, *rows])
    imported(rest, "csv", text.getvalue().encode("utf-8", "replace"), flags=flags)


@LIVELY
@given(st.lists(st.binary(max_size=20) | bodies.map(lambda body: json.dumps(body).encode()), max_size=4))
def test_any_lines(rest: Rest, lines: list[bytes]) -> None:
    for flags in ("upsert=true", "dry_run=true"):
        imported(rest, "jsonl", b"\n".join(lines), flags=flags)


@LIVELY
@given(st.binary(max_size=60))
def test_any_bytes(rest: Rest, file: bytes) -> None:
    imported(rest, "csv", b"jobTitle,city\n" + file, flags="")
    imported(rest, "csv", file, flags="")


@LIVELY
@given(st.lists(bodies | json_values, max_size=4), st.sampled_from(("", "&upsert=true")))
def test_any_batch_that_goes_on(rest: Rest, records: list[Any], upsert: str) -> None:
    answer = rest.post(f"batch/people?on_error=continue{upsert}", json.dumps(records).encode())
    assert answer.status in (200, 201, 400), (records, answer.body)
    if answer.status != 400:
        statuses = [each["status"] for each in answer.body["results"]]
        assert len(statuses) == len(records)
        assert len(answer.data) == sum(status in (200, 201) for status in statuses)
