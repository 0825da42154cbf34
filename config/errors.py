"""Every error that a client can be answered with, listed once for all four APIs.

A class here fixes what REST and GraphQL say of one kind of fault: the HTTP status and exception
name of REST, the `code` and `subCode` of GraphQL, the stable code that both carry, and the sentence
for people. Raise one where the fact is known; the edges turn it into their shape. Pure: no Django.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, TypedDict, Unpack, overload

LONGEST_TEXT = 1_000  # characters of a message, hint or name in an answer: what a client sent is not sent back whole
LISTED = 100  # faults, ids … listed in one answer; of the rest it says how many there are
_SHOWN_CHARACTERS = 200_000  # of all details of one error; each value counts for ten at least

EXCEPTION_NAMES: Mapping[int, str] = {
    400: "BadRequestException",
    401: "UnauthorizedException",
    403: "ForbiddenException",
    404: "NotFoundException",
    405: "MethodNotAllowedException",
    408: "RequestTimeoutException",
    409: "ConflictException",
    412: "PreconditionFailedException",
    413: "PayloadTooLargeException",
    414: "UriTooLongException",
    422: "UnprocessableEntityException",
    429: "HttpException",
    431: "RequestHeaderFieldsTooLargeException",
    500: "InternalServerErrorException",
    503: "ServiceUnavailableException",
    504: "GatewayTimeoutException",
    507: "InsufficientStorageException",
}


class Told(TypedDict, total=False):
    """What can be said of a fault beside its message: see ApiError."""

    hint: str | None
    path: str | None
    details: Mapping[str, object] | None
    extensions: Mapping[str, object] | None
    user_message: str | None
    others: Sequence[ApiError]


class ApiError(Exception):
    """A fault that is answered in the contract's shape.

    `message` is what the client reads; `hint` says what to do; `path` names the field or parameter;
    `details` are further members for REST; `extensions` are further members of GraphQL's
    `extensions`; `user_message` is the sentence shown to people, the message itself unless another is given;
    `others` are further faults of the same request, which GraphQL lists beside this one. Nothing changes later.
    """

    status: ClassVar[int] = 400
    error: ClassVar[str | None] = None  # None: the exception name of the status
    code: ClassVar[str] = "INVALID_REQUEST"  # stable, for both APIs
    graphql_code: ClassVar[str] = "BAD_USER_INPUT"
    sub_code: ClassVar[str | None] = None
    retry_after_s: ClassVar[int | None] = None  # when the same request may succeed: `Retry-After`, and a member
    user_message: str = ""  # empty: the message itself
    _is_made: bool = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        path: str | None = None,
        details: Mapping[str, object] | None = None,
        extensions: Mapping[str, object] | None = None,
        user_message: str | None = None,
        others: Sequence[ApiError] = (),
    ) -> None:
        message = shortened(message)
        super().__init__(message)
        self.message = message
        self.hint = hint if hint is None else shortened(hint)
        self.path = path if path is None else shortened(path)
        retry = {} if self.retry_after_s is None else {"retryAfterSeconds": self.retry_after_s}
        self.details: Mapping[str, Any] = MappingProxyType({**(details or {}), **retry})
        self.extensions: Mapping[str, Any] = MappingProxyType({**(extensions or {}), **retry})
        if user_message is not None:
            self.user_message = shortened(user_message)
        elif not self.user_message:
            self.user_message = message
        self.others = tuple(others)
        self._is_made = True

    def __setattr__(self, name: str, value: object) -> None:
        """An error says one thing for good; Python itself sets where it was raised (`__traceback__`, …)."""
        if self._is_made and not name.startswith("__"):
            raise AttributeError(f"{type(self).__name__}.{name} is set when the error is made")
        super().__setattr__(name, value)

    def saying(
        self,
        *,
        hint: str | None = None,
        details: Mapping[str, object] | None = None,
        extensions: Mapping[str, object] | None = None,
        user_message: str | None = None,
        others: Sequence[ApiError] = (),
        without: Sequence[str] = (),
    ) -> Self:
        """The same fault, of which more is known now; `without` names details that are not so here."""
        told = self.__class__.__new__(self.__class__, *self.args)
        told.__dict__.update(
            vars(self),
            hint=self.hint if hint is None else shortened(hint),
            details=MappingProxyType(
                {name: value for name, value in self.details.items() if name not in without} | dict(details or {})
            ),
            extensions=MappingProxyType({**self.extensions, **(extensions or {})}),
            user_message=self.user_message if user_message is None else shortened(user_message),
            others=(*self.others, *others),
        )
        return told

    @property
    def error_name(self) -> str:
        return self.error or EXCEPTION_NAMES.get(self.status, "BadRequestException")


def shortened(text: str, longest: int = LONGEST_TEXT) -> str:
    """
    >>> shortened("abcdef", 3)
    'abc…'
    """
    return text if len(text) <= longest else text[:longest] + "…"


def listed(items: Sequence[str]) -> list[str]:
    """The first LISTED texts, and how many more there are.

    >>> listed(["a"] * 102)[99:]
    ['a', 'and 2 more']
    """
    shown = [shortened(each) for each in items[:LISTED]]
    return [*shown, f"and {len(items) - LISTED} more"] if len(items) > LISTED else shown


@overload
def bounded(value: Mapping[str, object]) -> dict[str, object]: ...
@overload
def bounded(value: object) -> object: ...
def bounded(value: object) -> object:
    """Details as an answer can hold them: long texts cut, of long lists the first LISTED, and no endless trees."""
    left = _SHOWN_CHARACTERS

    def part(value: object) -> object:
        nonlocal left
        left -= 10
        if isinstance(value, str):
            left -= min(len(value), LONGEST_TEXT)
            return shortened(value) if left > 0 else "…"
        if left <= 0:
            return "…"
        if isinstance(value, Mapping):
            return {
                shortened(key) if isinstance(key, str) else key: part(item)
                for key, item in islice(value.items(), LISTED)
            }
        if isinstance(value, list | tuple):
            return [part(item) for item in islice(value, LISTED + 1)]
        return value

    return part(value)


# 1 · parse: the request as text


class BadRequest(ApiError):
    """A parameter, body or argument that cannot be read."""

    code = "INVALID_QUERY_INPUT"
    sub_code = "INVALID_QUERY_INPUT"


class RefusedByFramework(BadRequest):
    """What the web framework refuses, with the status it gives (406, 415)."""

    def __init__(self, message: str, *, status: int = 400, **more: Unpack[Told]) -> None:
        self.status = status  # type: ignore[misc]
        self.error = EXCEPTION_NAMES.get(status, EXCEPTION_NAMES[400])  # type: ignore[misc]
        super().__init__(message, **more)


class UnknownMember(ApiError):
    """A member of a body that no form of the contract names."""

    code = "UNKNOWN_MEMBER"


class MalformedBody(ApiError):
    """A body that is not JSON, or not the kind of JSON the route takes."""

    code = "MALFORMED_BODY"


class BodyTooLarge(ApiError):
    """A body above 10 MB."""

    status = 413
    code = "BODY_TOO_LARGE"


class UnsupportedMediaType(ApiError):
    """A body in a `Content-Encoding` or charset that is not read."""

    status = 415
    error = "UnsupportedMediaTypeException"
    code = "UNSUPPORTED_MEDIA_TYPE"


class HostNotAllowed(ApiError):
    """A request for a host that ALLOWED_HOSTS does not have."""

    code = "HOST_NOT_ALLOWED"


class RequestTimedOut(ApiError):
    """A body that did not arrive in time; nothing was written."""

    status = 408
    code = "REQUEST_TIMEOUT"
    graphql_code = "TIMEOUT"


class UrlTooLong(ApiError):
    """An address longer than `MAX_URL_BYTES`."""

    status = 414
    code = "URL_TOO_LONG"


class HeadersTooLarge(ApiError):
    """Headers larger than `MAX_HEADER_BYTES`."""

    status = 431
    code = "HEADERS_TOO_LARGE"


class TooManyUnfinished(ApiError):
    """More requests of one address whose bodies do not arrive than `MAX_UNFINISHED_PER_ADDRESS`."""

    status = 429
    code = "TOO_MANY_UNFINISHED_REQUESTS"


class InvalidCursor(ApiError):
    """A cursor that is none, or was made for another order."""

    code = "INVALID_CURSOR"
    sub_code = "INVALID_CURSOR"

    @classmethod
    def of(cls, cursor: str, **more: Unpack[Told]) -> InvalidCursor:
        """The refusal of a cursor, showing its start."""
        shown = cursor if len(cursor) <= 64 else f"{cursor[:64]}…"
        return cls(f"Invalid cursor: {shown}", **more)


class InvalidTimezone(ApiError):
    """A time zone that the IANA database does not have."""

    code = "INVALID_TIMEZONE"
    sub_code = "INVALID_TIMEZONE"


class ConflictingArguments(ApiError):
    """Two arguments that exclude each other (`first` and `last`)."""

    code = "ARGS_CONFLICT"
    sub_code = "ARGS_CONFLICT"


class InvalidFirst(ApiError):
    """A `first` below zero."""

    code = "INVALID_ARGS_FIRST"
    sub_code = "INVALID_ARGS_FIRST"


class InvalidLast(ApiError):
    """A `last` below zero."""

    code = "INVALID_ARGS_LAST"
    sub_code = "INVALID_ARGS_LAST"


class GraphqlSyntax(ApiError):
    """A GraphQL document that does not parse."""

    code = "GRAPHQL_PARSE_FAILED"
    graphql_code = "GRAPHQL_PARSE_FAILED"


class GraphqlValidation(ApiError):
    """A GraphQL document that does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"
    graphql_code = "GRAPHQL_VALIDATION_FAILED"


