"""What Prometheus is told: over all processes, and nobody else."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config.http.counting import _verb
from tests.server import Connection, Server, running
from webhooks.models import Delivery, time_ordered_id
from webhooks.services.measuring import delivery_metrics

TOKEN = "of-prometheus"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    folder.chmod(0o755)
    with running(folder / "up", "--no-assets", METRICS_TOKEN=TOKEN, WORKERS="2") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def numbers(server: Server) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = server.ask("GET", "/metrics", token=TOKEN)
    assert answer.status == 200, answer.body
    samples = (each for family in text_string_to_metric_families(answer.content.decode()) for each in family.samples)
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for each in samples}


def counted(found: dict[Any, float], **labels: str) -> float:
    return found.get(("fourgate_requests_total", tuple(sorted(labels.items()))), 0.0)


@pytest.mark.long
def test_requests_of_all_processes_are_counted_by_api_status_and_operation(server: Server) -> None:
    before = numbers(server)
    for number in range(20):  # new connections: both processes get some
        assert server.ask("POST", "/rest/companies", {"name": f"Acme {number}"}).status == 201
    assert server.ask("GET", "/rest/companies", token="wrong").status == 401
    assert server.ask("GET", "/rest/nothing").status == 400
    assert server.ask("POST", "/graphql", {"query": "{ companies { totalCount } }"}).status == 200
    created = 'mutation { createCompany(data: {name: "B"}) { id } }'
    assert server.ask("POST", "/graphql", {"query": created}).status == 200
    after = numbers(server)

    def more(**labels: str) -> float:
        return counted(after, **labels) - counted(before, **labels)

    assert more(api="core_rest", operation="POST", status="201") == 20
    assert more(api="core_rest", operation="GET", status="401") == 1
    assert more(api="core_rest", operation="GET", status="400") == 1
    assert more(api="core_graphql", operation="create", status="200") == 1
    assert more(api="core_graphql", operation="query", status="200") == 1
    times = ("fourgate_request_seconds_count", (("api", "core_rest"),))
    assert after[times] - before.get(times, 0) == 22
    statements = ("fourgate_statements_total", ())
    assert after[statements] - before[statements] >= 22
    assert after[("fourgate_statement_seconds_total", ())] > before[("fourgate_statement_seconds_total", ())]
    memory = {
        labels[0][1]: value for (name, labels), value in after.items() if name == "fourgate_process_resident_bytes"
    }
    assert len(memory) >= 2 and all(value > 10_000_000 for value in memory.values())
    default = (("database", "default"),)
    assert after[("fourgate_database_up", default)] == 1
    assert (
        0 < after[("fourgate_database_connections", default)] <= after[("fourgate_database_connections_max", default)]
    )


@pytest.mark.long
def test_nobody_without_the_token_sees_it(server: Server) -> None:
    for token in (None, "", "wrong", server.demo["api_token"]):
        with Connection(server.port, token) as connection:
            answer = connection.get("/metrics")
        assert answer.status == 404 and "fourgate_" not in str(answer.body)
    # Prometheus asks by a machine's address
    assert server.ask("GET", "/metrics", token=TOKEN, Host="10.1.2.3:8000").status == 200


@pytest.mark.long
def test_each_database_tells_what_waits_in_it(server: Server) -> None:
    found = numbers(server)
    assert found[("fourgate_deliveries", (("database", "default"), ("status", "pending")))] == 0
    assert found[("fourgate_delivery_late_seconds", (("database", "default"),))] == 0


@pytest.mark.parametrize(("wanted", "given"), [("", "Bearer "), ("", "Bearer x"), ("x", "Bearer "), ("x", "Basic x")])
def test_without_a_token_there_is_nothing(client: Client, db: None, settings: Any, wanted: str, given: str) -> None:
    settings.METRICS_TOKEN = wanted
    answer = client.get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 404 and b"fourgate_" not in answer.content


def test_deliveries_that_wait_are_counted_with_the_age_of_the_most_overdue(db: None) -> None:
    now = timezone.now()
    for overdue_s, status in ((100, "pending"), (-50, "pending"), (0, "delivered"), (5, "delivering")):
        Delivery.objects.create(
            workspace_id=time_ordered_id(), webhook_id=time_ordered_id(), event_name="a.created", object_name="a",
            record_id=time_ordered_id(), body=b"{}", status=status, next_attempt_at=now - timedelta(seconds=overdue_s),
        )  # fmt: skip
    (_, _, label, counts), (_, _, _, late) = delivery_metrics("default")
    assert (label, counts) == ("status", {"pending": 2.0, "delivering": 1.0})
    assert 90 < late[""] < 200


@pytest.mark.parametrize(
    ("operation", "verb"),
    [
        ("mutation createCompany", "create"), ("mutation updateCompanies, deletePerson", "update"),
        ("query companies", "query"), ("mutation created", "other"), ("mutation duplicateKey", "other"), (None, "other"),
    ],
)  # fmt: skip
def test_operations_are_verbs_and_no_names_of_objects(operation: str | None, verb: str) -> None:
    assert _verb(operation) == verb
