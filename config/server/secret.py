"""The secret that signs tokens and sessions: SECRET_KEY, else one made once and kept in DATA_DIR.

SECRET_KEYS_OLD are those it replaced, which are still believed.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

SECRET_KEY_FILE = "secret_key"  # noqa: S105 - a file's name, in DATA_DIR


def load_secret_key(data_dir: Path) -> str:
    """The key; made with mode 0600 on first use. Two processes starting together agree on one."""
    given = os.environ.get("SECRET_KEY")
    if given:
        return given
    path = data_dir / SECRET_KEY_FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = data_dir / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(draft, path)  # fails when another process was first: theirs is kept
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def fingerprint(secret_key: str) -> str:
    """By what a secret is recognised where it must not be written down: 16 hex characters."""
    return hmac.digest(secret_key.encode(), b"fourgate fingerprint", "sha256").hex()[:16]


def old_secret_keys() -> list[str]:
    """SECRET_KEYS_OLD, newest first, separated by commas."""
    return [each.strip() for each in os.environ.get("SECRET_KEYS_OLD", "").split(",") if each.strip()]
