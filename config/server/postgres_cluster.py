"""Where the embedded PostgreSQL server of a DATA_DIR lives: whose its folders are, which programs it runs, and the
cluster that initdb makes. What lies where is told in `config.server.embedded_postgres`.

As root, which PostgreSQL refuses to run as, the server runs as the cluster's owner, at first
`postgres` or `nobody`. When that user cannot reach DATA_DIR, `postgres/` is a link into
/var/lib/fourgate; when it cannot reach the binaries, it gets a copy of them. Root writes no file in
a folder of that user's, who could have put a link there.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

from config.server.database import data_dir_digest, socket_folder
from config.server.postgres_binaries import (
    Account,
    Binaries,
    EmbeddedPostgresError,
    can_enter,
    copy_installation,
    find_binaries,
    locales,
    run_as,
)
from config.server.postmasters import is_postmaster

SUPERUSER = "postgres"
RELOCATED_ROOT = Path("/var/lib/fourgate")


class Cluster:
    """The folders of one DATA_DIR's server. `durable=False` trades crash safety for speed (tests only)."""

    def __init__(self, data_dir: Path, *, durable: bool) -> None:
        self.data_dir = data_dir.resolve()
        self.durable = durable
        self.socket = Path(socket_folder(self.data_dir))  # as clients see it
        self._link = self.data_dir / "postgres"

    @property
    def home(self) -> Path:
        """The folder that belongs to the server's user."""
        return self._link.resolve()

    @property
    def server_socket(self) -> Path:
        """The socket's folder as the server sees it: it may not reach DATA_DIR."""
        return self.home / "socket" if self.socket.parent == self._link else self.socket

    @property
    def pid(self) -> int | None:
        """The postmaster's process, when one is alive for this cluster."""
        try:
            pid = int((self.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if is_postmaster(pid, self.home / "data") else None

    def delete(self) -> None:
        """All of it; nobody uses it any more."""
        if self._link.is_symlink():
            shutil.rmtree(self.home.parent)
            self._link.unlink()
        else:
            shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.data_dir / "postgres-server", ignore_errors=True)
        shutil.rmtree(self.socket, ignore_errors=True)

    def prepare(self, account: Account | None) -> Binaries:
        """Make what is not there yet. Raises EmbeddedPostgresError."""
        self.make_home(account)
        binaries = self.binaries(account)
        if not (self.home / "data" / "PG_VERSION").exists():
            self.make(binaries, account)
        self.make_socket_folder(account)
        return binaries

    def account(self) -> Account | None:
        """None when the server runs as ourselves."""
        if os.geteuid() != 0:
            return None
        owner = self.home.stat().st_uid if self.home.exists() else 0
        entry = None
        if owner:
            entry = pwd.getpwuid(owner)
        else:
            entry = next((user for user in pwd.getpwall() if user.pw_name == "postgres"), None)
            entry = entry or next((user for user in pwd.getpwall() if user.pw_name == "nobody"), None)
        if entry is None or entry.pw_uid == 0:
            raise EmbeddedPostgresError(
                "PostgreSQL does not run as root, and this machine has neither a user 'postgres' nor 'nobody'. "
                "Start Fourgate as another user, or give it a server with DATABASE_URL."
            )
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def make_home(self, account: Account | None) -> None:
        if not self._link.exists():
            if account and not can_enter(account, self.data_dir):
                RELOCATED_ROOT.mkdir(mode=0o755, exist_ok=True)
                area = Path(tempfile.mkdtemp(prefix=f"{data_dir_digest(self.data_dir)}-", dir=RELOCATED_ROOT))
                area.chmod(0o755)
                (area / "postgres").mkdir(mode=0o700)
                self._link.unlink(missing_ok=True)
                self._link.symlink_to(area / "postgres")
            else:
                self._link.mkdir(mode=0o700)
        owner = self.home.stat().st_uid
        if account and owner == 0:
            os.chown(self.home, account.uid, account.gid)
        elif not account and owner != os.geteuid():
            raise EmbeddedPostgresError(
                f"The database in {self.home} belongs to {_user_name(owner)}. Start Fourgate as that user or "
                "as root, or choose another folder with DATA_DIR."
            )

    def make_socket_folder(self, account: Account | None) -> None:
        folder = self.server_socket
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        uid = account.uid if account else os.geteuid()
        if not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o077 or status.st_uid not in {uid, os.geteuid()}:
            raise EmbeddedPostgresError(f"{folder} must be a folder of {_user_name(uid)} with mode 0700: delete it.")
        if account and status.st_uid != uid:
            os.chown(folder, uid, account.gid, follow_symlinks=False)

    def binaries(self, account: Account | None) -> Binaries:
        """The installation to run: of the cluster's major version, readable to the server's user."""
        found = find_binaries()
        version_file = self.home / "data" / "PG_VERSION"
        if version_file.exists():
            major = int(version_file.read_text().split(".")[0])
            fitting = [binaries for binaries in found if binaries.major == major]
            if not fitting:
                raise EmbeddedPostgresError(
                    f"{self.home / 'data'} was made by PostgreSQL {major}, but the server here is "
                    f"{found[0].major}. Set PG_BIN_DIR to a PostgreSQL {major}, or move the data with pg_dump."
                )
            found = fitting
        chosen = found[0]
        if account and not can_enter(account, chosen.bin):
            if os.environ.get("PG_BIN_DIR"):
                raise EmbeddedPostgresError(f"User {account.name} cannot reach PG_BIN_DIR ({chosen.bin}).")
            return Binaries(copy_installation(chosen.bin, self.home.parent / "postgres-server"), chosen.major)
        return chosen

    def make(self, binaries: Binaries, account: Account | None) -> None:
        """initdb into a draft, then rename: a cluster that is there is whole."""
        data, draft = self.home / "data", self.home / "data.draft"
        command = [str(binaries.bin / "initdb"), "-D", str(draft), "-U", SUPERUSER, "--auth=trust"]
        command += ["--encoding=UTF8", "--data-checksums", "--no-instructions"]
        if not self.durable:
            command.append("--no-sync")
        failure = ""
        for locale in locales(binaries.major):
            shutil.rmtree(draft, ignore_errors=True)
            done = run_as([*command, *locale], account)
            if done.returncode == 0:
                if data.exists():  # a folder without PG_VERSION: no cluster
                    shutil.rmtree(data)
                draft.rename(data)
                return
            failure = done.stdout.decode(errors="replace")
        raise EmbeddedPostgresError(f"initdb failed:\n{failure.strip()}")

    def forget_dead_server(self) -> None:
        """Remove the lock files that would stop PostgreSQL for no reason: their process number belongs
        to another program (after a reboot, or in a container, where numbers repeat) or to a server
        that ended and was not collected. Only called when no postmaster of this cluster is alive.
        PostgreSQL still refuses to start while backends of a killed server hold its shared memory."""
        for lock_file in (self.home / "data" / "postmaster.pid", self.server_socket / ".s.PGSQL.5432.lock"):
            try:
                os.kill(int(lock_file.read_text().split("\n", 1)[0]), 0)
            except (FileNotFoundError, ProcessLookupError):
                continue  # PostgreSQL sees to it, with more care
            except (ValueError, PermissionError):
                pass
            lock_file.unlink()


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
