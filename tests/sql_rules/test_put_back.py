"""Each forbidden form, put back where the product once had it or could have it, fails the tests of what sends it.

A mutant is a piece of a module's source, and what stands in its place; the functions are compiled anew while it lasts. A
request makes the product send its statement, which is looked at whether or not PostgreSQL takes it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from django.db import transaction

from core.sql import execute, history, mutate, removal
from metadata.models import Workspace
from metadata.storage import statements, tables
from tests.factories import Api, api_of, workspace_with
from tests.sql_rules.collecting import Sent

pytestmark = pytest.mark.django_db

SHIPS: list[dict[str, Any]] = [
    {"nameSingular": "ship", "namePlural": "ships", "fields": [{"type": "TEXT", "name": "code"}]}
]
Ask = Callable[[Api, list[str]], Any]  # a client, and the ids of two records


@dataclass(frozen=True)
class Mutant:
    module: ModuleType
    source: str
    instead: str
    ask: Ask
    said: str
    on_citus: bool = False


def create(api: Api, ids: list[str]) -> Any:
    return api.post("/rest/ships", {"code": "C", "position": "first"})


def update(api: Api, ids: list[str]) -> Any:
    return api.patch(f"/rest/ships/{ids[0]}", {"code": "D"})


def destroy(api: Api, ids: list[str]) -> Any:
    return api.delete(f"/rest/ships/{ids[0]}")


def read_history(api: Api, ids: list[str]) -> Any:
    return api.get(f"/rest/ships/{ids[0]}/history")


def read_twice(api: Api, ids: list[str]) -> Any:
    """The second one knows what to send with the check of its caller."""
    api.get(f"/rest/ships/{ids[0]}")
    return api.get(f"/rest/ships/{ids[0]}")


def make_object(api: Api, ids: list[str]) -> Any:
    made = {"nameSingular": "dock", "namePlural": "docks", "labelSingular": "Dock", "labelPlural": "Docks"}
    return api.post("/rest/metadata/objects", made)


def make_workspace(api: Api, ids: list[str]) -> Any:
    return workspace_with(SHIPS, name="Other")


MUTANTS = {
    "several statements in one call": Mutant(
        statements,
        "texts = [statement.as_string(cursor.cursor) for statement in statements]",
        'texts = [";".join(statement.as_string(cursor.cursor) for statement in statements)]',
        make_object,
        "several statements in one call",
    ),
    "a simple CASE": Mutant(
        mutate,
        """deleted_at = CASE WHEN x.rv THEN NULL ELSE""",
        """deleted_at = CASE x.rv WHEN true THEN NULL ELSE""",
        update,
        "a simple CASE in a statement that modifies",
    ),
    "a moment and an interval": Mutant(
        mutate,
        "(r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'",
        "r.updated_at + interval '1 millisecond'",
        update,
        "a moment and an interval added in the SET of an UPDATE",
    ),
    "jsonb_build_object over columns": Mutant(
        mutate,
        "SET data = (r.data || x.d) - x.g,",
        "SET data = r.data || jsonb_build_object('a', x.d),",
        update,
        "jsonb_build_object() over columns in the SET of an UPDATE",
    ),
    "now() in a CASE": Mutant(
        mutate,
        "THEN NULL ELSE r.deleted_at END",
        "THEN now() ELSE r.deleted_at END",
        update,
        "a function that is not IMMUTABLE in a CASE or COALESCE in the SET of an UPDATE",
    ),
    "now() in a COALESCE": Mutant(
        mutate,
        'f" position = coalesce({position}, r.position),"',
        'f" position = coalesce({position}, r.position), created_at = coalesce(r.created_at, now()),"',
        update,
        "a function that is not IMMUTABLE in a CASE or COALESCE in the SET of an UPDATE",
    ),
    "RETURNING what is computed": Mutant(
        removal,
        "RETURNING r.id, r.deleted_at, r.updated_at)",
        "RETURNING r.id, r.deleted_at, greatest(now(), r.updated_at) AS updated_at)",
        destroy,
        "RETURNING holds more than columns",
    ),
    "a sub-select in INSERT … SELECT": Mutant(
        mutate,
        "THEN (SELECT {name}.at FROM {name}) {sign}",
        "THEN ({end}) {sign}",
        create,
        "a sub-select over a workspace's table inside INSERT … SELECT",
    ),
    "a CTE that is not MATERIALIZED": Mutant(
        mutate,
        "{name} AS MATERIALIZED ({end})",
        "{name} AS ({end})",
        create,
        "an INSERT … SELECT reads a CTE over a workspace's table that is not MATERIALIZED",
    ),
    "an empty list": Mutant(
        history, "EXISTS (SELECT 1 FROM", "EXISTS (SELECT FROM", read_history, "a SELECT with an empty list"
    ),
    "a trigger": Mutant(
        tables,
        '"CREATE SEQUENCE {schema}.{sequence}"',
        '"CREATE TRIGGER t BEFORE INSERT ON {schema}.history FOR EACH ROW EXECUTE FUNCTION {sequence}()"',
        make_workspace,
        "a trigger on a workspace's table",
    ),
    "SET STORAGE": Mutant(
        tables,
        "ALTER COLUMN id SET DEFAULT nextval({sequence}::regclass)",
        "ALTER COLUMN id SET STORAGE PLAIN",
        make_workspace,
        "SET STORAGE on a workspace's table",
    ),
    "an identity column": Mutant(
        tables,
        "(LIKE public.{template} INCLUDING ALL EXCLUDING IDENTITY)",
        "(LIKE public.{template} INCLUDING ALL)",
        make_workspace,
        "an identity column in a workspace's table",
    ),
    "two workspaces": Mutant(
        history,
        " FROM {table_of(subject)} r WHERE r.id = %s::uuid) AS known",
        " FROM {table_of(subject)} r, ws_other.history o WHERE r.id = %s::uuid) AS known",
        read_history,
        "tables of two workspaces",
    ),
    "a shared table": Mutant(
        history,
        " FROM {table_of(subject)} r WHERE r.id = %s::uuid) AS known",
        " FROM {table_of(subject)} r, public.metadata_workspace o WHERE r.id = %s::uuid) AS known",
        read_history,
        "a workspace's table and a shared one in one query",
    ),
    "a CTE that INSERTs, on Citus": Mutant(
        execute,
        "if isinstance(sql, Write) and is_citus(using):",
        "if False:",
        destroy,
        "a CTE that INSERTs",
        on_citus=True,
    ),
    "the check of the caller, on Citus": Mutant(
        execute,
        "if is_citus(using):  # which would send it to all workers",
        "if False:",
        read_twice,
        "the check of the caller in the statement that it is for",
        on_citus=True,
    ),
}


@contextmanager
def put_back(mutant: Mutant) -> Iterator[None]:
    """While it lasts the module's functions, and its constants that are texts, are those of the mutated source."""
    path = Path(str(mutant.module.__file__))
    source = path.read_text()
    assert mutant.source in source, f"{path.name} no longer has {mutant.source!r}"
    mutated = source.replace(mutant.source, mutant.instead)
    codes = codes_of(compile(mutated, str(path), "exec"))
    constants = constants_of(mutated)
    functions = [each for each in functions_of(mutant.module) if each.__qualname__ in codes]
    kept = [(each, each.__code__) for each in functions]
    texts = {name: getattr(mutant.module, name) for name in constants}
    for each in functions:
        each.__code__ = codes[each.__qualname__]
    for name, text in constants.items():
        setattr(mutant.module, name, text)
    forget_kept(mutant.module)
    try:
        yield
    finally:
        forget_kept(mutant.module)
        for each, code in kept:
            each.__code__ = code
        for name, text in texts.items():
            setattr(mutant.module, name, text)


