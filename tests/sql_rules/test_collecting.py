"""What is sent for records, and for their tables, is looked at: a forbidden statement fails its test."""

from __future__ import annotations

import pytest
from psycopg2 import sql

from core.sql.execute import fetch, fetch_confirming
from core.sql.fragment import Sql
from metadata.models import Workspace
from metadata.storage import Storage
from tests.sql_rules.collecting import Sent

pytestmark = pytest.mark.django_db


def test_statements_of_records_are_looked_at(workspace: Workspace, statements_sent: Sent) -> None:
    text = f"SELECT EXISTS (SELECT FROM {workspace.database_schema}.record_count)"
    fetch(Sql(text), "default")
    assert statements_sent.faults() == [f"a SELECT with an empty list: {text}"]
    fetch(Sql(text), "default")  # the same once more, with other ids or none
    assert statements_sent.faults() == []
    fetch_confirming(Sql(f"{text} AS other"), "default")
    assert statements_sent.faults() == [f"a SELECT with an empty list: {text} AS other"]


def test_statements_of_tables_are_looked_at(workspace: Workspace, statements_sent: Sent) -> None:
    storage = Storage(workspace)
    one = f"CREATE TABLE {workspace.database_schema}.a (id bigint GENERATED ALWAYS AS IDENTITY)"
    storage._pending.append(sql.SQL(one))
    storage.flush()
    assert statements_sent.faults() == [f"an identity column in a workspace's table: {one}"]
    two = f"DROP TABLE {workspace.database_schema}.a; SELECT 1"
    storage._pending.append(sql.SQL(two))
    storage.flush()
    assert statements_sent.faults() == [f"several statements in one call: {two}"]


def test_a_workspace_is_made_table_by_table(workspace: Workspace, statements_sent: Sent) -> None:
    storage = Storage(workspace)
    storage.create_table(workspace.id)
    storage.flush()
    storage.drop_table(workspace.id)
    storage.flush()
    assert statements_sent.faults() == []
