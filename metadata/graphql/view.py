"""`POST /metadata` (and GET for queries): HTTP around the schema.

Answers 200 for whatever was executed, its errors included, and 400 for what could not be: no JSON, no
document, a document or variables that do not fit the schema.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFault
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from graphene_django.views import GraphQLView
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
)

from config.errors import (
    ApiError,
    BodyTooLarge,
    ClientGone,
    DeadlineExceeded,
    Forbidden,
    GraphqlValidation,
    MethodNotAllowed,
    MissingToken,
    TooComplex,
)
from config.http import rights
from config.http.graphql_bounds import root_field_names, root_fields, root_title
from config.http.graphql_errors import api_error, error_json
from config.http.graphql_request import GraphqlRequest, graphql_response, read_request
from config.http.observability import note_operation, stage
from config.http.rendering import dumps
from config.http.request_kinds import READS_ONLY
from config.server.sqlstate import machine_error
from config.texts import refuse_nul
from metadata.graphql import resolvers
from metadata.graphql.cost import CountingExecution, check_cost
from metadata.graphql.document import MAX_KEPT_CHARACTERS, prepare
from metadata.graphql.parts import needed, public_fields
from metadata.graphql.rows import WorkspaceRows
from metadata.graphql.scalars import InvalidScalar
from metadata.graphql.schema import schema, shown_to

KEPT_INTROSPECTIONS = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """A response's status and its JSON."""

    status: int
    body: bytes


class MetadataView(GraphQLView):
    """graphene-django's view with this API's authentication, errors and status codes."""

    execution_context_class = CountingExecution

    def __init__(self, **options: Any) -> None:
        super().__init__(schema=schema(), **options)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = self._answer(request)
        response = graphql_response(request, answer.body, answer.status)
        refusal = getattr(request, "refusal", None)  # a sign-in that was one too many
        if refusal is not None:
            response["Retry-After"] = str(refusal.details["retryAfterSeconds"])
        return response

    def _answer(self, request: HttpRequest) -> Answer:
        try:
            asked = read_request(request, takes_files=True)
        except ApiError as fault:
            return _refusal(request, fault)
        try:
            with stage(request, "auth"):
                request.principal = import_string(settings.AUTHENTICATOR)(request)  # type: ignore[attr-defined]
        except ApiError as fault:
            public = self._public(request, asked)
            if public is not None:
                return public
            if isinstance(fault, MissingToken):
                return Answer(200, dumps({"errors": [error_json(Forbidden("Forbidden resource"))], "data": None}))
            return Answer(200, dumps({"errors": [error_json(fault)]}))
        except DatabaseFault as fault:
            return _refusal(request, fault)
        try:
            return self._execute(request, asked.query, asked.variables, asked.operation_name)
        except (ApiError, GraphQLError, RecursionError, DatabaseFault) as fault:
            return _refusal(request, fault)

    def _public(self, request: HttpRequest, asked: GraphqlRequest) -> Answer | None:
        """The answer of a valid document that asks for nothing but what everybody may have, token or not."""
        if not any(name in asked.query for name in public_fields()):
            return None
        try:
            prepared = prepare(asked.query)
            operation = prepared.operation(asked.operation_name)
            if prepared.errors or operation is None:
                return None
            named = root_field_names(operation, prepared.document) - {"__typename"}
            if not named or named - public_fields():
                return None
            if request.method != "POST" and operation.operation != OperationType.QUERY:
                raise MethodNotAllowed("Can only perform a mutation operation from a POST request.")
            request.principal = None  # type: ignore[attr-defined]
            return self._run(request, prepared.document, operation, asked.variables, asked.operation_name)
        except (ApiError, GraphQLError, RecursionError, DatabaseFault) as fault:
            return _refusal(request, fault)

    def _execute(self, request: HttpRequest, text: str, variables: Any, operation_name: str | None) -> Answer:
        with stage(request, "parse"):
            prepared = prepare(text)
        if prepared.errors:
            operation = prepared.operation(operation_name)
            return _denied(request, prepared.document, operation, prepared.errors) or Answer(
                400, dumps({"errors": [_error(request, each) for each in prepared.errors]})
            )
        refuse_nul(variables)
        operation = prepared.operation(operation_name)
        if operation is not None:
            names = [each.name.value for each in root_fields(operation, prepared.document)]
            note_operation(request, root_title(operation.operation.value, names))
        if operation is None:
            raise GraphqlValidation(
                f'Unknown operation named "{operation_name}".'
                if operation_name
                else "Must provide operation name if query contains multiple operations."
            )
        if request.method != "POST" and operation.operation != OperationType.QUERY:
            raise MethodNotAllowed("Can only perform a mutation operation from a POST request.")
        if operation.operation == OperationType.QUERY:
            request.META[READS_ONLY] = True
        if not _is_introspection(operation):
            return self._run(request, prepared.document, operation, variables, operation_name)
        shown = shown_to(request.principal)  # type: ignore[attr-defined]
        asked = json.dumps(variables, sort_keys=True, default=str)
        key = (id(shown), text, operation_name, asked)
        kept = _introspections.get(key)
        if kept is None or kept[0] is not shown:
            answer = self._run(request, prepared.document, operation, variables, operation_name, shown)
            if len(text) + len(asked) > MAX_KEPT_CHARACTERS:
                return answer
            kept = _introspections[key] = (shown, answer)
        return kept[1]

    def _run(
        self,
        request: HttpRequest,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Any,
        operation_name: str | None,
        shown: GraphQLSchema | None = None,
    ) -> Answer:
        """The answer of an operation; `shown` is the schema that introspection asks about."""
        principal = request.principal  # type: ignore[attr-defined]
        rows = request.rows = None if principal is None else WorkspaceRows(principal.workspace_id)  # type: ignore[attr-defined]
        request.locale = request.headers.get("X-Locale")  # type: ignore[attr-defined]
        with stage(request, "execute"):
            check_cost(self.schema.graphql_schema, document, operation, variables, rows)
            result = execute(
                self.schema.graphql_schema if shown is None else shown,
                document,
                context_value=request,
                variable_values=variables,
                operation_name=operation_name,
                execution_context_class=self.execution_context_class,
            )
        assert isinstance(result, ExecutionResult)
        if not result.errors:
            return Answer(200, dumps({"data": result.data}))
        if all(each.path is None for each in result.errors):  # before any field: the variables do not fit
            errors = [_error(request, each) for each in result.errors]
            return _denied(request, document, operation, result.errors) or Answer(400, dumps({"errors": errors}))
        for fault in result.errors:
            if isinstance(
                fault.original_error, TooComplex | DeadlineExceeded | ClientGone
            ):  # what was answered until then is of no use
                return Answer(200, dumps({"errors": [_error(request, fault)], "data": None}))
        errors = [_error(request, each) for each in _first_of_each_root(result.errors)]
        return Answer(200, dumps({"errors": errors, "data": result.data}))


