"""What the SQL of a workspace keeps to, so that the same statements run on one PostgreSQL and on a Citus shard.

docs/scaling.md says why. A rule is a function of one parsed statement and gives what breaks it, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import pglast
from pglast import parse_sql

Node = Any  # its own types say of every part that it may be None
ast: Any = pglast.ast
enums: Any = pglast.enums
Rule = Callable[[Node], Iterator[str]]

_MODIFYING = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)
_ARITHMETIC = {"+", "-"}
# Functions that may be called with columns in a SET: all their variants are IMMUTABLE.
_IMMUTABLE = {"jsonb_set", "timezone", "jsonb_array_elements_text", "jsonb_each", "jsonb_object_keys", "jsonb_typeof"}
_IMMUTABLE_WITH_TWO = {"to_tsvector"}  # with the configuration named


def broken(text: str, *, on_citus: bool = False) -> list[str]:
    """What the statements of one call break. Parameters are written `%s`."""
    return list(_broken(text, on_citus))


@lru_cache(10_000)
def _broken(text: str, on_citus: bool) -> Sequence[str]:
    parsed = parse_sql(text.replace("%s", "NULL").replace("%%", "%"))
    if len(parsed) != 1:
        return ("several statements in one call",)
    statement = parsed[0].stmt
    return [fault for rule in (*RULES, *(CITUS_RULES if on_citus else ())) for fault in rule(statement)]


# The rules -------------------------------------------------------------------------------------------


def no_simple_case_in_writes(statement: Node) -> Iterator[str]:
    if any(isinstance(node, _MODIFYING) for node in _walk(statement)):
        for node in _walk(statement):
            if isinstance(node, ast.CaseExpr) and node.arg is not None:
                yield "a simple CASE in a statement that modifies"


def no_mutable_functions_over_columns_in_set(statement: Node) -> Iterator[str]:
    for update in _of(statement, ast.UpdateStmt):
        for target in update.targetList:
            for node in _walk(target.val):
                if isinstance(node, ast.FuncCall) and not _is_immutable(node) and _has_column(node):
                    yield f"{_name(node)}() over columns in the SET of an UPDATE"
                elif isinstance(node, ast.A_Expr) and _is_moment_arithmetic(node) and _has_column(node):
                    yield "a moment and an interval added in the SET of an UPDATE"
                elif isinstance(node, ast.CaseExpr | ast.CoalesceExpr) and any(map(_is_mutable, _walk(node))):
                    yield "a function that is not IMMUTABLE in a CASE or COALESCE in the SET of an UPDATE"


def returning_holds_columns(statement: Node) -> Iterator[str]:
    for write in _of(statement, *_MODIFYING):
        for target in write.returningClause.exprs if write.returningClause else ():
            if not isinstance(target.val, ast.ColumnRef):
                yield "RETURNING holds more than columns"


def no_reading_inside_insert_select(statement: Node) -> Iterator[str]:
    for insert in _of(statement, ast.InsertStmt):
        select = insert.selectStmt
        if select is None or select.valuesLists:
            continue
        for node in _walk(select, besides=ast.WithClause):
            if isinstance(node, ast.SubLink | ast.RangeSubselect) and any(map(_schema_of, _walk(node))):
                yield "a sub-select over a workspace's table inside INSERT … SELECT"
    for cte in _of(statement, ast.CommonTableExpr):
        is_read = isinstance(cte.ctequery, ast.SelectStmt) and any(map(_schema_of, _walk(cte.ctequery)))
        is_materialized = cte.ctematerialized == enums.CTEMaterialize.CTEMaterializeAlways
        if is_read and not is_materialized and any(_feeds(insert, cte.ctename) for insert in _inserts(statement)):
            yield "an INSERT … SELECT reads a CTE over a workspace's table that is not MATERIALIZED"


def no_select_of_nothing(statement: Node) -> Iterator[str]:
    for select in _of(statement, ast.SelectStmt):
        if not select.targetList and not select.valuesLists and select.op == enums.SetOperation.SETOP_NONE:
            yield "a SELECT with an empty list"


def no_triggers_and_storage(statement: Node) -> Iterator[str]:
    if isinstance(statement, ast.CreateTrigStmt) and _schema_of(statement.relation):
        yield "a trigger on a workspace's table"
    changes = statement.cmds if isinstance(statement, ast.AlterTableStmt) and _schema_of(statement.relation) else ()
    if any(each.subtype == enums.AlterTableType.AT_SetStorage for each in changes):
        yield "SET STORAGE on a workspace's table"


def no_identity_columns(statement: Node) -> Iterator[str]:
    if not isinstance(statement, ast.CreateStmt) or not _schema_of(statement.relation):
        return
    for node in _walk(statement):
        is_cloned = isinstance(node, ast.TableLikeClause) and (
            node.options & enums.TableLikeOption.CREATE_TABLE_LIKE_IDENTITY
        )
        if is_cloned or (isinstance(node, ast.Constraint) and node.contype == enums.ConstrType.CONSTR_IDENTITY):
            yield "an identity column in a workspace's table"


def one_workspace(statement: Node) -> Iterator[str]:
    if len(set(filter(None, map(_schema_of, _walk(statement))))) > 1:
        yield "tables of two workspaces"


def not_joined_with_shared_tables(statement: Node) -> Iterator[str]:
    """The check of a caller may stand beside a read: two selects of a join that has no condition; and it may be the
    condition of a write: a select of its own."""
    if not isinstance(statement, (ast.SelectStmt, *_MODIFYING)):
        return
    parts = _independent_parts(statement)
    for part in parts if parts else [statement]:
        checks = {id(each) for check in _of(part, ast.SubLink) if _is_check(check) for each in _walk(check)}
        tables = [node for node in _of(part, ast.RangeVar) if id(node) not in checks]
        if any(map(_schema_of, tables)) and any(map(_is_shared, tables)):
            yield "a workspace's table and a shared one in one query"


def no_insert_in_cte(statement: Node) -> Iterator[str]:
    for cte in _of(statement, ast.CommonTableExpr):
        if isinstance(cte.ctequery, ast.InsertStmt):
            yield "a CTE that INSERTs"


def no_check_inside(statement: Node) -> Iterator[str]:
    tables = list(_of(statement, ast.RangeVar))
    if not any(map(_schema_of, tables)) or not any(map(_is_shared, tables)):
        return
    if _independent_parts(statement) or any(map(_is_check, _of(statement, ast.SubLink))):
        yield "the check of the caller in the statement that it is for"


RULES: tuple[Rule, ...] = (
    no_simple_case_in_writes,
    no_mutable_functions_over_columns_in_set,
    returning_holds_columns,
    no_reading_inside_insert_select,
    no_select_of_nothing,
    no_triggers_and_storage,
    no_identity_columns,
    one_workspace,
    not_joined_with_shared_tables,
)
CITUS_RULES: tuple[Rule, ...] = (no_insert_in_cte, no_check_inside)


# Of the tree -----------------------------------------------------------------------------------------


def _walk(node: object, besides: type | None = None) -> Iterator[Node]:
    """The node and all below it, without those of the type `besides`."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tuple):
            waiting.extend(each)
        elif isinstance(each, pglast.ast.Node) and not (besides and isinstance(each, besides)):
            yield each
            waiting.extend(getattr(each, name) for name in each)


