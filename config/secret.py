"""The secret that signs tokens and sessions: SECRET_KEY, else one made once and kept in DATA_DIR."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def load_secret_key(data_dir: Path) -> str:
    """The key; made with mode 0600 on first use. Two processes starting together agree on one."""
    given = os.environ.get("SECRET_KEY")
    if given:
        return given
    path = data_dir / "secret_key"
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
