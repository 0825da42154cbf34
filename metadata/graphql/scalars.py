"""The scalars of both GraphQL APIs, under the names that clients declare their variables with.

They check form only and hand on plain JSON values, as REST does, so that one rule further down (a
field type, a service) decides about the content for all four APIs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import graphene
from django.core.files.uploadedfile import UploadedFile
from graphql import GraphQLError, Undefined, value_from_ast_untyped
from graphql.language import ast
from graphql.pyutils import inspect

from config.http.inputs import uuid_of
from metadata.fieldtypes.datetime import moment_text


class InvalidScalar(GraphQLError):
    """A value that its scalar does not take; `value` is what was sent, `user_message` shows it."""

    def __init__(self, message: str, value: object, user_message: str | None = None) -> None:
        super().__init__(message, extensions={"value": value})
        self.value = value
        self.user_message = user_message


def _literal(node: ast.ValueNode, variables: dict[str, object] | None) -> object:
    """The JSON value of a literal; variables inside it are filled in."""
    return value_from_ast_untyped(node, variables)


class Plain(graphene.Scalar):
    """A scalar whose literals are read as JSON and then checked like variables."""

    @staticmethod
    def serialize(value: object) -> object:
        return value

    @classmethod
    def parse_value(cls, value: object) -> object:
        return value

    @classmethod
    def parse_literal(cls, node: ast.ValueNode, variables: dict[str, object] | None = None) -> object:
        value = _literal(node, variables)
        return value if value is Undefined else cls.parse_value(value)


class UUID(Plain):
    """A UUID of any version (RFC 9562) in any letter case; handed on and answered in lower case."""

    @staticmethod
    def serialize(value: object) -> str:
        return str(value).lower()

    @classmethod
    def parse_value(cls, value: object) -> str:
        found = uuid_of(value) if isinstance(value, str) else None
        if found is not None:
            return str(found)
        raise InvalidScalar("Invalid UUID", value, f"Invalid UUID: '{value}'")


class DateTime(Plain):
    """A moment as ISO 8601 text; answered in UTC with milliseconds (`2026-01-31T09:30:00.000Z`)."""

    @staticmethod
    def serialize(value: object) -> str:
        if isinstance(value, datetime):
            return moment_text(value)
        return str(value)


class JSON(Plain):
    """Any JSON value."""


class JSONObject(Plain):
    """A JSON object."""

    @classmethod
    def parse_value(cls, value: object) -> dict[str, object]:
        if not isinstance(value, dict):
            raise InvalidScalar(f"JSONObject cannot represent non-object value: {inspect(value)}", value)
        return value


class BigInt(Plain):
    """A whole number of any size, answered as a JSON number; a string of digits is taken too."""

    @classmethod
    def parse_value(cls, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise InvalidScalar(f"BigInt cannot represent non-number value: {inspect(value)}", value)
        return value


class ConnectionCursor(Plain):
    """A place in a list, opaque to clients."""

    @classmethod
    def parse_value(cls, value: object) -> str:
        if not isinstance(value, str):
            raise InvalidScalar(f"ConnectionCursor cannot represent non-string value: {inspect(value)}", value)
        return value


class Upload(Plain):
    """A file of a multipart request (the GraphQL multipart request specification)."""

    @classmethod
    def parse_value(cls, value: object) -> UploadedFile[Any]:
        if not isinstance(value, UploadedFile):
            raise InvalidScalar("Upload value invalid: send the file in a multipart request.", value)
        return value


SCALARS: tuple[type[graphene.Scalar], ...] = (UUID, DateTime, JSON, JSONObject, BigInt, ConnectionCursor, Upload)
