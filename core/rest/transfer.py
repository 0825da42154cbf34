"""`GET /rest/{objects}/export` and `POST /rest/{objects}/import`: files of any length, in little memory.

A fault in the middle of an export leaves a last line that no reader of the format accepts (see
`core.transfer.exporting`). An import answers what it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from config.errors import BadRequest, BodyTooLarge, MethodNotAllowed
from config.http.ignored import HEADER, header_text
from config.observability import stage
from config.principal import Principal
from config.rendering import JSON_CONTENT_TYPE, dumps
from core.query import ir
from core.query.names import Scope
from core.replay import HEADER as IDEMPOTENCY_KEY
from core.rest.parameters import (
    ON_ERROR,
    Limits,
    Route,
    ignored_parameters,
    read_choice,
    read_fields,
    read_filter,
    read_flag,
    read_limit,
    read_order,
)
from core.rest.query_string import Parameters, joined, read_query_string, single
from core.rest.views import RecordsView, find_object
from core.transfer.exporting import CONTENT_TYPES, Format, export_records, file_name
from core.transfer.importing import Options, import_records
from core.transfer.reading import SEPARATORS, Body, buffered
from metadata.cache import load_schema
from metadata.schema import ObjectSchema, WorkspaceSchema

FORMATS = ("csv", "jsonl")
_BY_CONTENT_TYPE: Mapping[str, Format] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/jsonl": "jsonl",
}
_ANY_NUMBER = Limits(0, 10**9)


class _TransferView(RecordsView):
    """What both share: who asks, for which object, with which parameters."""

    operation: str
    methods: tuple[str, ...]

    def respond(self, request: HttpRequest) -> HttpResponseBase:
        principal = self.caller(request)
        if request.method not in self.methods:
            allowed = {"allow": [self.methods[0]]}
            raise MethodNotAllowed(f"Method {request.method} is not allowed here", details=allowed)
        plural = self.kwargs["plural"]
        parameters = read_query_string(request.META.get("QUERY_STRING", ""))
        ignored = ignored_parameters(Route(self.operation, plural), parameters)
        with stage(request, "schema"):
            schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
            subject = find_object(Scope(schema, principal), plural)
        response = self.transfer(request, principal, schema, subject, parameters)
        if ignored:
            response[HEADER] = header_text(ignored)
        return response

    def transfer(
        self,
        request: HttpRequest,
        principal: Principal,
        schema: WorkspaceSchema,
        subject: ObjectSchema,
        parameters: Parameters,
    ) -> HttpResponseBase:
        raise NotImplementedError


class ExportView(_TransferView):
    operation = "export"
    methods = ("GET", "HEAD")

    def transfer(
        self,
        request: HttpRequest,
        principal: Principal,
        schema: WorkspaceSchema,
        subject: ObjectSchema,
        parameters: Parameters,
    ) -> HttpResponseBase:
        form = cast(Format, read_choice(parameters, "format", FORMATS) or "csv")
        query = ir.Find(
            subject.singular,
            ir.Everything(only=read_fields(parameters)),
            read_filter(parameters),
            read_order(single(parameters, "order_by"), "order_by"),
            ir.Page(read_limit(parameters, _ANY_NUMBER) if joined(parameters, "limit") else None),
        )
        is_safe, separator = read_flag(parameters, "safe"), _separator(parameters) or ","
        with stage(request, "records"):
            pieces = export_records(principal, schema, query, form, separator=separator, is_safe=is_safe)
        response = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[form])
        name = file_name(subject.plural, form, is_safe=is_safe)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


class ImportView(_TransferView):
    operation = "import"
    methods = ("POST",)

    def transfer(
        self,
        request: HttpRequest,
        principal: Principal,
        schema: WorkspaceSchema,
        subject: ObjectSchema,
        parameters: Parameters,
    ) -> HttpResponseBase:
        if IDEMPOTENCY_KEY in request.META:
            raise BadRequest(
                "An import takes no Idempotency-Key",
                hint="With upsert=true it can be repeated.",
                path="Idempotency-Key",
            )
        options = Options(
            _form(request, parameters),
            upsert=read_flag(parameters, "upsert"),
            dry_run=read_flag(parameters, "dry_run"),
            separator=_separator(parameters),
            is_safe=read_flag(parameters, "safe"),
            goes_on=read_choice(parameters, "on_error", ON_ERROR) == "continue",
        )
        body = buffered(Body(request, _announced(request)))
        with stage(request, "records"):
            report = import_records(principal, schema, subject.singular, body, options)
        return HttpResponse(dumps({"data": {"import": report.as_json()}}), content_type=JSON_CONTENT_TYPE)


def _separator(parameters: Parameters) -> str | None:
    """The separator that is named, or written as it is; None when it is absent."""
    text = joined(parameters, "separator")
    if text in SEPARATORS.values():
        return text
    name = read_choice(parameters, "separator", tuple(SEPARATORS))
    return None if name is None else SEPARATORS[name]


def _form(request: HttpRequest, parameters: Parameters) -> Literal["csv", "jsonl"]:
    named = read_choice(parameters, "format", FORMATS)
    form = cast(Format, named) if named else _BY_CONTENT_TYPE.get((request.content_type or "").lower())
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
