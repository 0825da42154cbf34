"""Uploaded files: kept in parts beside the workspace's records, attached by writes, deleted when nobody uses them.

A file is uploaded for one FILES field and can be in the values of that field only. One that no record has is
kept for UNUSED_DAYS, so that an upload can be attached and a value that was changed by mistake put back.
"""

from __future__ import annotations

import hmac
import json
import mimetypes
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any, NoReturn, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction

from config.errors import (
    ApiError,
    BodyTooLarge,
    FileAccessDenied,
    InvalidValue,
    MissingReference,
    NotFound,
)
from config.http import rights
from config.principal import Principal
from core.query.scope import Scope, denied, may, reads, require, writes
from core.query.writes import RecordInput
from core.records.refusals import about
from core.sql.execute import fetch
from core.sql.files import (
    compile_any,
    compile_content,
    compile_delete,
    compile_file,
    compile_find,
    compile_part,
    compile_signature,
    compile_usage,
    compile_use,
)
from core.sql.fragment import Sql
from metadata.cache import current_schema
from metadata.fieldtypes.files import extension_of
from metadata.fieldtypes.registry import field_types
from metadata.fieldtypes.uuid import is_uuid, new_id
from metadata.fieldtypes.values import clean_text
from metadata.models import FieldMetadata, Workspace, table_name
from metadata.schema import FieldSchema, ObjectSchema

UPLOAD_FLAG = "UPLOAD_FILE"
PART_BYTES = 512 * 1024
UNUSED_DAYS = 7
LONGEST_NAME = 255

_TOKEN = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})\.([0-9a-f]{64})")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")  # RFC 6838 §4.2
_UNKNOWN_TYPE = "application/octet-stream"


class Upload(Protocol):
    """What Django gives for a file of a multipart body."""

    name: str | None
    size: int | None
    content_type: str | None

    def chunks(self, chunk_size: int | None = None) -> Iterable[bytes]: ...


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    field_id: str
    path: str
    name: str
    content_type: str
    size: int  # bytes
    created_at: datetime
    url: str | None  # signed, good for a day; None for who may not download


# Uploading -------------------------------------------------------------------------------------------


def file_upload(principal: Principal, field_name: str, upload: Upload) -> StoredFile:
    """Keep an upload for a field: `person.avatarFile`, or the field's id or universal identifier.

    Raises PermissionDenied without the right to write the field or the UPLOAD_FILE flag, BodyTooLarge,
    InvalidValue for a field that takes no files.
    """
    rights.require(principal, UPLOAD_FLAG)
    scope = Scope(current_schema(principal.workspace_id), principal)
    subject, field = _files_field(scope, field_name)
    require(scope, "update", subject)
    if not writes(scope, field):
        raise denied("update", subject, field)
    if (upload.size or 0) > settings.MAX_FILE_BYTES:
        raise BodyTooLarge(f"File is larger than {settings.MAX_FILE_BYTES} bytes", path="file")
    name = _clean_name(upload.name or "")
    file_id = new_id()
    identifier = FieldMetadata.objects.values_list("universal_identifier", flat=True).get(
        workspace_id=principal.workspace_id, id=field.id
    )
    path = f"files-field/{identifier}/{file_id}{extension_of(name) or ''}"
    row = [
        file_id, str(field.id), path, name, _content_type(name, upload.content_type), upload.size or 0,
        json.dumps(principal.actor()),
    ]  # fmt: skip
    schema_name, using = scope.schema.schema_name, principal.workspace.shard
    with transaction.atomic(using=using):
        fetch(compile_file(schema_name, row), using)
        for number, content in enumerate(upload.chunks(PART_BYTES)):
            fetch(compile_part(schema_name, file_id, number, content), using)
        return _find(schema_name, using, file_id)


