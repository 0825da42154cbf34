"""The report of everything that is wrong with a change of the data model, and other refusals of it.

Both metadata APIs answer the same report: GraphQL inside `extensions`, REST as the body.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from config.errors import LISTED, ApiError, Problem, bounded, listed, shortened

Kind = Literal["objectMetadata", "fieldMetadata", "index"]
Operation = Literal["create", "update", "delete"]

_MESSAGES: Mapping[tuple[Kind, Operation], str] = {
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

    kind: Kind
    operation: Operation
    problems: Sequence[Problem]
    entity: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
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


def _more(problems: Sequence[Problem]) -> list[dict[str, Any]]:
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
        grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for failure in self.failures:
            grouped[failure.kind].append(failure.as_json())
        user_message = _user_message(self.failures)
        report: dict[str, Any] = {
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

    def rest_body(self) -> dict[str, Any]:
        return {
            "statusCode": self.status,
            "error": self.error,
            "message": self.message,
            "messages": listed([each.message for failure in self.failures for each in failure.problems]),
            "code": self.code,
            **self.details,
        }


_PLURALS: Mapping[Kind, str] = {
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

    def rest_body(self) -> dict[str, Any]:
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

    def rest_body(self) -> dict[str, Any]:
        return {
            "statusCode": self.status,
            "message": self.message,
            "error": "Bad Request",
            "messages": [self.message],
            "code": self.code,
        }


# Members an input must have, and of which kind the others are ----------------------------------------

OBJECT_CREATE_REQUIRED = ("nameSingular", "namePlural", "labelSingular", "labelPlural")
FIELD_CREATE_REQUIRED = ("name", "label")
_NAMES = frozenset({"nameSingular", "namePlural", "name"})


def empty_messages(name: str) -> list[str]:
    """What is said of a member that is an empty text, in the order that clients know."""
    checked = [f"{name} has failed the name validation check"] if name in _NAMES else []
    return [*checked, f"{name} should not be empty"]


def require_texts(values: Mapping[str, Any], names: Sequence[str]) -> None:
    """Raise InvalidInput for every one that is absent, null, empty or no string.

    Only white space passes: the report speaks of that.
    """
    messages = []
    for name in names:
        value = values.get(name)
        if value == "":
            messages += empty_messages(name)
        elif value is None:
            messages.append(f"{name} should not be empty")
        if not isinstance(value, str):
            messages.append(f"{name} must be a string")
    if messages:
        raise InvalidInput(messages)
