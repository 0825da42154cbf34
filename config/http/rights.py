"""The one place that asks for settings and tool rights, for every API and page.

Rights over records are asked by the planner, in `core.query.scope`. Both decide by `Permissions`, and by nothing else.
"""

from __future__ import annotations

from config.errors import PermissionDenied
from config.principal import Permissions, Principal
from config.right_words import plea

DOWNLOAD_FLAG = "DOWNLOAD_FILE"  # without it addresses of files are answered as null, by the APIs and by webhooks


def may(principal: Principal, *flags: str) -> bool:
    """Whether the caller has one of the flags."""
    return grants(principal.permissions, *flags)


def grants(permissions: Permissions, *flags: str) -> bool:
    """Whether a role gives one of the flags."""
    return any(map(permissions.has_flag, flags))


def require(principal: Principal, *flags: str) -> None:
    """Refuse a caller that has none of the flags; the answer names the first."""
    if not may(principal, *flags):
        raise lacking(flags[0])


def lacking(right: str, hint: str | None = None) -> PermissionDenied:
    """The refusal of who lacks a right, by its API name."""
    return PermissionDenied(
        details={"permission": right}, extensions={"required": {"permission": right}}, hint=hint or plea(right)
    )
