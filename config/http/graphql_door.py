"""The door of both GraphQL endpoints: a request is read, its caller found, and it is answered or refused, in one place.

What a document may ask for is counted by `config.http.graphql_bounds`; how errors look is `config.http.graphql_errors`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import ClassVar, Generic, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from graphene_django.views import GraphQLView

from config.errors import ApiError, MethodNotAllowed
from config.http.confirming import confirmed
from config.http.graphql_request import GraphqlRequest, graphql_response, read_request
from config.http.observability import stage
from config.http.rendering import dumps
from config.http.request_kinds import READS_ONLY
from config.principal import Principal

KEPT_DOCUMENTS = 256
LONGEST_KEPT = 20_000  # characters of a document; longer ones carry their data inline and do not come again

Value = TypeVar("Value")


class GraphqlDoor(GraphQLView):
    """graphene-django's view without its set-up: each endpoint has its own schema, errors and statuses."""

    takes_files: ClassVar[bool] = False
    confirms_late: ClassVar[bool] = False  # its first statement may find out who asks (`config.http.confirming`)

    def __init__(self, **_options: object) -> None:
        """graphene-django's set-up is for one schema that never changes."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """One request:

        1. read what is asked (`config.http.graphql_request`)
        2. authenticate; who has no token is answered by `answer_stranger`
        3. `answer`

        What any step raises is answered by `refuse`.
        """
        try:
            asked = read_request(request, takes_files=self.takes_files)
        except Exception as fault:
            return self.refuse(request, fault, is_read=False)
        try:
            if self.confirms_late:
                return confirmed(request, lambda: self._enter(request, asked))
            return self._enter(request, asked)
        except Exception as fault:
            return self.refuse(request, fault)

    def _enter(self, request: HttpRequest, asked: GraphqlRequest) -> HttpResponse:
        try:
            with stage(request, "auth"):
                principal: Principal = import_string(settings.AUTHENTICATOR)(request)
        except ApiError as fault:
            return self.answer_stranger(request, asked, fault)
        return self.answer(request, asked, principal)

    def answer(self, request: HttpRequest, asked: GraphqlRequest, principal: Principal) -> HttpResponse:
        """The response. Raises what a request is refused for that reaches no field."""
        raise NotImplementedError

    def answer_stranger(self, request: HttpRequest, asked: GraphqlRequest, fault: ApiError) -> HttpResponse:
        """What somebody gets who was not authenticated, because of `fault`, or the fault."""
        raise fault

    def refusal(self, request: HttpRequest, fault: Exception, is_read: bool) -> tuple[list[dict[str, object]], int]:
        """What `errors` says of a request that reaches no field, and its status. Raises what is not its to answer."""
        raise NotImplementedError

    def refuse(self, request: HttpRequest, fault: Exception, *, is_read: bool = True) -> HttpResponse:
        errors, status = self.refusal(request, fault, is_read)
        return graphql_response(request, dumps({"errors": errors}), status)


def check_method(request: HttpRequest, *, is_query: bool) -> None:
    """Refuse an operation that changes something and came by GET. Raises MethodNotAllowed."""
    if not is_query and request.method != "POST":
        raise MethodNotAllowed("Can only perform a mutation operation from a POST request.")


def begin_operation(request: HttpRequest, *, is_query: bool) -> None:
    """What `check_method` does, and note that a query's statements only read."""
    check_method(request, is_query=is_query)
    if is_query:
        request.META[READS_ONLY] = True


def request_id(request: HttpRequest) -> str | None:
    return getattr(request, "request_id", None)


class Kept(Generic[Value]):
    """Answers by what was asked, `size` of them; beyond that the oldest goes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        kept = self._values.get(key)
        if kept is None:
            kept = self._values[key] = make()
            while len(self._values) > self.size:
                self._values.popitem(last=False)
        return kept