class AppVersionMismatch(ApiError):
    """A document that is not valid, from a client older than the server."""

    code = "APP_VERSION_MISMATCH"
    graphql_code = "APP_VERSION_MISMATCH"
    user_message = "Your app version is out of date. Please refresh the page to continue."


class MixedFields(ApiError):
    """Root fields of records and others in one GraphQL request."""

    code = "MIXED_CORE_AND_WORKSPACE_FIELDS"
    sub_code = "MIXED_CORE_AND_WORKSPACE_FIELDS"


class MethodNotAllowed(ApiError):
    """A method the route does not have."""

    status = 405
    code = "METHOD_NOT_ALLOWED"
    graphql_code = "METHOD_NOT_ALLOWED"


# 2 · authenticate


class MissingToken(ApiError):
    """A request without a token."""

    status = 403
    error = "FORBIDDEN_EXCEPTION"
    code = "FORBIDDEN_EXCEPTION"
    graphql_code = "FORBIDDEN"
    sub_code = "FORBIDDEN_EXCEPTION"
    user_message = "You must be authenticated to perform this action."


class Unauthenticated(ApiError):
    """A token that is no token, has a wrong signature, or has expired."""

    status = 401
    error = "UNAUTHENTICATED"
    code = "UNAUTHENTICATED"
    graphql_code = "UNAUTHENTICATED"
    sub_code = "UNAUTHENTICATED"
    user_message = "You must be authenticated to perform this action."


