"""Restore: soft-deleted records come back with every value they had."""

from __future__ import annotations

from config.principal import Principal
from core.query import ir
from core.records.delete import set_deleted
from metadata.schema import WorkspaceSchema


def restore(principal: Principal, schema: WorkspaceSchema, query: ir.Restore) -> list[str]:
    """The JSON texts of the restored records; restoring a live one answers it as it is."""
    return set_deleted(principal, schema, query, is_deleted=False)
