"""Destroying against real foreign keys: the same tables and rows in PostgreSQL, its own constraints, the same calls.

Three objects with a relation of every rule between any two, and with a morph relation of every rule to both others, so
that records chosen at random make every graph: trees, chains, circles, closed sets. A morph relation is a key for each
object that it leads to. What is left and what is refused must be the same.

The key of RESTRICT is a deferred NO ACTION: it holds against what is left, whatever goes in the same call. A key
that is ON DELETE RESTRICT refuses more, by the order in which PostgreSQL comes to it; but nothing less. All are
deferred, as PostgreSQL checks every key of a changed row again when its own transaction inserted that row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace, table_name
from tests.chance import examples
from tests.factories import Api, add_field, add_object, api_of, workspace_with

pytestmark = [pytest.mark.django_db, pytest.mark.fuzz]

OBJECTS = ("axle", "bolt", "cog")
RULES = {"Gone": "CASCADE", "Null": "SET_NULL", "Held": "RESTRICT"}
ACTIONS = {"CASCADE": "CASCADE", "SET_NULL": "SET NULL", "RESTRICT": "NO ACTION"}
LINKS = [  # child, name of the relation, parent, rule
    (child, f"{parent}{suffix}", parent, rule)
    for child, parent, (suffix, rule) in product(OBJECTS, OBJECTS, RULES.items())
]
MORPHS = [  # the same of each row of a morph relation `toGone`, `toNull`, `toHeld`
    (child, f"to{suffix}{parent.capitalize()}", parent, rule)
    for child, (suffix, rule), parent in product(OBJECTS, RULES.items(), OBJECTS)
    if parent != child  # which no morph relation leads to
]
LINKS += MORPHS
MOST = 7  # records of an object

Records = Mapping[str, Mapping[int, Mapping[str, int]]]  # by object and number: numbers by relation


@dataclass(frozen=True)
class Call:
    """A destruction: the records of one object, by their numbers."""

    object: str
    numbers: tuple[int, ...]


def record_id(name: str, number: int) -> str:
    return str(UUID(int=(OBJECTS.index(name) << 16) + number + (4 << 76) + (8 << 60)))


@st.composite
def graphs(draw: st.DrawFn, called: Sequence[str]) -> tuple[Records, list[Call]]:
    counts = {name: draw(st.integers(1, MOST)) for name in OBJECTS}
    usual = draw(st.sampled_from(["CASCADE", "SET_NULL", "RESTRICT", None]))  # most relations of a graph have one rule
    records: dict[str, dict[int, dict[str, int]]] = {}
    for name in OBJECTS:
        links = [link for link in LINKS if link[0] == name]
        records[name] = {}
        for number in range(counts[name]):
            chosen = draw(st.lists(st.sampled_from(links), max_size=4, unique=True))
            records[name][number] = {
                relation: draw(st.integers(0, counts[parent] - 1))
                for _, relation, parent, rule in chosen
                if usual is None or rule == usual or draw(st.integers(0, 3)) == 0
            }
    calls = []
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(called))
        numbers = draw(st.lists(st.integers(0, counts[name] - 1), min_size=1, max_size=counts[name], unique=True))
        calls.append(Call(name, tuple(sorted(numbers))))
    return records, calls


# The server ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """The workspace of the objects, and its client."""

    workspace: Workspace
    api: Api
    objects: Mapping[str, ObjectMetadata]

    def switch_off(self, child: str, name: str) -> None:
        field = FieldMetadata.objects.get(object=self.objects[child], name=name)
        services.field_update(workspace_id=self.workspace.id, field_id=field.id, update={"isActive": False})

    def table(self, name: str) -> str:
        return f'"{self.workspace.database_schema}"."{table_name(self.objects[name].id)}"'

    def store(self, records: Records) -> None:
        """Put records into the tables, where no API writes: no default names a value that a field does not have."""
        with connection.cursor() as cursor:
            for name, rows in records.items():
                parents = {relation: parent for child, relation, parent, _ in LINKS if child == name}
                for number, row in rows.items():
                    data = {relation: record_id(parents[relation], each) for relation, each in row.items()}
                    cursor.execute(
                        f"INSERT INTO {self.table(name)} (id, data, position, created_at, updated_at) VALUES"
                        " (%s, %s, 0, now(), now())",
                        [record_id(name, number), json.dumps(data)],
                    )

    def stored(self) -> dict[str, list[tuple[str, ...]]]:
        """What the tables hold, switched off or not; names of relations are their keys, as nobody renamed them."""
        found: dict[str, list[tuple[str, ...]]] = {}
        with connection.cursor() as cursor:
            for name in OBJECTS:
                columns = [f"coalesce(data->>'{relation}', '')" for child, relation, *_ in LINKS if child == name]
                cursor.execute(f"SELECT id::text, {', '.join(columns)} FROM {self.table(name)}")
                found[name] = sorted(cursor.fetchall())
        return found


@pytest.fixture
def served(db: None) -> Served:
    workspace = workspace_with()
    made = {name: add_object(workspace, name, f"{name}s") for name in OBJECTS}
    for child, name, parent, rule in LINKS:
        if (child, name, parent, rule) not in MORPHS:
            _relate(workspace, made, child, name, parent, rule)
    for child, (suffix, rule) in product(OBJECTS, RULES.items()):
        _relate_to_any(workspace, made, child, f"to{suffix}", rule)
    return Served(workspace, api_of(workspace), made)


def _relate(
    workspace: Workspace, made: Mapping[str, ObjectMetadata], child: str, name: str, parent: str, rule: str
) -> None:
    payload = {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": str(made[parent].id),
        "targetFieldLabel": f"of {child} {name}",
        "targetFieldIcon": "Icon",
    }
    field = add_field(workspace, made[child], "RELATION", name, relationCreationPayload=payload)
    _rule(workspace, field, rule)


def _relate_to_any(workspace: Workspace, made: Mapping[str, ObjectMetadata], child: str, name: str, rule: str) -> None:
    payload = [
        {
            "type": "MANY_TO_ONE",
            "targetObjectMetadataId": str(made[parent].id),
            "targetFieldLabel": f"of {child} {name}",
            "targetFieldIcon": "Icon",
        }
        for parent in OBJECTS
        if parent != child
    ]
    field = add_field(workspace, made[child], "MORPH_RELATION", name, morphRelationsCreationPayload=payload)
    _rule(workspace, field, rule)  # the whole relation's
    rows = FieldMetadata.objects.filter(object=made[child], morph_id=field.morph_id)
    assert {(row.name, row.on_delete) for row in rows} == {
        (f"{name}{each.capitalize()}", rule) for each in OBJECTS if each != child
    }


def _rule(workspace: Workspace, field: FieldMetadata, rule: str) -> None:
    update = {"settings": {**(field.settings or {}), "onDelete": rule}}
    services.field_update(workspace_id=workspace.id, field_id=field.id, update=update)


def fill(api: Api, records: Records) -> None:
    for name, rows in records.items():
        made = api.post(f"/rest/batch/{name}s", [{"id": record_id(name, number)} for number in rows])
        assert made.status == 201, made.body
    for name, rows in records.items():
        parents = {relation: parent for child, relation, parent, _ in LINKS if child == name}
        bodies = [
            {"id": record_id(name, number)}
            | {f"{relation}Id": record_id(parents[relation], target) for relation, target in row.items()}
            for number, row in rows.items()
            if row
        ]
        if bodies:
            assert api.post(f"/rest/batch/{name}s?upsert=true", bodies).status == 201


def destroyed(api: Api, call: Call) -> bool:
    """Whether it was done, or refused because of what still points there; one record by its id, others by a filter."""
    ids = [record_id(call.object, number) for number in call.numbers]
    where = f"/{ids[0]}" if len(ids) == 1 else f"?filter=id[in]:[{','.join(ids)}]"
    answer = api.delete(f"/rest/{call.object}s{where}")
    if answer.status == 404:
        return True  # an earlier call had it
    assert answer.status == 200 or answer.body["code"] == "STILL_REFERENCED", answer.body
    return answer.status == 200


def left(api: Api) -> dict[str, list[tuple[str, ...]]]:
    """Every record with what it points at, in the order of the relations."""
    found = {}
    for name in OBJECTS:
        names = [f"{relation}Id" for child, relation, *_ in LINKS if child == name]
        answer = api.get(f"/rest/{name}s?limit=200").body
        rows = answer["data"][f"{name}s"]
        assert answer["totalCount"] == len(rows)
        found[name] = sorted((each["id"], *(each[key] or "" for key in names)) for each in rows)
    return found


# PostgreSQL ------------------------------------------------------------------------------------------


@pytest.fixture
def tables(db: None) -> Iterator[None]:
    """The same objects as tables, `keys_…` as the API has it and `strict_…` with ON DELETE RESTRICT."""
    with connection.cursor() as cursor:
        for kind in ("keys", "strict"):
            for name in OBJECTS:
                cursor.execute(f"CREATE TEMP TABLE {kind}_{name} (id uuid PRIMARY KEY)")
            for child, name, parent, rule in LINKS:
                action = "RESTRICT" if kind == "strict" and rule == "RESTRICT" else ACTIONS[rule]
                cursor.execute(
                    f'ALTER TABLE {kind}_{child} ADD "{name}" uuid REFERENCES {kind}_{parent}'
                    f" ON DELETE {action} DEFERRABLE INITIALLY DEFERRED"
                )
    yield


def fill_tables(records: Records) -> None:
    with connection.cursor() as cursor:
        for name, rows in records.items():
            links = [(relation, parent) for child, relation, parent, _ in LINKS if child == name]
            values = [
                [record_id(name, number), *(pointed(parent, row.get(relation)) for relation, parent in links)]
                for number, row in rows.items()
            ]
            one = f"({', '.join(['%s'] * (len(links) + 1))})"
            text = f"INSERT INTO keys_{name} VALUES {', '.join([one] * len(values))}"
            cursor.execute(text, [each for row in values for each in row])


def pointed(parent: str, number: int | None) -> str | None:
    return None if number is None else record_id(parent, number)


def fill_strict() -> None:
    """Put into the strict tables what the others hold."""
    with connection.cursor() as cursor:
        for name in OBJECTS:
            cursor.execute(f"INSERT INTO strict_{name} SELECT * FROM keys_{name}")


def deleted(kind: str, call: Call) -> bool:
    ids = [record_id(call.object, number) for number in call.numbers]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {kind}_{call.object} WHERE id = ANY(%s::uuid[])", [ids])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except IntegrityError:
        return False
    return True


def left_in(kind: str) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    with connection.cursor() as cursor:
        for name in OBJECTS:
            columns = ", ".join(f"coalesce(\"{relation}\"::text, '')" for child, relation, *_ in LINKS if child == name)
            cursor.execute(f"SELECT id::text, {columns} FROM {kind}_{name}")
            found[name] = sorted(cursor.fetchall())
    return found


# Both ------------------------------------------------------------------------------------------------


def compared(api: Api, records: Records, calls: Sequence[Call]) -> None:
    note(f"{records}\n{calls}")
    fill(api, records)
    fill_tables(records)
    same_outcomes(api, calls, lambda: left(api))


def same_outcomes(api: Api, calls: Sequence[Call], left: Callable[[], Any]) -> None:
    assert left() == left_in("keys")
    for call in calls:
        with transaction.atomic():
            fill_strict()
            is_strictly_done = deleted("strict", call)
            strictly_left = left_in("strict")
            transaction.set_rollback(True)
        is_done = deleted("keys", call)
        assert destroyed(api, call) is is_done
        assert left() == left_in("keys")
        if is_strictly_done:
            assert is_done
            assert strictly_left == left_in("keys")


def often(times: int, compare: Callable[[Records, list[Call]], None], calls: Sequence[str] = OBJECTS) -> None:
    """Compare so many graphs, each in a transaction that is undone."""
    done = []

    @settings(
        max_examples=times,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(graphs(calls))
    def check(drawn: tuple[Records, list[Call]]) -> None:
        with transaction.atomic():
            compare(*drawn)
            transaction.set_rollback(True)
        done.append(drawn)

    check()
    assert len(done) >= times


def test_the_same_is_left_and_the_same_refused(served: Served, tables: None) -> None:
    often(examples(40), lambda records, calls: compared(served.api, records, calls))


def test_it_is_so_while_relations_and_an_object_are_switched_off(served: Served, tables: None) -> None:
    for number, (child, name, *_) in enumerate(LINKS):
        if child != "cog" and number % 2:
            served.switch_off(child, name)
    services.object_update(
        workspace_id=served.workspace.id, object_id=served.objects["cog"].id, update={"isActive": False}
    )

    def compare(records: Records, calls: list[Call]) -> None:
        note(f"{records}\n{calls}")
        served.store(records)
        fill_tables(records)
        same_outcomes(served.api, calls, served.stored)

    often(examples(40), compare, OBJECTS[:2])
