"""What an embedded PostgreSQL server is started with, and how many of its logs are kept."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

LOG_FILE_MB = 10
LOG_FILES = 8
_LOG_FILE = re.compile(r"postgres-\d{4}-\d\d-\d\d_\d{6}\.log")
_OLD_LOG_FILE = re.compile(r"postgres-[A-Z][a-z]{2}\.log")  # of versions that named them by the day of the week


def server_settings(socket: Path, log: Path, *, durable: bool) -> dict[str, str]:
    """What a server is started with. `durable=False` trades crash safety for speed (tests only)."""
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    safe = "on" if durable else "off"
    return {
        "listen_addresses": "",
        "unix_socket_directories": '"' + str(socket).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "port": "5432",  # only the socket's name
        "max_connections": "100",
        "shared_buffers": f"{max(32, min(256, memory_mb // 8))}MB",
        "fsync": safe,
        "full_page_writes": safe,
        "synchronous_commit": safe,
        # After a crash: one call in place of an fsync for each of the thousands of files that workspaces are.
        **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
        "wal_compression": "on",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # A file per day and per LOG_FILE_MB; `remove_old_logs` deletes the oldest.
        "logging_collector": "on",
        "log_directory": str(log),
        "log_filename": "postgres-%Y-%m-%d_%H%M%S.log",
        "log_truncate_on_rotation": "off",
        "log_rotation_age": "1d",
        "log_rotation_size": f"{LOG_FILE_MB}MB",
        # The log is about the server. Statements, parameters and what they were refused for hold values of
        # customers, in DETAIL and even in the message (`invalid input syntax for type uuid: "…"`): level `log`
        # is above `error`, so none of it is written. Whoever sent a statement has its error.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_duration": "off",
        "log_min_duration_statement": "-1",
        "log_min_duration_sample": "-1",
        "log_transaction_sample_rate": "0",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_lock_waits": "off",
        "log_temp_files": "-1",
        "debug_print_parse": "off",
        "debug_print_rewritten": "off",
        "debug_print_plan": "off",
    }


def remove_old_logs(log: Path) -> None:
    """Keep the newest LOG_FILES of the server's logs. Follows no link, since the folder is not ours."""
    try:
        folder = os.open(log, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return  # there is none yet
    try:
        names = sorted(name for name in os.listdir(folder) if _LOG_FILE.fullmatch(name))
        old = [name for name in os.listdir(folder) if _OLD_LOG_FILE.fullmatch(name)]
        for name in [*old, *names[:-LOG_FILES]]:
            os.unlink(name, dir_fd=folder)
    except OSError:
        pass  # the next call finds it again
    finally:
        os.close(folder)
