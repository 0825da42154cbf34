"""Exports and imports: files of any length, in little memory.

A fault in the middle of an export leaves a last line that no reader of the format accepts (see
`core.transfer.exporting`). An import answers what it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from config.errors import BadRequest, BodyTooLarge
from config.http.rendering import JSON_CONTENT_TYPE, dumps
from config.principal import Principal
from core.query import ir
from core.replay import HEADER as IDEMPOTENCY_KEY
from core.rest.parameters import Asked
from core.transfer.exporting import CONTENT_TYPES, Format, export_records, file_name
from core.transfer.importing import Options, import_records
from core.transfer.reading import Body, buffered
from metadata.schema import ObjectSchema, WorkspaceSchema

_BY_CONTENT_TYPE: Mapping[str, Format] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/jsonl": "jsonl",
}


def export_file(
    principal: Principal, schema: WorkspaceSchema, subject: ObjectSchema, asked: Asked
) -> StreamingHttpResponse:
    form = cast(Format, asked.format or "csv")
    query = ir.Find(subject.singular, ir.Everything(only=asked.fields), asked.filter, asked.order, asked.page(None))
    separator = asked.separator or ","
    pieces = export_records(principal, schema, query, form, separator=separator, is_safe=asked.is_safe)
    response = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[form])
    name = file_name(subject.plural, form, is_safe=asked.is_safe)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def import_file(
    request: HttpRequest, principal: Principal, schema: WorkspaceSchema, subject: ObjectSchema, asked: Asked
) -> HttpResponse:
    if IDEMPOTENCY_KEY in request.META:
        raise BadRequest(
            "An import takes no Idempotency-Key",
            hint="With upsert=true it can be repeated.",
            path="Idempotency-Key",
        )
    options = Options(
        _form(request, asked),
        upsert=asked.upsert,
        dry_run=asked.dry_run,
        separator=asked.separator,
        is_safe=asked.is_safe,
        goes_on=asked.goes_on,
    )
    body = buffered(Body(request, _announced(request)))
    report = import_records(principal, schema, subject.singular, body, options)
    return HttpResponse(dumps({"data": {"import": report.as_json()}}), content_type=JSON_CONTENT_TYPE)


def _form(request: HttpRequest, asked: Asked) -> Format:
    named = cast(Format | None, asked.format)
    form = named or _BY_CONTENT_TYPE.get((request.content_type or "").lower())
    if form is None:
        raise BadRequest(
            "The format of the file is not known",
            hint="Send Content-Type: text/csv or application/x-ndjson, or format=csv or format=jsonl.",
            path="format",
        )
    return form


def _announced(request: HttpRequest) -> int | None:
    """How long the body will be; None for one in chunks."""
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return None
    text = request.META.get("CONTENT_LENGTH") or "0"
    length = int(text) if text.isdigit() else 0
    if length > settings.MAX_IMPORT_BYTES:
        raise BodyTooLarge(f"Body is larger than {settings.MAX_IMPORT_BYTES} bytes")
    return length