class TokenRefused(ApiError):
    """A genuine token whose key is revoked, expired or without a role."""

    status = 403
    error = "FORBIDDEN_EXCEPTION"
    code = "FORBIDDEN_EXCEPTION"
    graphql_code = "FORBIDDEN"
    sub_code = "FORBIDDEN_EXCEPTION"


class InvalidTokenType(ApiError):
    """A genuine token of a kind that no API takes."""

    status = 403
    error = "INVALID_JWT_TOKEN_TYPE"
    code = "INVALID_JWT_TOKEN_TYPE"
    graphql_code = "FORBIDDEN"
    sub_code = "INVALID_JWT_TOKEN_TYPE"
    user_message = "You must be authenticated to perform this action."


class UnknownToken(ApiError):
    """A JWT that says neither its kind nor its workspace."""

    error = "INVALID_INPUT"
    code = "INVALID_INPUT"
    sub_code = "INVALID_INPUT"
    user_message = "You must be authenticated to perform this action."


class ApiKeyWithoutRole(TokenRefused):
    """A key whose role was deleted; it works again when it gets another."""

    error = "API_KEY_ROLE_NOT_FOUND"
    code = "API_KEY_ROLE_NOT_FOUND"
    sub_code = "API_KEY_ROLE_NOT_FOUND"


class AddressNotAllowed(TokenRefused):
    """A key that is used from an address outside of its allowed networks."""

    error = "IP_NOT_ALLOWED"
    code = "IP_NOT_ALLOWED"
    sub_code = "IP_NOT_ALLOWED"


class WorkspaceNotFound(ApiError):
    """A token of a workspace that is gone."""

    status = 401
    error = "WORKSPACE_NOT_FOUND"
    code = "WORKSPACE_NOT_FOUND"
    graphql_code = "UNAUTHENTICATED"
    sub_code = "WORKSPACE_NOT_FOUND"


class NotAuthenticatedForRecords(ApiError):
    """A record query without a token over GraphQL."""

    status = 403
    code = "WORKSPACE_QUERY_WITHOUT_WORKSPACE"
    graphql_code = "UNAUTHENTICATED"
    sub_code = "WORKSPACE_QUERY_WITHOUT_WORKSPACE"
    user_message = "You must be authenticated to perform this action."


class FileAccessDenied(ApiError):
    """An address of a file that is not signed, or has expired."""

    status = 403
    code = "FILE_ACCESS_DENIED"
    graphql_code = "FORBIDDEN"


# 3 · plan: names and values against the data model


class UnknownObject(ApiError):
    """A name that no object of the workspace has."""

    code = "OBJECT_NOT_FOUND"
    sub_code = "UNKNOWN_ROOT_FIELD"


class UnknownField(ApiError):
    """A name that the object does not have, in a filter."""

    code = "INVALID_ARGS_FILTER"
    sub_code = "INVALID_ARGS_FILTER"


class UnknownSortField(ApiError):
    """A name that the object does not have, in an order."""

    code = "FIELD_NOT_FOUND"
    sub_code = "FIELD_NOT_FOUND"


