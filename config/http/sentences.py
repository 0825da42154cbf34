"""A refusal as pages say it: in one place, so that none shows the name of a right or the words of the APIs."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext

from config.errors import ApiError, PermissionDenied
from config.right_words import plea


def sentence(error: ApiError) -> str:
    """What is wrong as a sentence, and what helps. Who lacks a right is told only whom to ask for what."""
    if isinstance(error, PermissionDenied):
        right = lacked(error)
        return plea(right, say=gettext) if error.hint in (None, "", plea(right)) else error.hint
    return f"{_closed(error.message)} {_closed(error.hint)}".rstrip() if error.hint else _closed(error.message)


def lacked(error: PermissionDenied) -> str:
    """The API name of the right that the error says is lacking; the most general one where it says none."""
    required = error.details.get("required")
    right = required.get("permission") if isinstance(required, Mapping) else error.details.get("permission")
    return right if isinstance(right, str) else "canReadObjectRecords"


def _closed(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
