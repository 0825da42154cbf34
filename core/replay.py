"""The response of a write with an `Idempotency-Key`: of this request, or of the one that came before it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config.http.exceptions import as_api_error
from config.principal import Principal
from core.records.idempotency import KeptAnswer, claim, settle, write_once

HEADER = "HTTP_IDEMPOTENCY_KEY"  # as WSGI names it


def respond_once(
    request: HttpRequest,
    principal: Principal,
    body: bytes,
    work: Callable[[], HttpResponse],
    refuse: Callable[[Exception], HttpResponse],
) -> HttpResponse:
    """Claim the request's key and `work`, or repeat the kept response with `Idempotent-Replayed: true`.

    `body` is what must be the same when the request comes again. All that `work` writes commits together with
    its response; what it raises becomes a response by `refuse`, and that is kept too unless it is a passing one.
    Raises what `claim` does.
    """
    claimed = claim(principal, request.META[HEADER], request.method or "", request.get_full_path(), body)
    if isinstance(claimed, KeptAnswer):
        kept = HttpResponse(claimed.content, status=claimed.status, content_type=claimed.content_type)
        kept["Idempotent-Replayed"] = "true"
        if claimed.etag is not None:
            kept["ETag"] = claimed.etag
        return kept
    responses: list[HttpResponse] = []

    def write() -> KeptAnswer:
        responses.append(work())
        return _kept(responses[-1])

    try:
        write_once(claimed, write)
    except Exception as fault:
        refusal = refuse(fault)
        settle(claimed, _kept(refusal), as_api_error(fault).status)
        return refusal
    return responses[-1]


def _kept(response: HttpResponse) -> KeptAnswer:
    return KeptAnswer(response.status_code, response.content, response["Content-Type"], response.get("ETag"))
