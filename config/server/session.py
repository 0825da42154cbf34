"""Whether a pooled connection has what others are started with: timeouts, and no just-in-time compilation.

A pooler in transaction mode gives each transaction another session of the server, so nothing can be set for a
connection; what holds must be the role's (`ALTER ROLE … SET`). That is looked for once per process, and said.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db.backends.utils import CursorWrapper

logger = logging.getLogger(__name__)

_SETTINGS = (
    "SELECT name, setting, current_user, current_database() FROM pg_settings"
    " WHERE name IN ('statement_timeout', 'lock_timeout', 'jit')"
)
_warned: set[str] = set()  # aliases


def warn_about_session(wrapper: Any) -> None:
    """Log one line for each setting of the role that is not as it should be; called with a new connection."""
    if not settings.DATABASE_IS_POOLED or wrapper.alias in _warned:
        return
    _warned.add(wrapper.alias)
    with wrapper.connection.cursor() as cursor:
        for sentence in session_problems(cursor):
            logger.warning(sentence)


def session_problems(cursor: CursorWrapper | Any) -> list[str]:
    """A sentence for each setting that a transaction pooler's role lacks, with the statement that sets it."""
    cursor.execute(_SETTINGS)
    rows = cursor.fetchall()
    found = {name: value for name, value, _, _ in rows}
    _, _, role, database = rows[0]
    wanted = {
        "statement_timeout": (settings.STATEMENT_TIMEOUT_MS, int(found["statement_timeout"]) > 0),
        "lock_timeout": (
            settings.LOCK_FIRST_WAIT_MS, 0 < int(found["lock_timeout"]) <= settings.LOCK_TIMEOUT_MS,
        ),
        "jit": ("off", found["jit"] == "off"),
    }  # fmt: skip
    return [
        f"{name} is {found[name]} behind the pooler; run: "
        f'ALTER ROLE "{role}" IN DATABASE "{database}" SET {name} = {value}'
        for name, (value, is_fine) in wanted.items()
        if not is_fine
    ]


def pooler_hint(fault: BaseException) -> str:
    """What to do about a pooler that refuses the options a connection is started with; else nothing."""
    if "unsupported startup parameter" not in str(fault):
        return ""
    return "This is a pooler: set DATABASE_POOLER=transaction, as docs/settings.md says."