class InvalidFilter(ApiError):
    """An operator or operand that the field's type does not take."""

    code = "INVALID_ARGS_FILTER"
    sub_code = "INVALID_ARGS_FILTER"


class InvalidValue(ApiError):
    """A value in a body that the field's type does not take, or a key the object lacks."""

    code = "INVALID_ARGS_DATA"
    sub_code = "INVALID_ARGS_DATA"


class InvalidId(InvalidValue):
    """The id a client gives to a record is no UUID."""

    code = "INVALID_QUERY_INPUT"
    sub_code = "INVALID_QUERY_INPUT"
    user_message = "Invalid UUID format."


class InvalidUrl(InvalidValue):
    """A link that is no web address."""

    code = "INVALID_URL"
    sub_code = "INVALID_URL"


class InvalidPhone(InvalidValue):
    """A number that cannot be a phone number with the codes given."""

    code = "INVALID_PHONE_NUMBER"
    sub_code = "INVALID_PHONE_NUMBER"


class InvalidPhoneCountryCode(InvalidPhone):
    """A country code that ISO 3166-1 does not have."""

    code = "INVALID_PHONE_COUNTRY_CODE"
    sub_code = "INVALID_PHONE_COUNTRY_CODE"


class InvalidPhoneCallingCode(InvalidPhone):
    """A calling code that no country has."""

    code = "INVALID_PHONE_CALLING_CODE"
    sub_code = "INVALID_PHONE_CALLING_CODE"


class ConflictingPhoneCodes(InvalidPhone):
    """A country code and a calling code that contradict each other."""

    code = "CONFLICTING_PHONE_CALLING_CODE_AND_COUNTRY_CODE"
    sub_code = "CONFLICTING_PHONE_CALLING_CODE_AND_COUNTRY_CODE"


class ConflictingPhoneCountryCode(InvalidPhone):
    """A number that implies another country than the one given."""

    code = "CONFLICTING_PHONE_COUNTRY_CODE"
    sub_code = "CONFLICTING_PHONE_COUNTRY_CODE"


class ConflictingPhoneCallingCode(InvalidPhone):
    """A number that implies another calling code than the one given."""

    code = "CONFLICTING_PHONE_CALLING_CODE"
    sub_code = "CONFLICTING_PHONE_CALLING_CODE"


class InvalidRelation(ApiError):
    """A `connect` or `disconnect` that cannot be done."""

    code = "INVALID_RELATION"


class TooManyRecords(ApiError):
    """More records in one call than the workspace allows."""

    code = "TOO_MANY_RECORDS_TO_UPDATE"
    sub_code = "TOO_MANY_RECORDS_TO_UPDATE"


class TooComplex(ApiError):
    """A query that would touch more than the limits allow."""

    code = "TOO_COMPLEX_QUERY"
    sub_code = "TOO_COMPLEX_QUERY"


class PermissionDenied(ApiError):
    """Something the caller's role does not allow; `required` names the right."""

    status = 403
    code = "PERMISSION_DENIED"
    graphql_code = "FORBIDDEN"
    sub_code = "PERMISSION_DENIED"
    user_message = "User does not have permission."

    def __init__(
        self, message: str = "Entity performing the request does not have permission", **more: Unpack[Told]
    ) -> None:
        super().__init__(message, **more)


# 4 · execute: what the database answers


class RecordNotFound(ApiError):
    """A record that does not exist or is deleted."""

    status = 404
    code = "RECORD_NOT_FOUND"
    graphql_code = "NOT_FOUND"
    sub_code = "RECORD_NOT_FOUND"
    user_message = "This record does not exist or has been deleted."

    def __init__(self, message: str = "Record not found", **more: Unpack[Told]) -> None:
        super().__init__(message, **more)


class DuplicateEntry(ApiError):
    """A unique value, or an id, that another record already has."""

    code = "DUPLICATE_ENTRY"


class MultipleMatches(ApiError):
    """One upsert input that matches several records."""

    code = "UPSERT_MULTIPLE_MATCHING_RECORDS_CONFLICT"
    sub_code = "UPSERT_MULTIPLE_MATCHING_RECORDS_CONFLICT"


class MissingReference(ApiError):
    """A relation to a record that does not exist."""

    code = "MISSING_REFERENCE"
    user_message = (
        "This operation references a record that does not exist or cannot be modified due to existing relationships."
    )


class StillReferenced(ApiError):
    """A destroy refused because other records point here (RESTRICT, NO_ACTION)."""

    code = "STILL_REFERENCED"
    user_message = "This record cannot be deleted because it is still referenced by other records."


class Conflict(ApiError):
    """Two requests that kept colliding although retried."""

    status = 409
    code = "CONFLICT"
    graphql_code = "CONFLICT"


