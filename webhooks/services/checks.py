"""What a webhook's members must be like. Inputs carry the API's names (`targetUrl`)."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext

from config.errors import InvalidMetadataInput, RuleCode
from config.events import ACTIONS
from config.http.inputs import uuid_of
from webhooks.delivery import transport
from webhooks.delivery.addresses import AddressPolicy, AddressRefused, InvalidUrl, Target, parse_target

MAX_OPERATIONS = 200
MAX_SECRET_LENGTH = 512
SAFE_SECRET_LENGTH = 16  # a shorter one is warned of
MAX_DESCRIPTION_LENGTH = 2000
LOOKUP_AT_SAVE_S = 2.0

_OPERATION = re.compile(r"(\*|[A-Za-z][A-Za-z0-9]*)\.(\*|created|updated|deleted|restored|destroyed)")
_SCHEMA_OPERATION = re.compile(r"metadata\.(\*|[A-Za-z][A-Za-z0-9]*)\.(\*|created|updated|deleted)")
_NAMES = {
    "targetUrl": "target_url",
    "operations": "operations",
    "description": "description",
    "secret": "secret",
    "isActive": "is_active",
}


def address_policy() -> AddressPolicy:
    """What this installation lets webhooks reach."""
    return AddressPolicy.from_entries(settings.WEBHOOK_ALLOWED_HOSTS)


def clean_target_url(text: object, policy: AddressPolicy, resolve: transport.Resolve = transport.resolve) -> str:
    """The URL in its one spelling. Raises InvalidMetadataInput when it cannot be read or may not be reached.

    A name that cannot be looked up within two seconds is taken: every send checks again.
    """
    if not isinstance(text, str):
        raise invalid("targetUrl must be a string", "INVALID_TARGET_URL", "targetUrl")
    try:
        target = parse_target(text)
    except InvalidUrl as fault:
        raise invalid("Invalid target URL provided", "INVALID_TARGET_URL", "targetUrl", hint=str(fault)) from None
    try:
        _check_reachable(target, policy, resolve)
    except AddressRefused as fault:
        raise invalid(
            f"Target URL is refused: {fault}",
            "INVALID_TARGET_URL",
            "targetUrl",
            hint="An operator can allow private receivers with WEBHOOK_ALLOWED_HOSTS",
        ) from None
    return target.url


def _check_reachable(target: Target, policy: AddressPolicy, resolve: transport.Resolve) -> None:
    policy.check_name(target)
    try:
        _lookups().submit(transport.checked_addresses, target, policy, resolve).result(LOOKUP_AT_SAVE_S)
    except (OSError, FutureTimeout, UnicodeError):
        pass


def unreachable(text: str) -> str | None:
    """What keeps the receiver from being reached just now, in a sentence; None when it takes connections.

    Only for an address that `clean_target_url` takes.
    """
    target = parse_target(text)

    def connect() -> None:
        addresses = transport.checked_addresses(target, address_policy())
        socket.create_connection((str(addresses[0]), target.port), LOOKUP_AT_SAVE_S).close()

    try:
        _lookups().submit(connect).result(LOOKUP_AT_SAVE_S * 2)
    except socket.gaierror:
        return gettext("The host %s cannot be found. Look whether it is spelled right.") % target.host
    except (OSError, FutureTimeout, UnicodeError):
        said = gettext("%s takes no connections just now. What is sent to it will be tried again for days.")
        return said % target.host
    except AddressRefused:
        pass  # saving says so
    return None


@lru_cache(maxsize=1)
def _lookups() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="webhook-lookup")


def clean(data: Mapping[str, object]) -> dict[str, Any]:
    """The given members as column values."""
    values: dict[str, object] = {}
    for name, column in _NAMES.items():
        if name not in data:
            continue
        value = data[name]
        if name == "targetUrl":
            value = clean_target_url(value, address_policy())
        elif name == "operations":
            value = clean_operations(value)
        elif name == "secret":
            if value == "":
                continue
            value = clean_secret(value)
        elif name == "description":
            value = _clean_description(value)
        elif not isinstance(value, bool):
            raise invalid(f"{name} must be a boolean value", "INVALID_WEBHOOK_INPUT", name)
        values[column] = value
    return values


def clean_operations(value: object) -> list[str]:
    """Operations as given, each once. Raises InvalidMetadataInput naming the one that cannot be read.

    That their objects exist is for who knows the data model: a webhook outlives the object that it names.
    """
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise invalid("each value in operations must be a string", "INVALID_WEBHOOK_INPUT", "operations")
    operations = list(dict.fromkeys(each.strip() for each in value))
    if not operations:
        raise invalid("operations must name one event or more", "INVALID_WEBHOOK_INPUT", "operations")
    if len(operations) > MAX_OPERATIONS:
        raise invalid(f"operations can have {MAX_OPERATIONS} items", "INVALID_WEBHOOK_INPUT", "operations")
    for operation in operations:
        if not _OPERATION.fullmatch(operation) and not _SCHEMA_OPERATION.fullmatch(operation):
            raise invalid(
                f'Invalid operation "{operation[:100]}"',
                "INVALID_WEBHOOK_INPUT",
                "operations",
                hint=f"Write object.action with {', '.join(ACTIONS)} or * for either half",
            )
    return operations


def named_object(operation: str) -> str | None:
    """The object of `object.action`; None for `*` and for changes of the data model.

    >>> named_object("company.created"), named_object("*.created"), named_object("metadata.fieldMetadata.*")
    ('company', None, None)
    """
    name, _, _ = operation.rpartition(".")
    return None if name in ("*", "metadata") or "." in name else name


def clean_secret(value: object) -> str:
    secret = "".join(value.split()) if isinstance(value, str) else ""
    if not secret or len(secret) > MAX_SECRET_LENGTH or not secret.isprintable():
        raise invalid(f"secret must have 1 to {MAX_SECRET_LENGTH} characters", "INVALID_WEBHOOK_INPUT", "secret")
    return secret


def _clean_description(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_DESCRIPTION_LENGTH or "\x00" in value:
        raise invalid(
            f"description must be a string of up to {MAX_DESCRIPTION_LENGTH} characters",
            "INVALID_WEBHOOK_INPUT",
            "description",
        )
    return value


def clean_id(value: object) -> UUID:
    found = uuid_of(value)
    if found is None:
        raise invalid("id must be a UUID", "INVALID_WEBHOOK_INPUT", "id")
    return found


def without_nulls(data: Mapping[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in data.items() if value is not None or name not in names}


def invalid(message: str, code: RuleCode, path: str | None, hint: str | None = None) -> InvalidMetadataInput:
    return InvalidMetadataInput(message, sub_code=code, path=path, hint=hint)
