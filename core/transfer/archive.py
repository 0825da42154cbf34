"""All that a workspace has as one ZIP archive, made while it is sent.

    data-model.yaml             what `manage.py schema apply` takes
    records/people.jsonl        the records of an object, as its export has them; of the empty ones there is none
    deleted/people.jsonl        those in the trash
    contents.json               {"workspace", "exportedAt", "records": {"people": 12}, "deleted": {…}, "leftOut": […]}

The archive holds what the caller may read: objects that they may not are in `leftOut`. Contents of uploaded files are
not in it. An archive that a fault cut short has no directory at its end, so no program takes it for a whole one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from io import RawIOBase
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson
from django.utils import timezone

from config import audit
from config.http import rights
from config.principal import Principal
from core.query import ir
from core.query.scope import Scope, may
from core.transfer.exporting import FLAG, export_records
from metadata.cache import current_schema
from metadata.fieldtypes.datetime import moment_text
from metadata.models import Workspace
from metadata.schema import ObjectSchema, WorkspaceSchema
from metadata.snapshot import schema_export, schema_text

WORKSPACE = "WORKSPACE"
PIECE_BYTES = 64 * 1024
_FOLDERS: dict[str, ir.Filter | None] = {"records": None, "deleted": ir.filter_of({"deletedAt": {"is": "NOT_NULL"}})}


class _Pieces(RawIOBase):
    """What ZipFile writes to, and what waits to be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.waiting += data
        return len(data)

    def taken(self) -> bytes:
        piece = bytes(self.waiting)
        self.waiting.clear()
        return piece


def workspace_archive(principal: Principal) -> Iterator[bytes]:
    """The archive in pieces. Who lacks a right is refused by the call: it asks WORKSPACE and EXPORT_CSV."""
    rights.require(principal, WORKSPACE)
    rights.require(principal, FLAG)
    schema = current_schema(principal.workspace_id)
    workspace = Workspace.objects.get(id=principal.workspace_id)
    model = schema_text(schema_export(principal.workspace_id), "yaml")
    name = workspace.display_name or workspace.subdomain
    audit.note(workspace.id, "workspace.exported", subject_id=workspace.id, name=name, by=principal)
    return _archive(principal, schema, workspace, model)


def _archive(principal: Principal, schema: WorkspaceSchema, workspace: Workspace, model: str) -> Iterator[bytes]:
    scope = Scope(schema, principal)
    readable = [each for each in schema.objects if may(scope, "read", each)]
    at = timezone.now()
    counts: dict[str, dict[str, int]] = {folder: {} for folder in _FOLDERS}
    pieces = _Pieces()
    with ZipFile(pieces, "w", ZIP_DEFLATED) as archive:
        archive.writestr(_entry("data-model.yaml", at), model)
        for folder, narrowing in _FOLDERS.items():
            for subject in readable:
                lines = _lines(principal, schema, subject, narrowing)
                first = next(lines, b"")
                if not first:
                    continue
                count = 0
                with archive.open(_entry(f"{folder}/{subject.plural}.jsonl", at), "w", force_zip64=True) as file:
                    while first:
                        count += first.count(b"\n")
                        file.write(first)
                        if len(pieces.waiting) >= PIECE_BYTES:
                            yield pieces.taken()
                        first = next(lines, b"")
                counts[folder][subject.plural] = count
                yield pieces.taken()
        contents = {
            "workspace": {"id": str(workspace.id), "name": workspace.display_name},
            "exportedAt": moment_text(at),
            **counts,
            "leftOut": sorted(each.plural for each in schema.objects if each not in readable),
        }
        archive.writestr(_entry("contents.json", at), orjson.dumps(contents, option=orjson.OPT_INDENT_2))
    yield pieces.taken()


def _lines(
    principal: Principal, schema: WorkspaceSchema, subject: ObjectSchema, narrowing: ir.Filter | None
) -> Iterator[bytes]:
    query = ir.Find(subject.singular, ir.Everything(), narrowing, page=ir.Page(size=None))
    return export_records(principal, schema, query, "jsonl")


def _entry(name: str, at: Any) -> ZipInfo:
    entry = ZipInfo(name, at.astimezone(UTC).timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
