"""Two changes of one workspace at once: one waits for the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from config.errors import ApiError
from metadata import services
from metadata.models import ObjectMetadata
from tests.metadata.conftest import version_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.smoke]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What the calls answer or raise when they start together, each in its own thread and connection."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return call()
        except ApiError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_changes_wait_for_each_other() -> None:
    workspace = services.workspace_create(name="Shared", empty=True)

    def create(number: int) -> Callable[[], ObjectMetadata]:
        name = f"thing{number // 2}"
        return lambda: services.object_create(
            workspace_id=workspace.id,
            values={"nameSingular": name, "namePlural": f"{name}s", "labelSingular": "T", "labelPlural": "Ts"},
        )

    answers = at_once(*(create(number) for number in range(4)))
    made = [each for each in answers if isinstance(each, ObjectMetadata)]
    assert {each.name_singular for each in made} == {"thing0", "thing1"}
    assert len(made) == 2
    assert version_of(workspace) == 3
