"""A workspace with an object for generated records, made once inside a transaction that is never committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from metadata import services
from metadata.models import ObjectMetadata, Workspace
from tests.core.properties.oracle import PARENT, THING, VALUES
from tests.factories import Api, api_of, workspace_with


@pytest.fixture(scope="module", params=["no index", "an index on every field"])
def _things(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[Api]:
    with django_db_blocker.unblock(), transaction.atomic():
        workspace = workspace_with([THING])
        thing = str(ObjectMetadata.objects.get(workspace=workspace, name_singular="thing").id)
        payload = {**PARENT["relationCreationPayload"], "targetObjectMetadataId": thing}
        services.field_create(
            workspace_id=workspace.id,
            values={**PARENT, "objectMetadataId": thing, "relationCreationPayload": payload},
        )
        if request.param != "no index":
            _index_all(workspace)
        yield api_of(workspace)
        transaction.set_rollback(True)


def _index_all(workspace: Workspace) -> None:
    thing = ObjectMetadata.objects.get(workspace=workspace, name_singular="thing")
    for path in VALUES:
        name, _, part = path.partition(".")
        column = {"fieldMetadataId": str(thing.fields.get(name=name).id), **({"subFieldName": part} if part else {})}
        services.index_create(workspace_id=workspace.id, values={"objectMetadataId": str(thing.id), "fields": [column]})


@pytest.fixture
def things(_things: Api, db: None) -> Api:
    return _things


@contextmanager
def stored(api: Api, records: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """Have exactly these records for a while."""
    with transaction.atomic():
        answer = api.post("/rest/batch/things", list(records))
        assert answer.status == 201, answer.body
        yield
        transaction.set_rollback(True)
