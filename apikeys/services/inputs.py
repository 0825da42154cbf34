"""What clients send of keys and roles: names, moments, ids. Refusals are `InvalidInput`."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from config.errors import BadRequest, InvalidInput
from config.http.inputs import uuid_of
from config.texts import is_blank, refuse_nul
from metadata.fieldtypes.date import read_moment

MAX_NAME_LENGTH = 255
MAX_DESCRIPTION_LENGTH = 1_000
MAX_EMAIL_LENGTH = 150  # of what somebody signs in with
MAX_PERSON_NAME_LENGTH = 150  # of a first or a last name


def moment(value: object, path: str) -> datetime:
    """A date or a moment in ISO 8601; without an offset it is UTC, a date is its first moment."""
    found = read_moment(value.isoformat() if isinstance(value, date) else value if isinstance(value, str) else "")
    if found is None:
        raise InvalidInput([f"{path} must be a valid ISO 8601 date string"])
    return found


def name_of(value: object, path: str) -> str:
    if not isinstance(value, str) or is_blank(value):
        raise InvalidInput([f"{path} should not be empty"])
    return text_of(value.strip(), path, MAX_NAME_LENGTH)


def text_of(value: object, path: str, longest: int) -> str:
    """The text, if it has no more than `longest` characters, all of which can be kept."""
    if not isinstance(value, str):
        raise InvalidInput([f"{path} must be a string"])
    if len(value) > longest:
        raise InvalidInput([f"{path} must be shorter than or equal to {longest} characters"])
    refuse_nul(value, path)
    return value


def check_person_name(text: str, path: str) -> None:
    """Refuse a first or last name that is too long, or has nothing to see; it may be empty."""
    refuse_nul(text, path)
    if (text and is_blank(text)) or len(text) > MAX_PERSON_NAME_LENGTH:
        raise InvalidInput([f"{path} must have 1 to {MAX_PERSON_NAME_LENGTH} characters, one of them visible"])


def email_of(value: str) -> str:
    """The address as people are known by it. Raises BadRequest for what is none, or too long to sign in with."""
    email = value.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise BadRequest(f'"{email}" is not an e-mail address', path="email") from None
    if len(email) > MAX_EMAIL_LENGTH:
        raise BadRequest(f"email must be shorter than or equal to {MAX_EMAIL_LENGTH} characters", path="email")
    return email


def as_uuid(value: object, path: str) -> UUID:
    """The UUID in a value that a client sent."""
    found = uuid_of(value)
    if found is None:
        raise InvalidInput([f"{path} must be a UUID"])
    return found
