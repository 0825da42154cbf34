"""A workspace of 100,000 records with files is exported, imported under another name in another database, and compared.

    .venv/bin/python benchmarks/backups.py
    .venv/bin/python benchmarks/backups.py --records 5000 --files 50

Compared is everything that the APIs answer of both (`tests/ops/whole.py`), all records as an export gives them, the
history of every record, and every file's contents; ids of the workspace and of its data model differ, those of records
and files do not. It prints times, the size of the backup, and the memory that the commands took.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.clusters import Caller, Clusters, clusters, rows  # noqa: E402
from tests.ops.whole import ID, everything  # noqa: E402

IMPORTED_AT_ONCE = 10_000
FILE_BYTES = 20_000
_SIGNATURE = re.compile(r"\?token=[^\"]*")  # of a file's address; it names the workspace and has an end
_OF_ITS_OWN = ("displayName", "subdomain", "inviteHash", "databaseSchema")  # what tells a workspace from its copy


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.1f} s", flush=True)


def measure_backups(records: int, files: int) -> bool:
    """Whether the copy answers as the original does."""
    with clusters() as ground:
        original = ground.workspace("Original", "east")
        with timed(f"{records:,} records and {files:,} files made"):
            make(ground, original, records, files)
        path = ground.folder / "original.backup"
        with timed("workspace export"):
            ground.manage("workspace", "export", "Original", "--to", str(path))
        print(f"the backup has {path.stat().st_size / 1e6:.1f} MB")
        with timed("workspace import --name Copy --to west"):
            ground.manage("workspace", "import", str(path), "--name", "Copy", "--to", "west")
        largest_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"the largest process of these took {largest_kb / 1e3:.0f} MB")
        copy = ground.caller_of("Copy")
        with timed("compared"):
            return is_equal(ground, original, copy)


def make(ground: Clusters, caller: Caller, records: int, files: int) -> None:
    kind = {"Content_Type": "application/x-ndjson"}
    for start in range(0, records, IMPORTED_AT_ONCE):
        lines = "".join(
            json.dumps({"name": f"Acme {number}", "code": f"C{number}", "speed": number % 977}) + "\n"
            for number in range(start, min(start + IMPORTED_AT_ONCE, records))
        )
        report = caller.ask("POST", "/rest/rockets/import?format=jsonl", lines.encode(), **kind)["data"]["import"]
        assert report["failed"] == 0, report
    found = [json.loads(line)["id"] for line in exported(caller).splitlines()]
    step = max(1, records // files)
    for number in range(files):
        content = random.Random(number).randbytes(FILE_BYTES)
        file_id = caller.upload(ground.fields["papers"], f"plan{number}.pdf", content)
        papers = {"papers": [{"fileId": file_id, "label": f"plan{number}.pdf"}]}
        caller.ask("PATCH", f"/rest/rockets/{found[number * step]}", papers)
    for id in found[1 :: max(2, records // 200)]:
        caller.ask("DELETE", f"/rest/rockets/{id}?soft_delete=true")


def exported(caller: Caller) -> bytes:
    status, content = caller.send("GET", "/rest/rockets/export?format=jsonl")
    assert status == 200, content[:1_000]
    return content


def is_equal(ground: Clusters, original: Caller, copy: Caller) -> bool:
    ours, theirs = answers(original), answers(copy)
    differing = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    all_ours, all_theirs = records_of(original), records_of(copy)
    histories = history_of(ground, "Original") == history_of(ground, "Copy")
    contents = [files_of(each) for each in (original, copy)]
    print(
        f"{len(ours)} answers, {len(differing)} differ {differing[:5]}; {len(all_ours):,} records, equal:"
        f" {all_ours == all_theirs}; history equal: {histories}; {len(contents[0]):,} files, equal:"
        f" {contents[0] == contents[1]}"
    )
    return not differing and all_ours == all_theirs and histories and contents[0] == contents[1]


def answers(caller: Caller) -> dict[str, str]:
    def get(path: str) -> tuple[int, Any]:
        status, content = caller.send("GET", path)
        return status, json.loads(content or b"null")

    found = everything(get, lambda query, path: caller.ask("POST", path, {"query": query}))
    workspace = json.loads(found["metadata/workspace"])
    inner = workspace["data"]["workspace"] if "data" in workspace else workspace
    for name in _OF_ITS_OWN:
        inner.pop(name, None)
    return {**found, "metadata/workspace": json.dumps(workspace)}


def records_of(caller: Caller) -> list[str]:
    """Every record with its ids, as the export gives it."""
    return [_SIGNATURE.sub("", line) for line in exported(caller).decode().splitlines()]


def history_of(ground: Clusters, name: str) -> list[tuple[str, ...]]:
    """What became of which record when; ids in what changed are left out, since some are the workspace's."""
    shard, schema, _ = ground.table(name, "rocket")
    text = f"SELECT record_id::text, action, at::text, coalesce(changes::text, '') FROM {schema}.history ORDER BY id"
    return [(*row[:3], ID.sub("#", row[3])) for row in rows(ground.urls[shard], text)]


def files_of(caller: Caller) -> list[tuple[str, str, str]]:
    """The record, name and digest of the contents of each file."""
    found = []
    for line in exported(caller).splitlines():
        record = json.loads(line)
        for each in record["papers"] or ():
            with urlopen(each["url"], timeout=60) as answer:
                found.append((record["id"], each["label"], sha256(answer.read()).hexdigest()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=500)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    sys.exit(0 if measure_backups(arguments.records, arguments.files) else 1)


if __name__ == "__main__":
    main()
