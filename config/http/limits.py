"""How often one may ask: rate limits of the four APIs, by key, by workspace, and by address without a key.

Asked in one place, right after it is known who asks and before a body is read; a request costs one token of each of
its buckets, and afterwards one more for every RECORDS_PER_TOKEN records it wrote. `config.http.buckets` counts, and
`settings.RATE_STORAGE` keeps the levels for all processes. When that cannot be reached, requests are let through.

Answers carry RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10, structured fields of RFC 9651)
and X-RateLimit-*, whose numbers are the most that can be left: what other processes took since is not known yet.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import ceil, floor
from time import monotonic, time
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

from config.errors import RateLimited
from config.http.buckets import Limit, Purse
from config.http.client_address import client_address, counted_as, is_trusted_proxy
from config.http.error_pages import refusal as refusal_of
from config.http.exceptions import API_PATHS, answer
from config.http.graphql_errors import error_json
from config.http.graphql_request import graphql_response, wants_response_type
from config.http.observability import stage
from config.http.rendering import dumps
from config.http.server_url import answering
from config.principal import Principal

RECORDS_PER_TOKEN = 100
GRAPHQL_PATHS = frozenset(("/graphql", "/metadata"))
UNREACHABLE_S = 1.0  # how long the storage is left alone after a fault of it
TELL_EVERY_S = 60.0  # the log is told once in this time that nothing is counted

COUNTED = "fourgate.counted"  # in META of a request that was counted before: its refusal or None
LIMITS = "fourgate.limits"  # … and the limits that it was counted by

Window = tuple[int, float]  # tokens and seconds; 0 tokens: no limit

logger = logging.getLogger(__name__)


class LimitsMiddleware:
    """Counts every request of an API, and refuses what is too much without doing anything else for it.

    A page whose `request.refusal` is set (a sign-in that was refused) is answered with its status and Retry-After.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(API_PATHS):
            return _page(request, self.get_response(request))
        refusal = request.META[COUNTED] if COUNTED in request.META else count(request)
        if refusal is not None:
            refusal = recount(request)
        limits = request.META[LIMITS]
        if not limits:
            return self.get_response(request)
        if refusal is None:
            response = self.get_response(request)
            records: int = getattr(request, "records_written", 0)
            if records >= RECORDS_PER_TOKEN:
                charge(limits, records // RECORDS_PER_TOKEN)
        else:
            response = _refused(request, refusal)
        if request.META[LIMITS]:  # they may be others by now
            _describe(response, request.META[LIMITS])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """What was refused in the middle of a view that knows nothing of limits, as the pages of /admin."""
        if not isinstance(exception, RateLimited):
            return None
        request.refusal = exception  # type: ignore[attr-defined]
        return refusal_of(request, exception)


def count(request: HttpRequest) -> RateLimited | None:
    """Count a request before its body has arrived; `COUNTED` in META keeps it from being counted again."""
    limits = request.META[LIMITS] = limits_of(request, settings.PRESUMED_CALLER)
    refusal = request.META[COUNTED] = take(limits) if limits else None
    return refusal


def recount(request: HttpRequest) -> RateLimited | None:
    """Count it by what is certain of its caller, where that is not what was presumed; else what there is stays."""
    limits = limits_of(request, settings.AUTHENTICATOR)
    if limits != request.META[LIMITS]:
        request.META[LIMITS] = limits
        request.META[COUNTED] = take(limits) if limits else None
    refusal: RateLimited | None = request.META[COUNTED]
    return refusal


# What is counted -------------------------------------------------------------------------------------


def limits_of(request: HttpRequest, authenticator: str) -> tuple[Limit, ...]:
    """The limits a request falls under: its caller's and their workspace's, else its address's."""
    principal = _caller(request, authenticator)
    if principal is not None:
        return _limits_of_caller(
            "workspaceMember" if principal.api_key_id is None else "apiKey",
            principal.api_key_id or principal.user_id,
            principal.workspace_id,
            _own(principal.max_requests_per_second, settings.RATE_LIMIT_SHORT, 1.0),
            _own(principal.max_requests_per_minute, settings.RATE_LIMIT_LONG, 60.0),
            _own(principal.workspace.max_requests_per_minute, settings.RATE_LIMIT_WORKSPACE, 60.0),
        )
    address = client_address(request)
    return () if is_trusted_proxy(address) else _limits_of_address(counted_as(address), settings.RATE_LIMIT_ADDRESS)


def count_written(records: int) -> None:
    """Note that the request which is being answered wrote (or tried to write) records."""
    request: Any = answering.get()
    if request is not None:
        request.records_written = getattr(request, "records_written", 0) + records


def _caller(request: HttpRequest, authenticator: str) -> Principal | None:
    """Who asks; None for nobody, and for whom the API itself is going to refuse, with its reason."""
    try:
        with stage(request, "authenticate"):
            return _authenticator(authenticator)(request)
    except Exception:
        return None


@lru_cache(maxsize=2)
def _authenticator(path: str) -> Callable[[HttpRequest], Principal]:
    return cast(Callable[[HttpRequest], Principal], import_string(path))


def _own(limit: int | None, default: Window, window_s: float) -> Window:
    return default if limit is None else (limit, window_s)


@lru_cache(maxsize=4096)
def _limits_of_caller(
    kind: str, id_: UUID, workspace_id: UUID, short: Window, long: Window, workspace: Window
) -> tuple[Limit, ...]:
    limits = (
        Limit("short", f"{kind}:{id_}:short", *short),
        Limit("long", f"{kind}:{id_}:long", *long),
        Limit("workspace", f"workspace:{workspace_id}", *workspace),
    )
    return tuple(each for each in limits if each.tokens)


@lru_cache(maxsize=4096)
def _limits_of_address(address: str, window: Window) -> tuple[Limit, ...]:
    return (Limit("address", f"ipAddress:{address}", *window),) if window[0] else ()


# Counting --------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _purse(storage: str) -> Purse:
    return Purse(import_string(storage))


class _Outage:
    """That the storage could not be reached, and when the log was told so."""

    until = 0.0
    told_at = -TELL_EVERY_S


def take(limits: Sequence[Limit], refuse: Callable[[Limit, float], RateLimited] | None = None) -> RateLimited | None:
    """Take one token of each, or of none: then the refusal. None also when the storage cannot be reached."""
    now = monotonic()
    if now < _Outage.until:
        return None
    purse = _purse(settings.RATE_STORAGE)
    try:
        emptiest = purse.take(limits, now)
    except (DatabaseError, InterfaceError) as fault:
        _let_through(fault, now)
        return None
    if emptiest is None:
        return None
    limit = next(each for each in limits if each.bucket == emptiest.key)
    return (refuse or too_many_requests)(limit, emptiest.wait_s(now))


def charge(limits: Sequence[Limit], cost: int) -> None:
    """Take the tokens of what was done already; the level may fall below zero."""
    now = monotonic()
    if now < _Outage.until:
        return
    try:
        _purse(settings.RATE_STORAGE).charge(limits, float(cost), now)
    except (DatabaseError, InterfaceError) as fault:
        _let_through(fault, now)


def _let_through(fault: Exception, now: float) -> None:
    _Outage.until = now + UNREACHABLE_S
    if now - _Outage.told_at >= TELL_EVERY_S:
        _Outage.told_at = now
        logger.warning("Rate limits are not counted: %s", str(fault).partition("\n")[0])


def too_many_requests(limit: Limit, wait_s: float) -> RateLimited:
    retry_after_s = max(1, ceil(wait_s))
    kind = limit.bucket.partition(":")[0]
    facts = {
        "limitKind": "speed",
        "scope": {"spenderType": kind, "spenderId": None, "operationType": "API_REQUEST"},
        "limit": limit.tokens,
        "remaining": 0,
        "periodCount": ceil(limit.window_s),
        "periodUnit": "SECOND",
        "retryAfterSeconds": retry_after_s,
    }
    return RateLimited(
        "Too many requests, slow down.",
        hint=f"At most {limit.tokens:,} in {limit.window_s:g} s. Wait {retry_after_s} s, as Retry-After says.",
        details=facts,
        extensions=facts,
    )


# Answering -------------------------------------------------------------------------------------------


def _refused(request: HttpRequest, refusal: RateLimited) -> HttpResponseBase:
    if request.path_info not in GRAPHQL_PATHS:
        return answer(refusal, {"request": request})
    body = dumps({"errors": [error_json(refusal)]})
    response = graphql_response(request, body, refusal.status if wants_response_type(request) else 200)
    response["Retry-After"] = str(refusal.details["retryAfterSeconds"])
    return response


def _page(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    refusal: RateLimited | None = getattr(request, "refusal", None)
    if refusal is not None:
        response.status_code = refusal.status
        response["Retry-After"] = str(refusal.details["retryAfterSeconds"])
    return response


def _describe(response: HttpResponseBase, limits: tuple[Limit, ...]) -> None:
    now = monotonic()
    purse = _purse(settings.RATE_STORAGE)
    levels = [(purse.remaining(each, now), each) for each in limits]
    response["RateLimit-Policy"] = _policy(limits)
    response["RateLimit"] = ", ".join(
        f'"{each.name}";r={max(0, floor(level))};t={ceil((each.tokens - level) / each.rate)}' for level, each in levels
    )
    level, closest = min(levels, key=_level)
    response["X-RateLimit-Limit"] = str(closest.tokens)
    response["X-RateLimit-Remaining"] = str(max(0, floor(level)))
    response["X-RateLimit-Reset"] = str(ceil(time() + (closest.tokens - level) / closest.rate))


def _level(found: tuple[float, Limit]) -> float:
    return found[0]


@lru_cache(maxsize=1024)
def _policy(limits: tuple[Limit, ...]) -> str:
    return ", ".join(f'"{each.name}";q={each.tokens};w={ceil(each.window_s)}' for each in limits)