class StaleSchema(Conflict):
    """A table that the snapshot knows is gone: an object was deleted while the request ran."""


class PreconditionFailed(ApiError):
    """A record that changed since the caller read it (`If-Match`); nothing was written."""

    status = 412
    code = "PRECONDITION_FAILED"
    graphql_code = "CONFLICT"
    user_message = "This record has been changed in the meantime."


class IdempotencyKeyInUse(Conflict):
    """An `Idempotency-Key` whose first request still runs."""

    code = "IDEMPOTENCY_KEY_IN_USE"


class IdempotencyMismatch(ApiError):
    """An `Idempotency-Key` that was sent before with another request; nothing was written."""

    status = 422
    code = "IDEMPOTENCY_MISMATCH"


class QueryTimeout(ApiError):
    """A statement that took longer than `STATEMENT_TIMEOUT_MS`; nothing was written."""

    status = 504
    error = "QUERY_TIMEOUT"
    code = "QUERY_TIMEOUT"
    graphql_code = "TIMEOUT"


class LockTimeout(ApiError):
    """Another request holds what this one needs for longer than `LOCK_TIMEOUT_MS`; nothing was written."""

    status = 503
    error = "LOCK_TIMEOUT"
    code = "LOCK_TIMEOUT"
    graphql_code = "TIMEOUT"
    sub_code = "LOCK_TIMEOUT"
    retry_after_s = 1
    user_message = "This is being changed by another request. Please try again."


class Overloaded(ApiError):
    """More requests than the server can work on; nothing was written. `Retry-After` says when to try again."""

    status = 503
    code = "OVERLOADED"
    graphql_code = "INTERNAL_SERVER_ERROR"


class DeadlineExceeded(ApiError):
    """A request whose work took longer than `REQUEST_DEADLINE_S`; nothing was written."""

    status = 504
    error = "DEADLINE_EXCEEDED"
    code = "DEADLINE_EXCEEDED"
    graphql_code = "TIMEOUT"


class ClientGone(ApiError):
    """The client hung up while its request was worked on; nothing was written. Only the log shows it."""

    status = 499
    error = "CLIENT_CLOSED_REQUEST"
    code = "CLIENT_CLOSED_REQUEST"
    graphql_code = "TIMEOUT"


class Unavailable(ApiError):
    """The database cannot be reached or has no room for another request; nothing was written that it did not answer."""

    status = 503
    code = "UNAVAILABLE"
    graphql_code = "INTERNAL_SERVER_ERROR"
    sub_code = "UNAVAILABLE"
    retry_after_s = 2
    user_message = "The database cannot be reached. Please try again in a moment."


class WorkspaceMoving(Unavailable):
    """Writes wait for seconds while the workspace is moved to another database; nothing was written."""

    code = "WORKSPACE_MOVING"
    sub_code = "WORKSPACE_MOVING"
    retry_after_s = 1
    user_message = "The workspace is being moved. Please try again in a moment."


class StorageFull(ApiError):
    """No space is left on a disk of the server; nothing was written."""

    status = 507
    code = "STORAGE_FULL"
    graphql_code = "INTERNAL_SERVER_ERROR"
    sub_code = "STORAGE_FULL"
    user_message = "The server's disk is full. Please tell whoever runs it."


# 5 · metadata


