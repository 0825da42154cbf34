"""Both documents whole, as YAML. `UPDATE_GOLDEN=1` writes snapshots/ anew; its diff is the API's change.

The data model is that of tests/openapi/model.py: every type, and every kind of relation.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.factories import Api, api_of
from tests.openapi.model import OBJECTS, model_workspace

FOLDER = Path(__file__).parent / "snapshots"
ADDRESSES = {"core": f"/rest/open-api/core.yaml?objects={OBJECTS}", "metadata": "/rest/open-api/metadata.yaml"}
_ID = re.compile(r'(x-(?:field|object)-id): "[0-9a-f-]{36}"')  # another in every run


@pytest.fixture(scope="module")
def modelled(uncommitted: None) -> Api:
    return api_of(model_workspace())


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_document_is_the_one_that_was_agreed(modelled: Api, db: None, name: str) -> None:
    answer = modelled.client.get(ADDRESSES[name], headers={"Authorization": f"Bearer {modelled.token}"})
    text = _ID.sub(r"\1: <id>", answer.content.decode())
    path = FOLDER / f"{name}.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert answer.status_code == 200
    assert text == path.read_text()
