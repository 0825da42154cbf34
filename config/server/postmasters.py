"""What the machine says of the processes of a PostgreSQL server: which run, and whose they are."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def end_leftovers(data: Path) -> None:
    """Tell the server processes whose postmaster is gone to end at once (SIGQUIT). They would by themselves when they
    next wait for something; one in the middle of a long calculation keeps a new server from starting until then.
    A process of this cluster has its data folder as its working directory."""
    owner = data.stat().st_uid
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == owner and process.joinpath("cwd").readlink() == data:
                os.kill(int(process.name), signal.SIGQUIT)
        except OSError:
            continue  # it ended, or is none of ours


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not collected yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return not Path("/proc/self").exists()
    return status.rpartition(")")[2].split()[0] != "Z"


def is_postmaster(pid: int, data: Path) -> bool:
    """Whether a live process is the postmaster of this cluster, by its command line and user."""
    if not is_alive(pid):
        return False
    if not Path("/proc/self").exists():  # macOS
        shown = subprocess.run(["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
        return f"-D {data} ".encode() in shown.stdout
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return os.fsencode(data) in command and Path(f"/proc/{pid}").stat().st_uid == data.stat().st_uid
    except OSError:
        return False
