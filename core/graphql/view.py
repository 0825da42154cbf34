"""`/graphql`: the record API over HTTP, as a view of graphene-django's.

Follows the GraphQL-over-HTTP draft: with `application/graphql-response+json` a request that was not
executed has its error's status, with `application/json` it is 200. A body that cannot be read is an
HTTP error either way.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config.errors import (
    ApiError,
    AppVersionMismatch,
    GraphqlValidation,
    MethodNotAllowed,
    MissingToken,
    NotAuthenticatedForRecords,
    UnknownObject,
)
from config.http.confirming import allow_late, confirm
from config.http.graphql_door import GraphqlDoor, begin_operation, request_id
from config.http.graphql_errors import api_error, error_json
from config.http.graphql_request import (
    GraphqlRequest,
    compressed_response,
    graphql_response,
    wants_response_type,
)
from config.http.observability import note_operation, stage
from config.http.rendering import dumps
from config.principal import Principal
from core.graphql.answer import record_api
from core.graphql.parse import parse_document
from core.replay import HEADER as IDEMPOTENCY_KEY
from core.replay import respond_once

_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?=[-+]|$)", re.ASCII)  # of semver.org


class RecordGraphQLView(GraphqlDoor):
    """One request: compile, answer. Needs no schema: each workspace has its own."""

    confirms_late = True

    def answer(self, request: HttpRequest, asked: GraphqlRequest, principal: Principal) -> HttpResponse:
        """The response. Raises the ApiError of a request that is not executed.

        A mutation with an `Idempotency-Key` is executed once, and its response kept with what its fields wrote,
        the errors of single fields too.
        """
        api = record_api(principal)
        try:
            with stage(request, "compile"):
                document = api.document(asked.query, asked.operation_name)
                note_operation(request, document.title, document.object_name)
            begin_operation(request, is_query=document.kind == "query")
            if document.kind == "query":
                allow_late()
            elif IDEMPOTENCY_KEY in request.META:
                confirm()
        except (GraphqlValidation, UnknownObject) as fault:
            _check_client(request, api.schema.version)
            if isinstance(fault, UnknownObject):
                raise api.suggest(principal, fault) from fault
            raise
        if wants_response_type(request):
            api.check_variables(document, asked.variables)

        def work() -> HttpResponse:
            try:
                with stage(request, "records"):
                    if "gzip" in request.headers.get("Accept-Encoding", ""):
                        packed = api.packed(principal, document, asked.variables)
                        if packed is not None:
                            return compressed_response(request, packed)
                    body = api.answer(principal, document, asked.variables, request_id(request))
            except (GraphqlValidation, UnknownObject):
                _check_client(request, api.schema.version)
                raise
            return graphql_response(request, body)

        if document.kind == "mutation" and IDEMPOTENCY_KEY in request.META:
            sent = dumps([asked.query, asked.operation_name, asked.variables])
            return respond_once(request, principal, sent, work, lambda fault: self.refuse(request, fault))
        return work()

    def answer_stranger(self, request: HttpRequest, asked: GraphqlRequest, fault: ApiError) -> HttpResponse:
        if not isinstance(fault, MissingToken):
            raise fault
        return graphql_response(request, answer_anonymous(asked))

    def refusal(self, request: HttpRequest, fault: Exception, is_read: bool) -> tuple[list[dict[str, object]], int]:
        error = api_error(fault, request_id(request))
        has_status = not is_read or wants_response_type(request) or isinstance(error, MethodNotAllowed)
        errors = [error_json(each, request_id(request)) for each in (error, *error.others)]
        return errors, error.status if has_status else 200


def answer_anonymous(asked: GraphqlRequest) -> bytes:
    """What a caller without a token may ask: nothing but `__typename`."""
    source = parse_document(asked.query, asked.operation_name)
    if source.record_fields:
        fields = ", ".join(dict.fromkeys(source.record_fields))
        raise NotAuthenticatedForRecords(f"Unauthenticated: no workspace resolved for fields {fields}")
    for node in source.root_nodes:
        if node.name.value != "__typename":
            raise GraphqlValidation(
                "GraphQL introspection has been disabled, but the requested query contained the field"
                f' "{node.name.value}".'
            )
    root_name = source.operation.operation.value.capitalize()
    return dumps({"data": {(node.alias or node.name).value: root_name for node in source.root_nodes}})


# Refusing --------------------------------------------------------------------------------------------


def _check_client(request: HttpRequest, version: int) -> None:
    """A client that says which server or data model it was made for is told when it is older than this one."""
    if _is_older(request.headers.get("X-App-Version", "")):
        raise AppVersionMismatch("App version mismatch.")
    known = request.headers.get("X-Schema-Version")
    if known is not None and known.strip() != str(version):
        raise GraphqlValidation(
            "Schema version mismatch.",
            user_message="Your workspace has been updated with a new data model. Please refresh the page.",
        )


def _is_older(app_version: str) -> bool:
    """Whether `1.2.3` is older than this server; what is no version says nothing."""
    found = _VERSION.match(app_version.strip())
    return found is not None and tuple(map(int, found.groups())) < settings.VERSION
