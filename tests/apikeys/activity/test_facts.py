"""What is kept of a request, whatever the request is: one line for COPY, without what it brought."""

from __future__ import annotations

import json
import random
import re
from urllib.parse import quote
from uuid import UUID

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apikeys.activity import facts, requests
from config.errors import BadRequest
from config.principal import EVERYTHING, Principal, WorkspaceRef
from config.time_ids import first_id_of, moment_of, time_ordered_hex

PIECES = [
    *"abcXYZ019/?&=%\\\"'`“”‘ \t\r\n\0@.:-_{}[]()é☃\ud800\u2028",
    "eyJ", "whsec_", "Bearer ", "%00", "\\u005a", "/rest/", "metadata",
]  # fmt: skip


def test_every_request_is_one_line_of_as_many_values_as_the_log_has_columns() -> None:
    chance = random.Random(1)

    def text(longest: int = 30) -> str:
        return "".join(chance.choice(PIECES) for _ in range(chance.randint(0, longest)))

    for _ in range(1_000):
        request = RequestFactory().get("/")
        request.path = "/" + chance.choice(["rest/", "graphql", "metadata", "settings/", "file/", ""]) + text()
        request.method = chance.choice(["GET", "POST", "GE\tT"])
        request.META["QUERY_STRING"] = text().encode("utf-8", "replace").decode("latin-1")
        request.META["HTTP_USER_AGENT"] = text()
        own = time_ordered_hex()
        request.request_id = chance.choice([own, text()])  # type: ignore[attr-defined]
        principal = Principal(WorkspaceRef(UUID(int=1), 1), EVERYTHING, text(400), api_key_id=UUID(int=2))
        request.principal = principal  # type: ignore[attr-defined]
        request._body = text(100).encode("utf-8", "replace")  # type: ignore[attr-defined]
        if chance.random() < 0.5:
            request.fault = BadRequest(text(100), hint=text(50))  # type: ignore[attr-defined]
        row = requests.row_of(request, chance.choice([200, 400, 500]), 1.0, own)
        if row is not None:
            line = row[1]
            assert (line.count("\t"), line.count("\n"), line[-1]) == (18, 1, "\n")
            assert not set(line) & {"\0", "\r"} and not re.search(r"(?<!\\)(\\\\)*\\(?![\\tnrN])", line)


@given(
    value=st.text(min_size=3, max_size=30).filter(lambda text: re.search(r"\w{3}", text) is not None),
    template=st.sampled_from(
        ["Invalid value {} for field pages", 'Expected a number, not "{}"', "{} is taken", "a {}"]
    ),
)
def test_what_was_sent_is_not_in_a_message(value: str, template: str) -> None:
    for sent in (
        facts.sent_by("", json.dumps({"pages": value}, ensure_ascii=False).encode("utf-8", "replace")),
        facts.sent_by(f"filter=pages[eq]:{quote(value.encode('utf-8', 'replace'))}", b""),
    ):
        message = facts.masked(template.format(value), {"pages", "Invalid"}, sent)
        assert message is not None
        for word in re.findall(r"\w{3,}", value):
            if word not in template and word != "pages":
                assert word not in message, (message, word)


@pytest.mark.parametrize(
    ("path", "query", "kept"),
    [
        ("/rest/people", "", "/rest/people"),
        ("/rest/people/5f0c6a3e-0000-4000-8000-000000000000", "", "/rest/people/5f0c6a3e-0000-4000-8000-000000000000"),
        ("/rest/people/anna", "depth=1", "/rest/people/…?depth=…"),
        ("/rest/people/+49 151 2345", "", "/rest/people/…"),
        ("/rest/batch/people", "upsert=true", "/rest/batch/people?upsert=…"),
        ("/rest/metadata/objects/x@example.com", "", "/rest/metadata/objects/…"),
        ("/rest/eyJhbGciOiJIUzI1NiJ9.e30.x", "", "/rest/…"),
        ("/settings/data-model/objects/invoice/fields/state", "", "/settings/data-model/objects/invoice/fields/state"),
        ("/graphql", "query=%7Bpeople%7D", "/graphql?query=…"),
        ("/rest/people", "anna", "/rest/people?…"),
        ("/rest/people", "anna@example.com=1&x", "/rest/people?…&…"),
    ],
)
def test_paths_keep_names_and_ids(path: str, query: str, kept: str) -> None:
    assert facts.api_and_path(path, query)[1] == kept


def test_ids_of_requests_sort_by_time_and_tell_it() -> None:
    ids = [time_ordered_hex() for _ in range(1_000)]
    assert len(set(ids)) == 1_000 and all(
        re.fullmatch(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", each) for each in ids
    )
    times = [each[:12] + each[13:16] for each in ids]
    assert times == sorted(times)
    at = moment_of(UUID(ids[0]))
    assert first_id_of(at) <= UUID(ids[0])
