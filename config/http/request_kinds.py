"""What a request's path alone says of it: how large its body may be, and what kind of work it is.

Asked before a view is found, by whoever reads bodies and hands out threads.
"""

from __future__ import annotations

import re

from django.conf import settings

READS_ONLY = "fourgate.reads_only"  # in META of a request whose statements only read, whatever its method
IN_PASSWORD_LANE = "fourgate.in_password_lane"  # noqa: S105 - in META of a request to /metadata that was sorted
_SIGN_IN = b"getLoginTokenFromCredentials"

_IMPORT = re.compile(r"/+rest/+[^/]+/+import/*")
_PASSWORD = re.compile(
    r"/settings/(?:login|join|profile|reset)|/admin/(?:login|password_change|auth/user/(?:add|[^/]+/password))/"
)
_LONG = re.compile(r"/+rest/+(?:(?!batch/|restore/)[^/]+/+(?:export|import)/*|metadata/+schema(?:/.*)?)")
_LONG_PAGE = re.compile(r"/settings/(?:activity/(?:requests|audit)|general)/export")


def is_import(path: str) -> bool:
    """Whether the body is a file of records, which may be large and is read as a stream."""
    return "/import" in path and _IMPORT.fullmatch(path) is not None


def is_long(path: str) -> bool:
    """Whether the work may take minutes and so must not stand before others' short requests."""
    if path.startswith("/rest"):
        return _LONG.fullmatch(path) is not None
    return path.startswith("/settings") and _LONG_PAGE.fullmatch(path) is not None


def hashes_password(method: str, path: str) -> bool:
    """Whether a password is checked or set, which takes a core for a third of a second."""
    return path.startswith(("/settings/", "/admin/")) and method == "POST" and _PASSWORD.fullmatch(path) is not None


def signs_in(path: str, body: object) -> bool:
    """Whether a GraphQL request checks a password, by what its body names; `body` is bytes unless it is large."""
    return path.startswith("/metadata") and isinstance(body, bytes) and _SIGN_IN in body


def largest_body(path: str, content_type: str) -> int:
    """The bytes of the largest body that is taken."""
    if is_import(path):
        return settings.MAX_IMPORT_BYTES
    if content_type.lower().startswith("multipart/form-data"):
        return settings.MAX_UPLOAD_BYTES
    return settings.MAX_BODY_BYTES