def _of(node: Node, *types: type) -> Iterator[Node]:
    return (each for each in _walk(node) if isinstance(each, types))


def _schema_of(node: Node) -> str | None:
    """The workspace's schema that a table is named in."""
    name = node.schemaname if isinstance(node, ast.RangeVar) else None
    return name if name is not None and name.startswith("ws_") else None


def _is_shared(table: Node) -> bool:
    if not isinstance(table, ast.RangeVar) or table.relname.startswith("pg_"):
        return False
    return table.schemaname in (None, "public") and "_" in table.relname  # app_table; no CTE of ours has one


def _name(call: Node) -> str:
    return call.funcname[-1].sval


def _is_immutable(call: Node) -> bool:
    return _name(call) in _IMMUTABLE or (_name(call) in _IMMUTABLE_WITH_TWO and len(call.args) == 2)


def _is_mutable(node: Node) -> bool:
    if isinstance(node, ast.SQLValueFunction):
        return True
    return isinstance(node, ast.FuncCall) and not _is_immutable(node)


def _has_column(node: Node) -> bool:
    return any(isinstance(each, ast.ColumnRef) for each in _walk(node))


def _is_moment_arithmetic(node: Node) -> bool:
    """Whether an interval is added to anything but a moment without time zone, which `AT TIME ZONE` gives."""
    if node.name[-1].sval not in _ARITHMETIC:
        return False
    sides = [node.lexpr, node.rexpr]
    others = [each for each in sides if not _is_interval(each)]
    return len(others) == 1 and not (isinstance(others[0], ast.FuncCall) and _name(others[0]) == "timezone")


def _is_interval(node: Node) -> bool:
    return isinstance(node, ast.TypeCast) and node.typeName.names[-1].sval == "interval"


def _inserts(statement: Node) -> Iterator[Node]:
    return (each for each in _of(statement, ast.InsertStmt) if each.selectStmt and not each.selectStmt.valuesLists)


def _feeds(insert: Node, name: str) -> bool:
    return any(isinstance(each, ast.RangeVar) and each.relname == name for each in _walk(insert.selectStmt))


def _is_check(sub: Node) -> bool:
    """A scalar sub-select over shared tables alone, with no column from outside."""
    inside = list(_walk(sub.subselect))
    tables = [each for each in inside if isinstance(each, ast.RangeVar)]
    if sub.subLinkType != enums.SubLinkType.EXPR_SUBLINK or any(map(_schema_of, tables)):
        return False
    names = {each.aliasname for each in inside if isinstance(each, ast.Alias)} | {each.relname for each in tables}
    outside = (each for each in inside if isinstance(each, ast.ColumnRef) and len(each.fields) > 1)
    return any(map(_is_shared, tables)) and all(each.fields[0].sval in names for each in outside)


def _independent_parts(statement: Node) -> list[Node]:
    """Both sides of `SELECT … FROM (…) c LEFT JOIN (…) r ON true`."""
    sources: Any = getattr(statement, "fromClause", None) or ()
    if len(sources) != 1 or not isinstance(sources[0], ast.JoinExpr):
        return []
    join = sources[0]
    is_open = isinstance(join.quals, ast.A_Const) and bool(getattr(join.quals.val, "boolval", False))
    sides = [join.larg, join.rarg]
    return sides if is_open and all(isinstance(each, ast.RangeSubselect) and not each.lateral for each in sides) else []
