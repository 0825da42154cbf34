"""A change of the data model that is killed at any moment leaves a workspace that agrees with itself.

The change runs in a forked process, which is killed with SIGKILL: after its first statement, after its second …
until it gets through, and at moments of chance. A failing run prints its seed; RANDOM_SEED=<seed> runs that one.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg2
import pytest
from django.db import connection

from metadata import cache, services
from metadata.models import FieldMetadata, ObjectMetadata
from tests.api_client import Answer
from tests.chance import seeds
from tests.metadata.conftest import version_of
from tests.metadata.random_changes import PATH, Play

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 25  # at moments of chance
LONGEST_S = 0.4
MOST_STATEMENTS = 200
[SEED] = seeds(715043)[:1]

Change = Callable[[Play], Answer]


@pytest.fixture
def play(transactional_db: None) -> Iterator[Play]:
    """A committed workspace with two objects, a few fields of each, and a relation."""
    play = Play(SEED)
    for place in range(2):
        names = {"nameSingular": f"ship{place}", "namePlural": f"ships{place}"}
        made = play.api.post(f"{PATH}/objects", {**names, "labelSingular": f"Ship {place}", "labelPlural": "Ships"})
        assert made.status == 201, made.body
    first, second = play.objects()
    options = [{"value": each, "label": each, "position": n} for n, each in enumerate("ABC")]
    for values in (
        {"type": "TEXT", "name": "code"},
        {"type": "SELECT", "name": "class", "options": options},
        {
            "type": "RELATION",
            "name": "port",
            "relationCreationPayload": {
                "type": "MANY_TO_ONE",
                "targetObjectMetadataId": str(second.id),
                "targetFieldLabel": "Guests",
            },
        },
    ):
        answer = play.api.post(f"{PATH}/fields", {"objectMetadataId": str(first.id), "label": values["name"], **values})
        assert answer.status == 201, answer.body
    for place in range(5):
        answer = play.api.post("/rest/ships0", {"code": str(place), "class": "ABC"[place % 3]})
        assert answer.status == 201, answer.body
        play.records.setdefault(first.id, set()).add(next(iter(answer.body["data"].values()))["id"])
    play.number = 100  # of names and values that nothing above has
    yield play
    services.workspace_delete(workspace_id=play.workspace.id)


def ship(play: Play) -> ObjectMetadata:
    return play.objects()[0]


def field(play: Play, name: str) -> FieldMetadata:
    return ship(play).fields.get(name=name)


def new_field(play: Play, **values: Any) -> Answer:
    return play.api.post(f"{PATH}/fields", {"objectMetadataId": str(ship(play).id), "label": values["name"], **values})


CHANGES: dict[str, Change] = {
    "create an object": lambda play: play.api.post(
        f"{PATH}/objects",
        {"nameSingular": "dock", "namePlural": "docks", "labelSingular": "Dock", "labelPlural": "Docks"},
    ),
    "rename an object": lambda play: play.api.patch(
        f"{PATH}/objects/{ship(play).id}", {"nameSingular": "boat", "namePlural": "boats"}
    ),
    "create a unique field": lambda play: new_field(play, type="TEXT", name="mark", isUnique=True),
    "create a relation": lambda play: new_field(
        play,
        type="RELATION",
        name="home",
        relationCreationPayload={
            "type": "MANY_TO_ONE",
            "targetObjectMetadataId": str(play.objects()[1].id),
            "targetFieldLabel": "Residents",
        },
    ),
    "make a field unique": lambda play: play.api.patch(f"{PATH}/fields/{field(play, 'code').id}", {"isUnique": True}),
    "rename an option that records have": lambda play: play.api.patch(
        f"{PATH}/fields/{field(play, 'class').id}",
        {
            "options": [
                {**each, "value": f"{each['value']}_X"} if each["value"] == "A" else each
                for each in field(play, "class").options or ()
            ]
        },
    ),
    "change a field's type": lambda play: play.api.post(
        f"{PATH}/fields/{field(play, 'code').id}/changeType", {"type": "NUMBER"}
    ),
    "delete a relation": lambda play: play.api.delete(f"{PATH}/fields/{field(play, 'port').id}"),
    "delete an object": lambda play: play.api.delete(f"{PATH}/objects/{ship(play).id}"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_killed_after_any_statement(play: Play, name: str) -> None:
    before = play.state()
    changed = ship(play).id
    for last in range(1, MOST_STATEMENTS):
        process = forked(lambda last=last: change_until(play, CHANGES[name], last))  # type: ignore[misc]
        _, status = os.waitpid(process, 0)
        cache.forget(play.workspace.id)
        play.check_storage()
        play.check_snapshot()
        assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
        if play.state() != before:  # killed after the commit, or not at all
            break
        assert not os.WIFEXITED(status)
    assert last > 5, "the change is killed at several places"
    assert version_of(play.workspace) == before[0] + 1
    if name == "delete an object":
        play.records.pop(changed)
    play.check()
    assert new_object(play).status == 201


def test_killed_at_any_moment(play: Play) -> None:
    print(f"RANDOM_SEED={SEED}")
    chance = random.Random(SEED)
    versions = set()
    for number in range(KILLS):
        changed, tell = os.pipe()
        process = forked(lambda number=number, tell=tell: change_for_ever(play, number, tell))  # type: ignore[misc]
        os.close(tell)
        assert os.read(changed, 1) == b"1"
        os.close(changed)
        time.sleep(chance.uniform(0.0, LONGEST_S))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        cache.forget(play.workspace.id)
        gone = set(play.records) - {each.id for each in play.objects()}
        for object_id in gone:
            del play.records[object_id]
        play.number = number * 1000 + 500
        play.check()
        versions.add(version_of(play.workspace))
    assert len(versions) == KILLS
    assert new_object(play).status == 201


LOST: dict[str, Change] = {
    "REST": CHANGES["create a relation"],
    "GraphQL": lambda play: play.api.graphql(
        "mutation ($input: CreateOneObjectInput!) { createOneObject(input: $input) { id } }",
        {
            "input": {
                "object": {
                    "nameSingular": "dock",
                    "namePlural": "docks",
                    "labelSingular": "Dock",
                    "labelPlural": "Docks",
                }
            }
        },
        path="/metadata",
    ),
}


@pytest.mark.parametrize("api", LOST)
def test_the_database_connection_is_lost_in_the_middle(play: Play, api: str) -> None:
    before = play.state()
    done = 0

    def cut(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal done
        done += 1
        if done == 8:
            with context["connection"].connection.cursor() as cursor, suppress(psycopg2.OperationalError):
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(cut):
        answer = LOST[api](play)
    connection.close()
    if api == "REST":
        assert (answer.status, answer.body["code"]) == (503, "UNAVAILABLE"), answer.body
    else:
        assert answer.body["errors"][0]["message"] == "The database cannot be reached", answer.body
    assert play.state() == before
    play.check()
    again = LOST[api](play)
    assert again.status == (201 if api == "REST" else 200) and "errors" not in again.body
    play.check()


def new_object(play: Play) -> Answer:
    values = {"nameSingular": "after", "namePlural": "afters", "labelSingular": "After", "labelPlural": "Afters"}
    return play.api.post(f"{PATH}/objects", values)


# The other process -----------------------------------------------------------------------------------


def forked(work: Callable[[], None]) -> int:
    """Run it in a process of its own, with a database connection of its own; the process's id."""
    process = os.fork()
    if process:
        return process
    try:
        kept = connection.connection  # the parent's: neither used nor closed here
        connection.connection = None
        work()
        os._exit(0 if kept is not None else 2)
    finally:
        os._exit(1)


def change_until(play: Play, change: Change, last: int) -> None:
    """Make the change; killed when that many statements were run, unless it is done before."""
    done = 0

    def count(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal done
        result = execute(sql, params, many, context)
        done += 1
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    with connection.execute_wrapper(count):
        answer = change(play)
    assert answer.status in (200, 201), answer.body


def change_for_ever(play: Play, number: int, tell: int) -> None:
    """Changes one after the other; the first is told by a byte."""
    play.random = random.Random(SEED + number)
    play.number = number * 1000
    before = version_of(play.workspace)
    while version_of(play.workspace) == before:
        play.step()
    os.write(tell, b"1")
    while True:
        play.step()
