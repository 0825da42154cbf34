"""Records that are larger together than one answer may be can still be taken out as a file."""

from __future__ import annotations

import json

import pytest

from config.http.bounds import MAX
from tests.security.shelves import COUNT, fill, shelves_and_boxes


@pytest.mark.django_db(transaction=True)
def test_an_export_reads_large_records_in_smaller_pages() -> None:
    api = shelves_and_boxes()
    fill(MAX.answer_bytes * 3)
    response = api.client.get("/rest/boxes/export?format=jsonl", headers={"Authorization": f"Bearer {api.token}"})
    lines = b"".join(response.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert len(lines) == COUNT
    assert {len(json.loads(line)["text"]) for line in lines} == {MAX.answer_bytes * 3 // COUNT}
