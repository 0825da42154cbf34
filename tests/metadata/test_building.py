"""Indexes over many records: built beside everything else, and visible from the first moment to the last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from metadata import services
from metadata.models import FieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from metadata.services import indexes
from tests.factories import add_field, add_object, api_of, workspace_with
from tests.metadata.conftest import Table, index_names, shown, version_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.smoke]

concurrently = pytest.mark.skipif(
    settings.DATABASE_IS_POOLED, reason="behind a transaction pooler an index is built in one transaction"
)

CREATE = "mutation ($input: CreateOneIndexInput!) { createOneIndex(input: $input) { id state stateReason } }"


@pytest.fixture
def workspace(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Committed; its objects have many records from the fourth one on."""
    monkeypatch.setattr(indexes, "INDEX_INLINE_ROWS", 3)
    workspace = workspace_with()
    yield workspace
    services.workspace_delete(workspace_id=workspace.id)


@pytest.fixture
def code(workspace: Workspace) -> FieldMetadata:
    return add_field(workspace, add_object(workspace, "rocket", "rockets"), "TEXT", "code")


def fill(code: FieldMetadata, count: int) -> None:
    Table(code.object.workspace, code.object_id).insert(*({"code": f"C{number}"} for number in range(count)))


def make(code: FieldMetadata) -> IndexMetadata:
    values = {"objectMetadataId": str(code.object_id), "fields": [{"fieldMetadataId": str(code.id)}]}
    return services.index_create(workspace_id=code.workspace_id, values=values)


def built(index: IndexMetadata) -> set[str]:
    return {f"x_{index.id.hex}"}


def state(index: IndexMetadata) -> str:
    index.refresh_from_db()
    return str(index.state)


def until(fact: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waits(pattern: str) -> bool:
    """Whether another connection is at such a statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
            "AND pid <> pg_backend_pid() AND query LIKE %s",
            [pattern],
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def writing(code: FieldMetadata) -> Iterator[None]:
    """A transaction that has written the object's records: no index of them is ready before it ends."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f'UPDATE "{code.object.workspace.database_schema}"."o_{code.object_id.hex}" SET position = 1')
        yield
        cursor.execute("ROLLBACK")
    other.close()


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_over_few_records_an_index_is_ready_at_once(workspace: Workspace, code: FieldMetadata) -> None:
    fill(code, 3)
    index = make(code)
    assert (state(index), index_names(workspace, code.object_id)) == ("READY", built(index))
    assert services.indexes_build() == 0


def test_over_many_records_an_index_is_built_later(workspace: Workspace, code: FieldMetadata) -> None:
    fill(code, 4)
    api = api_of(workspace)
    given = {
        "objectMetadataId": str(code.object_id),
        "indexType": "BTREE",
        "fields": [{"fieldMetadataId": str(code.id)}],
    }
    made = api.data(CREATE, {"input": {"index": given}}, path="/metadata")["createOneIndex"]
    assert (made["state"], made["stateReason"]) == ("BUILDING", None)
    assert index_names(workspace, code.object_id) == set()
    assert shown(workspace, "rocket").by_name["code"].indexed == ()
    before = version_of(workspace)

    call_command("maintain", "--once")

    index = IndexMetadata.objects.get(id=made["id"])
    assert index_names(workspace, code.object_id) == built(index)
    assert version_of(workspace) == before + 1
    assert shown(workspace, "rocket").by_name["code"].indexed == ("",)
    query = "query ($id: UUID!) { index(id: $id) { state stateReason } }"
    assert api.data(query, {"id": made["id"]}, path="/metadata") == {"index": {"state": "READY", "stateReason": None}}
    assert services.indexes_build() == 0


def test_an_index_that_cannot_be_built_says_why(workspace: Workspace, code: FieldMetadata) -> None:
    """A text longer than an entry of a B-tree takes, which does not get shorter by compression."""
    fill(code, 3)
    Table(workspace, code.object_id).insert({"code": "".join(os.urandom(8).hex() for _ in range(2_000))})
    index = make(code)
    assert services.indexes_build() == 1
    assert state(index) == "FAILED"
    assert index.state_reason is not None
    assert index.state_reason.endswith("(54000)")
    assert index_names(workspace, code.object_id) == set()
    assert services.indexes_build() == 0
    services.index_delete(workspace_id=workspace.id, index_id=index.id)


def test_deleted_while_it_waits(workspace: Workspace, code: FieldMetadata) -> None:
    fill(code, 4)
    index = make(code)
    services.index_delete(workspace_id=workspace.id, index_id=index.id)
    assert services.indexes_build() == 0
    assert index_names(workspace, code.object_id) == set()


@concurrently
def test_a_change_of_the_data_model_goes_first(workspace: Workspace, code: FieldMetadata) -> None:
    """The build waits for a writer's transaction; the change does not wait for the build."""
    fill(code, 4)
    index = make(code)
    with writing(code):
        builder = in_thread(services.indexes_build)
        until(lambda: waits("CREATE INDEX CONCURRENTLY%"))
        other = add_object(workspace, "pad", "pads")
        builder.join(30)
        assert not builder.is_alive()
        assert (state(index), ObjectMetadata.objects.filter(id=other.id).count()) == ("BUILDING", 1)
    assert services.indexes_build() == 1
    assert (state(index), index_names(workspace, code.object_id)) == ("READY", built(index))


@concurrently
def test_a_builder_that_is_killed_is_followed_by_the_next(workspace: Workspace, code: FieldMetadata) -> None:
    fill(code, 4)
    index = make(code)
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"]
    path, _, query = url.partition("?")
    environment = {**os.environ, "DATABASE_URL": f"{path.rpartition('/')[0]}/{name}?{query}"}
    with writing(code):
        worker = subprocess.Popen([sys.executable, "manage.py", "maintain"], env=environment)
        try:
            until(lambda: waits("CREATE INDEX CONCURRENTLY%"))
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        with connection.cursor() as cursor:  # what the killed one began goes on without it
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND query LIKE 'CREATE INDEX CONCURRENTLY%'"
            )
    until(lambda: not waits("CREATE INDEX CONCURRENTLY%"))
    assert state(index) == "BUILDING"
    assert len(index_names(workspace, code.object_id)) == 1  # invalid
    assert services.indexes_build() == 1
    assert (state(index), index_names(workspace, code.object_id)) == ("READY", built(index))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
        assert cursor.fetchone() == (0,)


def test_a_change_of_type_builds_it(workspace: Workspace, code: FieldMetadata) -> None:
    Table(workspace, code.object_id).insert(*({"code": str(number)} for number in range(4)))
    index = make(code)
    services.field_change_type(workspace_id=workspace.id, field_id=code.id, type="NUMBER")
    assert state(index) == "READY"
    assert f"x_{index.id.hex}" in index_names(workspace, code.object_id)
