"""How many statements an item of the benchmarks' table sends, and how many buffers PostgreSQL reads for them.

Buffers are what EXPLAIN counts over one small data set; they vary by a few with the ids drawn, so that a number is the
most that may be read. `UPDATE_BUDGETS=1` writes buffers.json anew, with a quarter more than was read.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from benchmarks.ground import Ground
from benchmarks.profiling import statements_of
from benchmarks.statements import Sent

FILE = Path(__file__).parent / "buffers.json"
COMPANIES, PEOPLE = 300, 3_000  # so many that reading a whole table is never the cheapest plan


def buffers(sent: Sent) -> int:
    """Of a workspace's tables and of what is done with them: shared tables hold what other tests left of theirs."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, VERBOSE, FORMAT JSON) {sent.text}", list(sent.params))
        (found,) = cursor.fetchone()
        transaction.set_rollback(True)
    [plan] = json.loads(found) if isinstance(found, str) else found
    return _read(plan["Plan"]) - _shared(plan["Plan"])


def _read(node: Any) -> int:
    return int(node["Shared Hit Blocks"] + node["Shared Read Blocks"])


def _shared(node: Any) -> int:
    return _read(node) if node.get("Schema") == "public" else sum(map(_shared, node.get("Plans", ())))


@pytest.fixture
def read(db: None) -> dict[str, dict[str, int]]:
    ground = Ground(COMPANIES, PEOPLE, upserting=1)
    schema = [ground.workspace.database_schema]
    with connection.cursor() as cursor:
        cursor.execute("SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables WHERE schemaname = %s", schema)
        cursor.execute(f"ANALYZE {', '.join(name for (name,) in cursor.fetchall())}")  # others may hold other tables
    found = {}
    for item in ground.items.all():
        sent = statements_of(ground.inside, item)
        found[item.key] = {"statements": len(sent), "buffers": sum(map(buffers, sent))}
    return found


def test_items_read_no_more_than_before(read: dict[str, dict[str, int]]) -> None:
    if os.environ.get("UPDATE_BUDGETS"):
        FILE.write_text(json.dumps({key: _with_room(each) for key, each in read.items()}, indent=2) + "\n")
    allowed: dict[str, Any] = json.loads(FILE.read_text())
    assert {key: each["statements"] for key, each in read.items()} == {
        key: each["statements"] for key, each in allowed.items()
    }
    over = {key: (each["buffers"], allowed[key]["buffers"]) for key, each in read.items()}
    assert {key: pair for key, pair in over.items() if pair[0] > pair[1]} == {}


def _with_room(each: dict[str, int]) -> dict[str, int]:
    return {**each, "buffers": each["buffers"] * 5 // 4}
