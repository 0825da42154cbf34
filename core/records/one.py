"""One record as events tell of it, for a test of a webhook."""

from __future__ import annotations

from uuid import UUID

from config.errors import RecordNotFound
from config.http.rendering import loads
from config.principal import Principal
from core.query import ir
from core.records.find import find_page
from metadata.cache import load_schema


def record_of(principal: Principal, object_name: str, record_id: UUID | None) -> dict[str, object]:
    """The record with that id, else the newest one, with the fields that the principal may read.

    Raises RecordNotFound, and what the planner raises for an object that may not be read.
    """
    schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
    wanted = None if record_id is None else ir.Match("id", {"eq": str(record_id)})
    newest = (ir.Order(("createdAt",), "DescNullsLast"), ir.Order(("id",), "DescNullsLast"))
    query = ir.Find(object_name, ir.Everything(), wanted, newest, ir.Page(1), with_total=False)
    found: list[dict[str, object]] = loads(f"[{find_page(principal, schema, query).items}]".encode())
    if not found:
        raise RecordNotFound()
    return found[0]
