"""One reader of ids for every edge; what is said of a text that is none is the caller's."""

from __future__ import annotations

from uuid import UUID

from config.errors import ApiError, BadParameter


def uuid_of(value: object) -> UUID | None:
    """The id that a client sent, in the form with four hyphens (RFC 9562 §4) and any letter case; None when it is none.

    `uuid.UUID` takes braces, a URN and bare hexadecimals too, which PostgreSQL and clients compare as other texts.

    >>> uuid_of("0190A000-0000-7000-8000-00000000000F")
    UUID('0190a000-0000-7000-8000-00000000000f')
    >>> uuid_of("{0190a00000007000800000000000000f}"), uuid_of(7)
    (None, None)
    """
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and len(value) == 36 and value[8] == value[13] == value[18] == value[23] == "-":
        try:
            return UUID(value)
        except ValueError:
            return None
    return None


def path_id(text: str, fault: type[ApiError] = BadParameter) -> UUID:
    """The id of a path, in any letter case. Raises `fault`."""
    found = uuid_of(text)
    if found is None:
        raise fault("Validation failed (uuid is expected)")
    return found
