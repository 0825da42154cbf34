"""`POST /metadata` (and GET for queries): HTTP around the schema.

Answers 200 for whatever was executed, its errors included, and 400 for what could not be: no JSON, no
document, a document or variables that do not fit the schema.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseFault
from django.http import HttpRequest, HttpResponse
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
from config.http.graphql_door import LONGEST_KEPT, GraphqlDoor, Kept, begin_operation, check_method, request_id
from config.http.graphql_errors import api_error, error_json
from config.http.graphql_request import GraphqlRequest, graphql_response
from config.http.observability import note_operation, stage
from config.http.rendering import dumps
from config.principal import Principal
from config.server.sqlstate import machine_error
from config.texts import refuse_nul
from metadata.graphql import resolvers
from metadata.graphql.cost import CountingExecution, check_cost
from metadata.graphql.document import prepare
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


class MetadataView(GraphqlDoor):
    """Runs documents against the one schema, with this API's errors and status codes."""

    takes_files = True
    execution_context_class = CountingExecution

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = super().dispatch(request, *args, **kwargs)
        refusal = getattr(request, "refusal", None)  # a sign-in that was one too many
        if refusal is not None:
            response["Retry-After"] = str(refusal.details["retryAfterSeconds"])
        return response

    def answer(self, request: HttpRequest, asked: GraphqlRequest, principal: Principal) -> HttpResponse:
        request.principal = principal  # type: ignore[attr-defined]
        answer = self._execute(request, asked.query, asked.variables, asked.operation_name)
        return graphql_response(request, answer.body, answer.status)

    def answer_stranger(self, request: HttpRequest, asked: GraphqlRequest, fault: ApiError) -> HttpResponse:
        public = self._public(request, asked)
        if public is not None:
            return graphql_response(request, public.body, public.status)
        if isinstance(fault, MissingToken):
            return graphql_response(
                request, dumps({"errors": [error_json(Forbidden("Forbidden resource"))], "data": None})
            )
        return graphql_response(request, dumps({"errors": [error_json(fault)]}))

    def refusal(self, request: HttpRequest, fault: Exception, is_read: bool) -> tuple[list[dict[str, object]], int]:
        if not isinstance(fault, ApiError | GraphQLError | RecursionError | DatabaseFault):
            raise fault
        error = fault if isinstance(fault, ApiError) else machine_error(fault)
        if error is None:
            status = 500 if isinstance(fault, DatabaseFault) else 400
        else:
            status = error.status if isinstance(error, MethodNotAllowed | BodyTooLarge) or error.status >= 500 else 400
        return [_error(request, fault)], status

    def _public(self, request: HttpRequest, asked: GraphqlRequest) -> Answer | None:
        """The answer of a valid document that asks for nothing but what everybody may have, token or not."""
        if not any(name in asked.query for name in public_fields()):
            return None
        prepared = prepare(asked.query)
        operation = prepared.operation(asked.operation_name)
        if prepared.errors or operation is None:
            return None
        named = root_field_names(operation, prepared.document) - {"__typename"}
        if not named or named - public_fields():
            return None
        check_method(request, is_query=operation.operation == OperationType.QUERY)
        request.principal = None  # type: ignore[attr-defined]
        return self._run(request, prepared.document, operation, asked.variables, asked.operation_name)

    def _execute(self, request: HttpRequest, text: str, variables: object, operation_name: str | None) -> Answer:
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
        begin_operation(request, is_query=operation.operation == OperationType.QUERY)
        if not _is_introspection(operation):
            return self._run(request, prepared.document, operation, variables, operation_name)
        shown = shown_to(request.principal)  # type: ignore[attr-defined]
        asked = json.dumps(variables, sort_keys=True, default=str)

        def make() -> tuple[GraphQLSchema, Answer]:
            return shown, self._run(request, prepared.document, operation, variables, operation_name, shown)

        if len(text) + len(asked) > LONGEST_KEPT:
            return make()[1]
        return _introspections.get((id(shown), text, operation_name, asked), make)[1]

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
            check_cost(schema().graphql_schema, document, operation, variables, rows)
            result = execute(
                schema().graphql_schema if shown is None else shown,
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


def _error(request: HttpRequest, fault: Exception) -> dict[str, object]:
    """One member of `errors`, with the path of the field that it comes from."""
    scalar = _scalar_fault(fault)
    if scalar is not None:
        return error_json(
            GraphqlValidation(
                scalar.message,
                extensions={"http": {"status": 400}, "value": scalar.value},
                user_message=scalar.user_message,
            )
        )
    error = error_json(api_error(fault, request_id(request)), request_id(request))
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


# By schema, document, operation and variables; the schema is kept too, so that its id stays its own.
_introspections: Kept[tuple[GraphQLSchema, Answer]] = Kept(KEPT_INTROSPECTIONS)
