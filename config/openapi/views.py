"""`/rest/open-api/core` and `/rest/open-api/metadata`, also as `.yaml`: always 200, or 304.

A token counts only in the `Authorization` header. Whatever is wrong with it, the answer is the document
of someone without one.
"""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from config.errors import ApiError, MethodNotAllowed
from config.http.refusals import refused
from config.http.server_url import server_url
from config.openapi.document import Name, Syntax, Variant, document_bytes
from config.principal import Principal

CONTENT_TYPES = {"json": "application/json; charset=utf-8", "yaml": "application/yaml; charset=utf-8"}
MAX_NAMES = 200  # of `objects`


@csrf_exempt  # what else is sent here is refused as the APIs refuse it
def open_api(request: HttpRequest, name: Name, syntax: Syntax = "json") -> HttpResponseBase:
    if request.method not in ("GET", "HEAD"):
        fault = MethodNotAllowed(f"Method {request.method} is not allowed here", details={"allow": ["GET", "HEAD"]})
        return refused(request, fault)
    return answer(request, _principal(request), name, syntax)


def answer(
    request: HttpRequest, principal: Principal | None, name: Name, syntax: Syntax, *, nests: bool = True
) -> HttpResponse:
    """The document in the form the request asks for, or 304 when the client has it already."""
    kept = document_bytes(principal, replace(_variant(request, name, syntax), nests=nests))
    is_compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    etag = f'"{kept.digest}-gzip"' if is_compressed else f'"{kept.digest}"'  # RFC 9110 §8.8.3.3: one per coding
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponse
    if etag in [each.removeprefix("W/") for each in known] or "*" in known:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(kept.compressed if is_compressed else kept.plain(), content_type=CONTENT_TYPES[syntax])
        if is_compressed:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Authorization, Accept-Encoding"
    return response


def _principal(request: HttpRequest) -> Principal | None:
    try:
        principal: Principal = import_string(settings.AUTHENTICATOR)(request)
    except ApiError:
        return None
    return principal


def _variant(request: HttpRequest, name: Name, syntax: Syntax) -> Variant:
    """Parameters it cannot read mean their default: this address always answers the document."""
    listed = ",".join(request.GET.getlist("objects"))
    names = [each.strip() for each in listed.split(",") if each.strip()]
    return Variant(
        name=name,
        base_url=server_url(),
        syntax=syntax,
        is_3_0=request.GET.get("version", "").startswith("3.0"),
        objects=frozenset(names[:MAX_NAMES]) if names and name == "core" else None,
    )
