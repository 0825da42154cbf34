"""Errors as the two GraphQL APIs answer them: one shape, made of `config.errors` alone.

`{"message": …, "extensions": {"code": …, "subCode": …, "userFriendlyMessage": …}}` — no `path` and no
`locations`, which clients compare against. What else an error knows (`hint`, `path`, further members)
stands inside `extensions`.
"""

from __future__ import annotations

import logging

from graphql import GraphQLError, GraphQLSyntaxError

from config.errors import ApiError, GraphqlSyntax, GraphqlValidation, Internal, bounded
from config.http.exceptions import as_api_error
from config.http.observability import note_fault

logger = logging.getLogger(__name__)


def error_json(error: ApiError, request_id: str | None = None) -> dict[str, object]:
    """One member of `errors`; faults of ours carry the request's id, under which the log has them."""
    note_fault(error)
    extensions: dict[str, object] = {"code": error.graphql_code}
    if error.sub_code is not None:
        extensions["subCode"] = error.sub_code
    extensions["userFriendlyMessage"] = error.user_message
    if error.hint is not None:
        extensions["hint"] = error.hint
    if error.path is not None:
        extensions["path"] = error.path
    if error.extensions:
        extensions.update(bounded(error.extensions))
    if request_id is not None and isinstance(error, Internal):
        extensions["requestId"] = request_id
    return {"message": error.message, "extensions": extensions}


def api_error(fault: BaseException, request_id: str | None = None) -> ApiError:
    """Whatever was raised as an error that may be shown; the unexpected is logged and keeps its text to itself."""
    if isinstance(fault, ApiError):
        return fault
    if isinstance(fault, GraphQLSyntaxError):
        return GraphqlSyntax(fault.message)
    if isinstance(fault, GraphQLError):
        if fault.original_error is None or isinstance(fault.original_error, GraphQLError):
            return GraphqlValidation(fault.message.replace("'", '"'))  # the quotes clients match against
        return api_error(fault.original_error, request_id)
    error = as_api_error(fault)
    if isinstance(error, Internal):
        logger.error("unexpected fault in a GraphQL request", exc_info=fault, extra={"request_id": request_id})
    return error