def _files_field(scope: Scope, name: str) -> tuple[ObjectSchema, FieldSchema]:
    subject, field = _named_field(scope, name)
    if subject is None or field is None:
        raise NotFound(
            f'There is no field "{name}"', hint="Name it like person.avatarFile, or by its id.", path="fieldMetadataId"
        )
    if not field.type.holds_files:
        raise InvalidValue(f"The field {subject.singular}.{field.name} takes no files", path="fieldMetadataId")
    return subject, field


def _named_field(scope: Scope, name: str) -> tuple[ObjectSchema | None, FieldSchema | None]:
    if not is_uuid(name):
        singular, _, field_name = name.partition(".")
        subject = scope.schema.by_singular.get(singular)
        return subject, None if subject is None else subject.by_name.get(field_name)
    found = FieldMetadata.objects.filter(workspace_id=scope.schema.workspace_id)
    row = found.filter(id=name).first() or found.filter(universal_identifier=name).first()
    subject = None if row is None else scope.schema.by_id.get(row.object_id)
    return subject, None if subject is None or row is None else subject.by_id.get(row.id)


def _clean_name(name: str) -> str:
    """The file's own name, without folders, control characters and what is too long, its extension kept."""
    plain = PurePath((clean_text(name, "file") or "").replace("\\", "/")).name
    plain = "".join(each for each in plain if each.isprintable()).strip() or "file"
    ending = extension_of(plain) or ""
    return plain if len(plain) <= LONGEST_NAME else plain[: LONGEST_NAME - len(ending)] + ending


def _content_type(name: str, announced: str | None) -> str:
    """What the name says goes before what the client says."""
    guessed, encoding = mimetypes.guess_type(name)
    if guessed is not None and encoding is None:
        return guessed
    given = (announced or "").partition(";")[0].strip().lower()
    return given if _MEDIA_TYPE.fullmatch(given) and len(given) < 128 else _UNKNOWN_TYPE


# Reading and deleting --------------------------------------------------------------------------------


def file_find(principal: Principal, file_id: str) -> StoredFile:
    """A file of the workspace, for those who may read its field; its address with DOWNLOAD_FILE. Raises NotFound."""
    scope = Scope(current_schema(principal.workspace_id), principal)
    file = _find(scope.schema.schema_name, principal.workspace.shard, file_id)
    _require_field(scope, file, "read", file_id)
    return file if rights.may(principal, rights.DOWNLOAD_FLAG) else replace(file, url=None)


def file_delete(principal: Principal, file_id: str) -> StoredFile:
    """Delete a file at once, for those who may write its field; addresses of it lead nowhere from then on."""
    scope = Scope(current_schema(principal.workspace_id), principal)
    schema_name, using = scope.schema.schema_name, principal.workspace.shard
    with transaction.atomic(using=using):
        file = _find(schema_name, using, file_id)
        _require_field(scope, file, "update", file_id)
        if not fetch(compile_delete(schema_name, Sql("f.id = %s::uuid", (file.id,))), using):
            _not_found(file_id)
    return file


def _find(schema_name: str, using: str, file_id: str) -> StoredFile:
    rows = fetch(compile_find(schema_name, file_id), using) if is_uuid(file_id) else []
    if not rows:
        _not_found(file_id)
    return StoredFile(*rows[0])


def _not_found(file_id: str) -> NoReturn:
    raise NotFound(f"There is no file with id {file_id[:64]}", path="fileId")


def _require_field(scope: Scope, file: StoredFile, verb: Any, asked: str) -> None:
    """The rights on a file are those on its field; files of a field that is gone are everybody's who may upload.

    One that may not be read answers as one that does not exist.
    """
    field_id = UUID(file.field_id)
    subject = next((each for each in scope.schema.objects if field_id in each.by_id), None)
    if subject is None:
        if not rights.may(scope.principal, UPLOAD_FLAG):
            _not_found(asked)
        return
    field = subject.by_id[field_id]
    if not may(scope, "read", subject) or not reads(scope, subject, field):
        _not_found(asked)
    require(scope, verb, subject)
    if verb != "read" and not writes(scope, field):
        raise denied(verb, subject, field)


# Downloading -----------------------------------------------------------------------------------------