def forget_kept(module: ModuleType) -> None:
    """What its functions keep of what they gave."""
    for each in vars(module).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()


def codes_of(module: CodeType) -> dict[str, CodeType]:
    found: dict[str, CodeType] = {}
    waiting = [module]
    while waiting:
        for each in waiting.pop().co_consts:
            if isinstance(each, CodeType):
                found[each.co_qualname] = each
                waiting.append(each)
    return found


def constants_of(source: str) -> dict[str, str]:
    found = {}
    for each in ast.parse(source).body:
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str):
            found |= {target.id: each.value.value for target in each.targets if isinstance(target, ast.Name)}
    return found


def functions_of(module: ModuleType) -> Iterator[FunctionType]:
    waiting: list[Any] = [each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__]
    while waiting:
        each = waiting.pop()
        if isinstance(each, type):
            waiting += vars(each).values()
        elif hasattr(each, "__wrapped__"):
            waiting.append(each.__wrapped__)
        elif isinstance(each, FunctionType) and each.__module__ == module.__name__:
            yield each


@pytest.fixture
def ships(db: None) -> tuple[Api, list[str]]:
    workspace: Workspace = workspace_with(SHIPS)
    api = api_of(workspace)
    made = api.post("/rest/batch/ships", [{"code": "A"}, {"code": "B"}]).body["data"]["createShips"]
    return api, [each["id"] for each in made]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_forbidden_form_that_is_put_back_is_found(
    ships: tuple[Api, list[str]], settings: Any, statements_sent: Sent, name: str
) -> None:
    mutant = MUTANTS[name]
    if mutant.on_citus:
        settings.SHARD_ENGINES = {"default": "citus"}
    assert statements_sent.faults() == []
    with put_back(mutant), suppress(Exception), transaction.atomic():
        mutant.ask(*ships)
    found = statements_sent.faults()
    assert found and {each.partition(": ")[0] for each in found} >= {mutant.said}, found
