"""Parameters that a list does not know are ignored and named, with the one that is meant."""

from __future__ import annotations

import pytest

from tests.metadata.rest.conftest import PATH, Metadata

HEADER = "X-Ignored-Parameters"
LISTS = ["objects", "fields", "apiKeys", "webhooks", "views", "pageLayouts"]


@pytest.mark.parametrize("name", LISTS)
def test_the_parameter_that_is_meant_is_named(metadata: Metadata, name: str) -> None:
    answer = metadata.request("GET", f"{name}?after=x&first=1&startingAfter=x&zzz=1")
    assert answer.status == 200
    assert answer.headers[HEADER] == (
        "after (did you mean starting_after?), first (did you mean limit?),"
        " startingAfter (did you mean starting_after?), zzz"
    )
    assert HEADER not in metadata.request("GET", f"{name}?limit=1").headers


def test_what_narrows_a_list_is_no_ignored_parameter(metadata: Metadata) -> None:
    [first, *_] = metadata.list("objects")[0]
    taken = metadata.request("GET", f"views?objectMetadataId={first['id']}")
    assert HEADER not in taken.headers
    misspelt = metadata.request("GET", f"views?object_metadata_id={first['id']}")
    assert misspelt.headers[HEADER] == "object_metadata_id (did you mean objectMetadataId?)"


def test_a_refusal_names_them_too(metadata: Metadata) -> None:
    refused = metadata.api.request("GET", f"{PATH}/objects?limit=x&after=y")
    assert (refused.status, refused.headers[HEADER]) == (400, "after (did you mean starting_after?)")
