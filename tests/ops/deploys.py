"""What a migration must not do while the code of the last release runs beside it.

Between two releases both versions serve: the new one migrates, then the servers of the old one are replaced. So a
migration adds what old code does not look at; what old code uses goes a release after its use has ended. A rule is a
function of one parsed statement and gives what breaks it, in words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pglast
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from pglast import parse_sql
from pglast.enums import AlterTableType, ConstrType, ObjectType

Node = Any  # its own types say of every part that it may be None
ast: Any = pglast.ast
Rule = Callable[[Node, set[str]], Iterator[str]]  # a statement, and the tables that the migration has made before it

LAST_RELEASE = json.loads((Path(__file__).parent / "last_release.json").read_text())
RAW_PYTHON = "-- THIS OPERATION CANNOT BE WRITTEN AS SQL"
_MISSED = {  # what old code names
    ObjectType.OBJECT_TABLE: "a table",
    ObjectType.OBJECT_VIEW: "a view",
    ObjectType.OBJECT_FUNCTION: "a function",
    ObjectType.OBJECT_SCHEMA: "a schema",
    ObjectType.OBJECT_SEQUENCE: "a sequence",
    ObjectType.OBJECT_COLUMN: "a column",
    ObjectType.OBJECT_TYPE: "a type",
}
_REFUSING = {
    ConstrType.CONSTR_UNIQUE: "UNIQUE",
    ConstrType.CONSTR_CHECK: "CHECK",
    ConstrType.CONSTR_FOREIGN: "FOREIGN KEY",
    ConstrType.CONSTR_EXCLUSION: "EXCLUDE",
}


def since_the_release() -> list[Migration]:
    """The migrations of ours that the last release does not have."""
    found = MigrationLoader(connection).disk_migrations
    return [
        migration
        for (app, name), migration in sorted(found.items())
        if app in LAST_RELEASE["migrations"] and name > LAST_RELEASE["migrations"][app]
    ]


def faults_of(migration: Migration) -> list[str]:
    loader = MigrationLoader(connection, replace_migrations=False)
    return faults(loader.collect_sql([(loader.graph.nodes[migration.app_label, migration.name], False)]))


def faults(sql: Sequence[str]) -> list[str]:
    """What the statements of one migration, as `sqlmigrate` prints them, break."""
    found = ["a change of data in Python: what it does to rows that old code reads is not seen"] * sql.count(RAW_PYTHON)
    made: set[str] = set()
    for each in parse_sql("\n".join(sql)):
        found += [fault for rule in RULES for fault in rule(each.stmt, made)]
        if isinstance(each.stmt, ast.CreateStmt):
            made.add(each.stmt.relation.relname)
    return found


# The rules -------------------------------------------------------------------------------------------


def nothing_is_taken_away(statement: Node, made: set[str]) -> Iterator[str]:
    if isinstance(statement, ast.DropStmt) and statement.removeType in _MISSED:
        yield f"drops {_MISSED[statement.removeType]}"
    if isinstance(statement, ast.RenameStmt) and statement.renameType in _MISSED:
        yield f"renames {_MISSED[statement.renameType]}"
    for change in _changes(statement, made):
        if change.subtype == AlterTableType.AT_DropColumn:
            yield "drops a column"


def columns_take_what_they_took(statement: Node, made: set[str]) -> Iterator[str]:
    for change in _changes(statement, made):
        if change.subtype == AlterTableType.AT_AlterColumnType:
            yield "changes a column's type"
        elif change.subtype == AlterTableType.AT_SetNotNull:
            yield "makes a column NOT NULL"
        elif change.subtype == AlterTableType.AT_ColumnDefault and change.def_ is None:
            yield "drops a column's default"
        elif change.subtype == AlterTableType.AT_AddColumn:
            kinds = {each.contype for each in change.def_.constraints or ()}
            if ConstrType.CONSTR_NOTNULL in kinds and ConstrType.CONSTR_DEFAULT not in kinds:
                yield "adds a column that is NOT NULL and has no default"


def nothing_is_refused_that_was_taken(statement: Node, made: set[str]) -> Iterator[str]:
    for change in _changes(statement, made):
        if change.subtype == AlterTableType.AT_AddConstraint and change.def_.contype in _REFUSING:
            yield f"adds a constraint ({_REFUSING[change.def_.contype]})"
    if isinstance(statement, ast.IndexStmt) and statement.unique and statement.relation.relname not in made:
        yield "adds a unique index"
    if isinstance(statement, ast.CreateTrigStmt) and statement.relation.relname not in made:
        yield "adds a trigger"


def nobody_waits_long(statement: Node, made: set[str]) -> Iterator[str]:
    if isinstance(statement, ast.IndexStmt) and not statement.concurrent and statement.relation.relname not in made:
        yield "builds an index not CONCURRENTLY: writes wait for it"


def what_is_not_seen(statement: Node, made: set[str]) -> Iterator[str]:
    if isinstance(statement, ast.DoStmt):
        yield "a DO block: what it does is not seen"
    if isinstance(statement, ast.UpdateStmt | ast.DeleteStmt | ast.TruncateStmt | ast.MergeStmt):
        yield "changes rows that old code reads"


RULES: tuple[Rule, ...] = (
    nothing_is_taken_away,
    columns_take_what_they_took,
    nothing_is_refused_that_was_taken,
    nobody_waits_long,
    what_is_not_seen,
)


def _changes(statement: Node, made: set[str]) -> Sequence[Node]:
    """Of a table that the migration has not made itself."""
    is_old = isinstance(statement, ast.AlterTableStmt) and statement.relation.relname not in made
    return statement.cmds if is_old else ()
