"""GraphQL over HTTP for both GraphQL APIs: what a request asks, and the media type it is answered in.

Follows the GraphQL-over-HTTP draft, and the GraphQL multipart request specification for files. Bodies are read
whatever usual kind they are of: real clients send JSON as text or as a form, and multipart requests without a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import SuspiciousMultipartForm, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError

from config.errors import BadRequest, BodyTooLarge, MethodNotAllowed, Unavailable
from config.http.bounds import MAX, check_count
from config.http.rendering import BOM, JSON_CONTENT_TYPE, read_body, read_json

RESPONSE_TYPE = "application/graphql-response+json"
_FORM = "application/x-www-form-urlencoded"
_PIECE_BYTES = 16 * 1024
_REPLACED = "\ufffd"  # what Django's reader of forms puts in the place of bytes that are no UTF-8


@dataclass(frozen=True, slots=True)
class GraphqlRequest:
    """A document, which of its operations, and its variables."""

    query: str
    operation_name: str | None
    variables: Mapping[str, object] | None


def read_request(request: HttpRequest, *, takes_files: bool = False) -> GraphqlRequest:
    """What a POST's body or a GET's query string asks; files of a multipart body stand in the variables.

    `takes_files` is said for /metadata alone, whose bodies are smaller.

    Raises MethodNotAllowed, BodyTooLarge, MalformedBody, BadRequest.
    """
    if request.method == "POST":
        given = _read_post(request, takes_files)
    elif request.method in ("GET", "HEAD"):
        given = _parameters(request)
    else:
        raise MethodNotAllowed("GraphQL only supports GET and POST requests.")
    if isinstance(given, list):
        raise BadRequest("Batching is not supported.")
    if not isinstance(given, Mapping):
        raise BadRequest("The body must be a JSON object with a query.")
    query = given.get("query")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("Must provide query string.")
    operation_name = given.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadRequest("operationName must be a string.")
    _object(given, "extensions")  # nothing is known by them
    return GraphqlRequest(query, operation_name or None, _object(given, "variables"))


def _read_post(request: HttpRequest, takes_files: bool) -> object:
    is_multipart = request.content_type == "multipart/form-data"
    largest = MAX.metadata_bytes if takes_files else settings.MAX_BODY_BYTES
    if is_multipart and takes_files:
        largest = settings.MAX_UPLOAD_BYTES
    nodes = MAX.metadata_nodes if takes_files else None
    if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
        raise BodyTooLarge(f"Body is larger than {largest} bytes")
    if is_multipart:
        _check_form(request)
        operations = request.POST.get("operations")  # the request's JSON, where files come beside it
        if operations is None:
            return request.POST
        asked = read_json(operations.encode(), nodes)
        if takes_files and "map" in request.POST:
            _place_files(asked, read_json(request.POST["map"].encode(), nodes), request.FILES)
        return asked
    body = read_body(request, largest).removeprefix(BOM)
    if request.content_type == "application/graphql":
        return {"query": _unicode(body)}
    if request.content_type == _FORM and not body.lstrip().startswith((b"{", b"[")):
        return _read_form(body)
    return read_json(body, nodes) if body.strip() else _parameters(request)


def _parameters(request: HttpRequest) -> QueryDict:
    return _read_form(request.META.get("QUERY_STRING", "").encode("latin-1", "replace"))


def _read_form(text: bytes) -> QueryDict:
    """The parameters of a query string or form, with what is not Unicode refused rather than replaced."""
    check_count(text.count(b"&") + 1, MAX.query_parameters, "parameters")
    given = QueryDict(mutable=True)
    for pair in text.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            given.appendlist(_unquoted(name), _unquoted(value))
    return given


def _unquoted(text: bytes) -> str:
    """A name or value of a form, in pieces: of one as long as a body may be, the standard library makes a list of
    eighty times its size."""
    text = text.replace(b"+", b" ")
    pieces: list[bytes] = []
    start = 0
    while start < len(text):
        end = start + _PIECE_BYTES
        escape = text.find(b"%", end - 2, end)  # one of three bytes that the end would cut
        end = end if escape < 0 else escape
        pieces.append(unquote_to_bytes(text[start:end]))
        start = end
    return _unicode(b"".join(pieces))


def _unicode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise BadRequest("The request is no valid UTF-8") from None


def _check_form(request: HttpRequest) -> None:
    """Have a multipart body read; one that cannot be is refused as the other bodies are."""
    try:
        request.POST  # noqa: B018 - Django reads it when it is first asked for
    except (MultiPartParserError, SuspiciousMultipartForm, TooManyFieldsSent, TooManyFilesSent) as fault:
        raise BadRequest(f"The form cannot be read: {fault}") from None
    if any(_REPLACED in text for texts in request.POST.lists() for text in (texts[0], *texts[1])):
        raise BadRequest("The form is no valid UTF-8")  # or holds the character that stands for what is not


def _place_files(asked: object, places: object, files: Mapping[str, object]) -> None:
    """Put each file where `places` says: `{"0": ["variables.file"]}`."""
    if not isinstance(places, Mapping) or not all(isinstance(paths, list) for paths in places.values()):
        raise BadRequest('The map of files must look like {"0": ["variables.file"]}.', path="map")
    for key, paths in places.items():
        if key not in files:
            raise BadRequest(f'The body has no file "{key}", which its map names.', path="map")
        for path in paths:
            _place(asked, path, files[key])


def _place(asked: Any, path: object, file: object) -> None:
    *parents, last = path.split(".") if isinstance(path, str) else [""]
    holder = asked
    try:
        if parents[:1] != ["variables"]:
            raise KeyError
        for parent in parents:
            holder = holder[int(parent) if isinstance(holder, list) else parent]
        place = int(last) if isinstance(holder, list) else last
        if holder[place] is not None:
            raise KeyError
        holder[place] = file
    except (KeyError, IndexError, ValueError, TypeError):
        raise BadRequest(f"The map of files names {path!r}, which is no variable that is null.", path="map") from None


def _object(given: Mapping[str, object], name: str) -> Mapping[str, object] | None:
    """A parameter that is an object; in query strings and forms its JSON text."""
    value = given.get(name)
    if isinstance(given, QueryDict) and isinstance(value, str):
        value = read_json(value.encode()) if value.strip() else None
    if value is not None and not isinstance(value, Mapping):
        raise BadRequest(f"{name.capitalize()} must be a JSON object.")
    return value


# Answering -------------------------------------------------------------------------------------------


def wants_response_type(request: HttpRequest) -> bool:
    """Whether the caller understands GraphQL's own media type, and with it the statuses of refusals."""
    return accepts_response_type(request.headers.get("Accept", ""))