def _denied(
    request: HttpRequest,
    document: DocumentNode,
    operation: OperationDefinitionNode | None,
    faults: Sequence[GraphQLError],
) -> Answer | None:
    """The refusal of a document whose only fault is in its values (an id that is none), when the caller may not use
    a root field of it: what is wrong with the values is nothing to them."""
    if operation is None or any(_scalar_fault(each) is None for each in faults):
        return None
    principal = request.principal  # type: ignore[attr-defined]
    errors = []
    for node in root_fields(operation, document):
        lacking = [flags for flags in needed(resolvers).get(node.name.value, ()) if not rights.may(principal, *flags)]
        if lacking:
            error = error_json(rights.lacking(lacking[0][0]))
            errors.append({**error, "path": [(node.alias or node.name).value]})
    return Answer(200, dumps({"errors": errors, "data": None})) if errors else None


# Errors ----------------------------------------------------------------------------------------------


def _refusal(request: HttpRequest, fault: Exception) -> Answer:
    """A request that reaches no field."""
    error = fault if isinstance(fault, ApiError) else machine_error(fault)
    if error is None:
        status = 500 if isinstance(fault, DatabaseFault) else 400
    else:
        status = error.status if isinstance(error, MethodNotAllowed | BodyTooLarge) or error.status >= 500 else 400
    return Answer(status, dumps({"errors": [_error(request, fault)]}))


def _error(request: HttpRequest, fault: Exception) -> dict[str, Any]:
    """One member of `errors`, with the path of the field that it comes from."""
    request_id = getattr(request, "request_id", None)
    scalar = _scalar_fault(fault)
    if scalar is not None:
        return error_json(
            GraphqlValidation(
                scalar.message,
                extensions={"http": {"status": 400}, "value": scalar.value},
                user_message=scalar.user_message,
            )
        )
    error = error_json(api_error(fault, request_id), request_id)
    if isinstance(fault, GraphQLError) and fault.path is not None:
        error["path"] = fault.path
    return error


def _first_of_each_root(faults: Sequence[GraphQLError]) -> list[GraphQLError]:
    """One fault per root field: what fails below it mostly fails again and again for one reason."""
    firsts: dict[Any, GraphQLError] = {}
    for fault in faults:
        firsts.setdefault(fault.path[0] if fault.path else None, fault)
    return list(firsts.values())


def _scalar_fault(fault: Exception | None) -> InvalidScalar | None:
    """The scalar's own complaint inside the sentences that graphql-core wraps around it."""
    while fault is not None and not isinstance(fault, InvalidScalar):
        fault = fault.original_error if isinstance(fault, GraphQLError) else None
    return fault


# Introspection ---------------------------------------------------------------------------------------


def _is_introspection(operation: OperationDefinitionNode) -> bool:
    """Whether the operation asks of the schema only, plainly at its root."""
    return operation.operation == OperationType.QUERY and all(
        isinstance(node, FieldNode) and node.name.value in {"__schema", "__type", "__typename"}
        for node in operation.selection_set.selections
    )


class _KeptAnswers(OrderedDict[tuple[Any, ...], tuple[GraphQLSchema, Answer]]):
    """Answers by what is asked, each with the schema it tells of; beyond KEPT_INTROSPECTIONS the oldest goes."""

    def __setitem__(self, key: tuple[Any, ...], kept: tuple[GraphQLSchema, Answer]) -> None:
        super().__setitem__(key, kept)
        while len(self) > KEPT_INTROSPECTIONS:
            self.popitem(last=False)


_introspections = _KeptAnswers()  # by schema, document, operation and variables