def file_open(file_id: str, token: str) -> tuple[StoredFile, Iterator[bytes]]:
    """A file and its content in parts, for whoever has an address of it that is good still.

    Raises FileAccessDenied for any other token, NotFound for a file that was deleted.
    """
    parts = _TOKEN.fullmatch(token)
    if parts is None or not is_uuid(file_id):
        raise FileAccessDenied("The address of this file is not valid")
    file_id = file_id.lower()
    workspace = Workspace.objects.filter(id=parts[1], deleted_at=None).first()
    if workspace is None:
        raise FileAccessDenied("The address of this file is not valid")
    schema_name, using = workspace.database_schema, workspace.shard
    [(signature, is_over)] = fetch(compile_signature(schema_name, file_id, int(parts[2])), using)
    if not hmac.compare_digest(signature, parts[3]):
        raise FileAccessDenied("The address of this file is not valid")
    if is_over:
        raise FileAccessDenied("The address of this file has expired", hint="Read the record again.")
    file = _find(schema_name, using, file_id)
    return file, _content(schema_name, using, file)


def _content(schema_name: str, using: str, file: StoredFile) -> Iterator[bytes]:
    read = number = 0
    while read < file.size:
        rows = fetch(compile_content(schema_name, file.id, number), using)
        if not rows:  # deleted while it was read
            return
        content = bytes(rows[0][0])
        read, number = read + len(content), number + 1
        yield content


# Attaching -------------------------------------------------------------------------------------------


def attach_files(scope: Scope, subject: ObjectSchema, inputs: Sequence[RecordInput]) -> None:
    """Take the files that inputs name into use, and note their extensions. In the transaction of the write.

    Raises MissingReference, saying which record of a batch, for what was not uploaded for the field.
    """
    if not subject.files_fields:
        return
    values = [
        (record, field, value)
        for record in inputs
        for field in subject.files_fields
        if (value := record.values.get(field))
    ]
    if not values:
        return
    ids = sorted({file["fileId"] for _, _, value in values for file in value})
    rows = fetch(compile_use(scope.schema.schema_name, ids), scope.principal.workspace.shard)
    known = {(file_id, field_id): name for file_id, field_id, name in rows}
    for record, field, value in values:
        missing = [file["fileId"] for file in value if (file["fileId"], str(field.id)) not in known]
        if missing:
            fault = _missing(field, missing)
            raise about(fault, record.index) if len(inputs) > 1 else fault
        record.values[field] = [
            {**file, "extension": extension_of(known[file["fileId"], str(field.id)]) or extension_of(file["label"])}
            for file in value
        ]


def _missing(field: FieldSchema, ids: Sequence[str]) -> ApiError:
    return MissingReference(
        f"{field.name}: no file with id {', '.join(ids)} was uploaded for this field",
        hint="Upload it first: uploadFilesFieldFile on /metadata, or POST /rest/metadata/files.",
        path=field.name,
        details={"field": field.name, "missing": list(ids)},
    )


# Unused files ----------------------------------------------------------------------------------------


def files_sweep() -> int:
    """Delete the files that no record has had for UNUSED_DAYS, of all workspaces; how many there were."""
    return sum(_sweep(each) for each in Workspace.objects.filter(deleted_at=None).order_by("created_at"))


def _sweep(workspace: Workspace) -> int:
    schema_name, using = workspace.database_schema, workspace.shard
    if not fetch(compile_any(schema_name), using)[0][0]:
        return 0
    # Inactive fields and objects count too: their values come back with them.
    types = [each.name for each in field_types() if each.holds_files]
    fields = FieldMetadata.objects.filter(workspace=workspace, type__in=types)
    places = [(table_name(each.object_id), each.storage_key) for each in fields]
    fetch(compile_usage(schema_name, places), using, prepare=False)
    overdue = Sql(f"f.unused_since < now() - interval '{UNUSED_DAYS} days'")
    return len(fetch(compile_delete(schema_name, overdue), using))