def graphql_response(request: HttpRequest, body: bytes, status: int = 200) -> HttpResponse:
    """The answer in the media type asked for."""
    content_type = f"{RESPONSE_TYPE}; charset=utf-8" if wants_response_type(request) else JSON_CONTENT_TYPE
    response = HttpResponse(body, status=status, content_type=content_type)
    if status == 405:
        response["Allow"] = "GET, POST" if request.method not in ("GET", "POST") else "POST"
    elif status == 503:
        response["Retry-After"] = str(Unavailable.retry_after_s)
    return response


def compressed_response(request: HttpRequest, packed: bytes) -> HttpResponse:
    """An answer that is kept as gzip, for a client that takes it so (RFC 9110 §8.4)."""
    response = graphql_response(request, packed)
    response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    return response


@lru_cache(maxsize=256)
def accepts_response_type(accept: str) -> bool:
    """Whether an Accept header prefers GraphQL's own media type to JSON (RFC 9110 §12.5.1).

    >>> accepts_response_type("application/graphql-response+json, application/json;q=0.9")
    True
    >>> accepts_response_type("application/json"), accepts_response_type("*/*")
    (False, False)
    """
    weights = {"application/json": 0.0, RESPONSE_TYPE: 0.0}
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media_type in weights:
            weights[media_type] = _weight(parameters)
    return weights[RESPONSE_TYPE] > 0 and weights[RESPONSE_TYPE] >= weights["application/json"]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