RuleCode = Literal[
    "API_KEY_NO_ROLE_ASSIGNED",
    "CANNOT_GIVE_WRITING_PERMISSION_ON_NON_READABLE_OBJECT",
    "CANNOT_GIVE_WRITING_PERMISSION_WITHOUT_READING_PERMISSION",
    "DESTRUCTIVE_SCHEMA_CHANGE",
    "DOMAIN_ALREADY_TAKEN",
    "EMPTY_FIELD_PERMISSION_NOT_ALLOWED",
    "FIELD_METADATA_NOT_FOUND",
    "FIELD_METADATA_RELATION_MALFORMED",
    "FIELD_MUTATION_NOT_ALLOWED",
    "FIELD_RESTRICTION_ONLY_ON_READABLE_OBJECT",
    "FIELD_RESTRICTION_ON_ID_NOT_ALLOWED",
    "FIELD_RESTRICTION_ON_UPDATE_ONLY_ON_UPDATABLE_OBJECT",
    "FIELD_VALUES_NOT_CONVERTIBLE",
    "INDEX_CREATION_FAILED",
    "INDEX_FIELD_INVALID_DEFAULT_VALUE",
    "INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE",
    "INVALID_FIELD_INPUT",
    "INVALID_INDEX_INPUT",
    "INVALID_LABEL",
    "INVALID_OBJECT_INPUT",
    "INVALID_SCHEMA",
    "INVALID_SETTING_PERMISSIONS",
    "INVALID_STATUS",
    "INVALID_TARGET_URL",
    "INVALID_WEBHOOK_INPUT",
    "INVALID_WORKSPACE_INPUT",
    "NAME_NOT_SYNCED_WITH_LABEL",
    "NOT_AVAILABLE",
    "OBJECT_ALREADY_EXISTS",
    "OBJECT_MUTATION_NOT_ALLOWED",
    "ONLY_FIELD_RESTRICTION_ALLOWED",
    "RESERVED_KEYWORD",
    "ROLE_CANNOT_BE_ASSIGNED_TO_API_KEYS",
    "ROLE_LABEL_ALREADY_EXISTS",
    "ROLE_MUST_HAVE_AT_LEAST_ONE_TARGET",
    "ROLE_NOT_ASSIGNABLE",
    "ROLE_NOT_EDITABLE",
    "ROLE_NOT_FOUND",
    "SUBDOMAIN_ALREADY_TAKEN",
    "TOO_MANY_WEBHOOKS",
    "UNCOVERED_FIELD_METADATA_TYPE_VALIDATION",
    "WEBHOOK_NOT_ACTIVE",
    "WEBHOOK_OBJECT_NOT_FOUND",
    "WEBHOOK_OBJECT_NOT_READABLE",
    "WEBHOOK_ROLE_DELETED",
    "WEBHOOK_SECRET_UNREADABLE",
    "WORKSPACE_ALREADY_EXISTS",
]
RULES: Mapping[RuleCode, str] = {  # what docs/errors.md says of them
    "API_KEY_NO_ROLE_ASSIGNED": "A key without a role, or whose role is gone, gets no token.",
    "CANNOT_GIVE_WRITING_PERMISSION_ON_NON_READABLE_OBJECT": "A role that writes records of an object it cannot read.",
    "CANNOT_GIVE_WRITING_PERMISSION_WITHOUT_READING_PERMISSION": "A role that writes all records and cannot read them.",
    "DESTRUCTIVE_SCHEMA_CHANGE": "A file of the data model whose plan deletes values, without leave to do so.",
    "DOMAIN_ALREADY_TAKEN": "A domain of another workspace.",
    "EMPTY_FIELD_PERMISSION_NOT_ALLOWED": "A restriction of a field that restricts nothing.",
    "FIELD_METADATA_NOT_FOUND": "A field that the workspace does not have.",
    "FIELD_METADATA_RELATION_MALFORMED": "A relation whose other side is not described, or not as it can be.",
    "FIELD_MUTATION_NOT_ALLOWED": "A property of a field, or a field, that may not be changed or deleted.",
    "FIELD_RESTRICTION_ONLY_ON_READABLE_OBJECT": "A field restricted on an object that the role cannot read.",
    "FIELD_RESTRICTION_ON_ID_NOT_ALLOWED": "A restriction of the field id, which every answer has.",
    "FIELD_RESTRICTION_ON_UPDATE_ONLY_ON_UPDATABLE_OBJECT": "A field locked on an object that the role cannot update.",
    "FIELD_VALUES_NOT_CONVERTIBLE": "Values that the new type of a field cannot hold.",
    "INDEX_CREATION_FAILED": "A unique index that values of records stand against.",
    "INDEX_FIELD_INVALID_DEFAULT_VALUE": "A unique field with a default: the second record would have the same value.",
    "INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE": "A type whose values cannot be unique.",
    "INVALID_FIELD_INPUT": "A property of a field that breaks a rule of its type.",
    "INVALID_INDEX_INPUT": "An index of fields that cannot be indexed, or that is there already.",
    "INVALID_LABEL": "A label from which no name can be made.",
    "INVALID_OBJECT_INPUT": "A property of an object that breaks a rule.",
    "INVALID_SCHEMA": "A file of the data model that cannot be read.",
    "INVALID_SETTING_PERMISSIONS": "A right over settings that does not exist.",
    "INVALID_STATUS": "A state that deliveries do not have.",
    "INVALID_TARGET_URL": "An address that webhooks are not sent to.",
    "INVALID_WEBHOOK_INPUT": "A member of a webhook that breaks a rule.",
    "INVALID_WORKSPACE_INPUT": "A setting of the workspace that breaks a rule.",
    "NAME_NOT_SYNCED_WITH_LABEL": "A name that is not made of the label although it is to follow it.",
    "NOT_AVAILABLE": "A name that is taken, in one of the APIs.",
    "OBJECT_ALREADY_EXISTS": "A name that another object has, singular or plural.",
    "OBJECT_MUTATION_NOT_ALLOWED": "A property of an object, or an object, that may not be changed or deleted.",
    "ONLY_FIELD_RESTRICTION_ALLOWED": "A permission of a field that allows: it can only take away.",
    "RESERVED_KEYWORD": "A name that the APIs use themselves.",
    "ROLE_CANNOT_BE_ASSIGNED_TO_API_KEYS": "A role that is not for keys.",
    "ROLE_LABEL_ALREADY_EXISTS": "A label that another role has.",
    "ROLE_MUST_HAVE_AT_LEAST_ONE_TARGET": "A role that is for nobody.",
    "ROLE_NOT_ASSIGNABLE": "A role that is not for members.",
    "ROLE_NOT_EDITABLE": "The Admin role, which stays as it is.",
    "ROLE_NOT_FOUND": "A role that the workspace does not have.",
    "SUBDOMAIN_ALREADY_TAKEN": "A subdomain of another workspace.",
    "TOO_MANY_WEBHOOKS": "One webhook more than a workspace may have.",
    "UNCOVERED_FIELD_METADATA_TYPE_VALIDATION": "A type of fields that does not exist.",
    "WEBHOOK_NOT_ACTIVE": "A delivery sent again to a webhook that is switched off.",
    "WEBHOOK_OBJECT_NOT_FOUND": "Events of an object that the workspace does not have.",
    "WEBHOOK_OBJECT_NOT_READABLE": "Events of an object that the webhook's role cannot read.",
    "WEBHOOK_ROLE_DELETED": "A webhook whose role is gone; it tells nothing until it gets another.",
    "WEBHOOK_SECRET_UNREADABLE": "A secret that was kept with a SECRET_KEY that the server does not have.",
    "WORKSPACE_ALREADY_EXISTS": "A name of a workspace that is taken.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule of the data model; all problems of an input are gathered and reported together."""

    code: RuleCode
    message: str
    value: object = None
    user_message: str | None = None  # None: the message itself


Entity = Literal["objectMetadata", "fieldMetadata", "index"]
Operation = Literal["create", "update", "delete"]

_MESSAGES: Mapping[tuple[Entity, Operation], str] = {
    ("objectMetadata", "create"): "Multiple validation errors occurred while creating object",
    ("objectMetadata", "update"): "Multiple validation errors occurred while updating object",
    ("objectMetadata", "delete"): "Multiple validation errors occurred while deleting object",
    ("fieldMetadata", "create"): "Multiple validation errors occurred while creating fields",
    ("fieldMetadata", "update"): "Multiple validation errors occurred while updating field",
    ("fieldMetadata", "delete"): "Multiple validation errors occurred while deleting field",
    ("index", "create"): "Validation errors occurred while creating index",
    ("index", "delete"): "Validation errors occurred while deleting index",
}
CREATING_OBJECT = _MESSAGES["objectMetadata", "create"]
UNPREPARED_FIELD = "Multiple validation errors occurred while creating field"


@dataclass(frozen=True, slots=True)
class Failure:
    """One rejected entity with every rule it breaks. `entity` says which: names and universal identifier."""

    kind: Entity
    operation: Operation
    problems: Sequence[Problem]
    entity: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {
            "type": self.operation,
            "metadataName": self.kind,
            "flatEntityMinimalInformation": dict(self.entity),
            "errors": [
                {
                    "code": each.code,
                    "message": shortened(each.message),
                    "userFriendlyMessage": shortened(each.user_message or each.message),
                    "value": bounded(each.value),
                }
                for each in self.problems[:LISTED]
            ]
            + _more(self.problems),
        }


def _more(problems: Sequence[Problem]) -> list[dict[str, object]]:
    """What stands in the place of the problems beyond LISTED."""
    if len(problems) <= LISTED:
        return []
    message = f"and {len(problems) - LISTED} more"
    return [{"code": problems[LISTED].code, "message": message, "userFriendlyMessage": message, "value": None}]


class MetadataValidationFailed(ApiError):
    """Every entity that was rejected and why; nothing was changed."""

    error = "METADATA_VALIDATION_ERROR"
    code = "METADATA_VALIDATION_ERROR"
    graphql_code = "METADATA_VALIDATION_FAILED"

    def __init__(self, failures: Iterable[Failure], message: str | None = None) -> None:
        self.failures = sorted(failures, key=lambda each: str(each.entity.get("name", "")))
        first = self.failures[0]
        counts = Counter(each.kind for each in self.failures)
        grouped: dict[str, list[dict[str, object]]] = defaultdict(list)
        for failure in self.failures:
            grouped[failure.kind].append(failure.as_json())
        user_message = _user_message(self.failures)
        report: dict[str, object] = {
            "errors": dict(grouped),
            "summary": {"totalErrors": len(self.failures)} | counts,
            "userFriendlyMessage": user_message,
        }
        counted = ", ".join(f"{count} {kind if count == 1 else _PLURALS[kind]}" for kind, count in counts.items())
        super().__init__(
            message or _MESSAGES[first.kind, first.operation],
            details=report,
            extensions={"message": f"Validation failed for {counted}", **report},
            user_message=user_message,
        )

    def rest_body(self) -> dict[str, object]:
        return {
            "statusCode": self.status,
            "error": self.error,
            "message": self.message,
            "messages": listed([each.message for failure in self.failures for each in failure.problems]),
            "code": self.code,
            **self.details,
        }


_PLURALS: Mapping[Entity, str] = {
    "objectMetadata": "objectMetadatas",
    "fieldMetadata": "fieldMetadatas",
    "index": "indexes",
}


def _user_message(failures: Sequence[Failure]) -> str:
    if len(failures) > 1:
        return "Many validation errors"
    problems = failures[0].problems
    return (problems[0].user_message or problems[0].message) if problems else "Metadata validation failed"


class InvalidInput(ApiError):
    """Members of an input that are missing, empty or of the wrong kind, one message each."""

    code = "INVALID_INPUT"

    def __init__(self, messages: Sequence[str], *, path: str | None = None) -> None:
        self.messages = listed(messages)
        super().__init__(", ".join(self.messages), path=path, details={"message": self.messages})

    def rest_body(self) -> dict[str, object]:
        body = {
            "statusCode": self.status,
            "message": self.messages,
            "error": "Bad Request",
            "messages": self.messages,
            "code": self.code,
        }
        return body if self.path is None else {**body, "path": self.path}


class BadParameter(ApiError):
    """A path id or a list parameter that cannot be read."""

    code = "INVALID_PARAMETER"

    def rest_body(self) -> dict[str, object]:
        return {
            "statusCode": self.status,
            "message": self.message,
            "error": "Bad Request",
            "messages": [self.message],
            "code": self.code,
        }


class MetadataNotFound(ApiError):
    """An object, field, index, view … of the data model that does not exist."""

    status = 404
    code = "METADATA_NOT_FOUND"
    graphql_code = "NOT_FOUND"


class ObjectMetadataNotFound(MetadataNotFound):
    """An object of the data model that does not exist."""

    code = "OBJECT_METADATA_NOT_FOUND"
    sub_code = "OBJECT_METADATA_NOT_FOUND"

    def __init__(self, message: str = "Object metadata not found", **more: Unpack[Told]) -> None:
        super().__init__(message, **more)


class FieldMetadataNotFound(MetadataNotFound):
    """A field of the data model that does not exist."""

    code = "FIELD_METADATA_NOT_FOUND"
    sub_code = "FIELD_METADATA_NOT_FOUND"

    def __init__(self, message: str = "Field metadata not found", **more: Unpack[Told]) -> None:
        super().__init__(message, **more)


class IndexMetadataNotFound(MetadataNotFound):
    """An index of the data model that does not exist."""

    code = "INDEX_METADATA_NOT_FOUND"
    sub_code = "INDEX_METADATA_NOT_FOUND"


class InvalidMetadataInput(ApiError):
    """A rule of the data model broken outside the validation report; give the sub-code per case."""

    code = "INVALID_METADATA_INPUT"

    def __init__(self, message: str, *, sub_code: RuleCode, **more: Unpack[Told]) -> None:
        self.sub_code = self.code = sub_code  # type: ignore[misc]
        super().__init__(message, **more)


class InvalidRole(InvalidMetadataInput):
    """A role that breaks a rule: it writes what it cannot read, or has a flag that does not exist."""

    code = "INVALID_ROLE"
    graphql_code = "METADATA_VALIDATION_FAILED"


class RoleMutationNotAllowed(InvalidRole):
    """A role that may not be changed, or not be called so."""

    status = 403
    code = "ROLE_MUTATION_NOT_ALLOWED"


class MetadataMutationNotAllowed(InvalidMetadataInput):
    """A property of the data model that may not be changed."""

    status = 403
    graphql_code = "FORBIDDEN"


class MetadataConflict(InvalidMetadataInput):
    """A name or id of the data model that is taken."""

    status = 409
    graphql_code = "CONFLICT"


class NotFound(ApiError):
    """A role, key, webhook or delivery that does not exist in this workspace."""

    status = 404
    code = "NOT_FOUND"
    graphql_code = "NOT_FOUND"


class Forbidden(ApiError):
    """Something nobody may do here (editing the Admin role, raising one's own rights)."""

    status = 403
    code = "FORBIDDEN"
    graphql_code = "FORBIDDEN"


class RateLimited(ApiError):
    """More requests than the limit allows; wait as long as `Retry-After` says."""

    status = 429
    error = "RATE_LIMITED"
    code = "LIMIT_REACHED"
    sub_code = "LIMIT_REACHED"
    user_message = "Rate limit reached. Please try again later."


class Internal(ApiError):
    """A fault of ours; the log has it under the request's id."""

    status = 500
    code = "INTERNAL_SERVER_ERROR"
    graphql_code = "INTERNAL_SERVER_ERROR"
