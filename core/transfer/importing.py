"""Import: the records of a file are created, or (upsert) update those that an id or a unique value names.

Records are written in batches of BATCH, each one transaction. Where faults end the import (`goes_on`
False), the batch of the first fault is not written, and earlier ones stay. Else the records with faults
are left out. A dry run does all of it in one transaction and takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from io import BufferedIOBase
from itertools import islice
from typing import Any, Literal

from django.conf import settings
from django.db import transaction

from config.errors import ApiError
from config.http import deadline, rights
from config.principal import Principal
from core.query import ir
from core.query.scope import Scope, find_object, require
from core.records.partial import Outcome, create_each
from core.sql.execute import fetch
from core.sql.mutate import compile_statistics
from core.transfer.columns import columns_of
from core.transfer.reading import Row, read_csv, read_json_lines
from metadata.schema import ObjectSchema, WorkspaceSchema

FLAG = "IMPORT_CSV"  # whatever the format
BATCH = 500
MANY = 10_000  # records, after which the planner looks at the table again
MAX_ERRORS = 100  # listed in a report; all are counted

_ID_ONLY = ir.Everything(only=("id",))


@dataclass(frozen=True, slots=True)
class Options:
    form: Literal["csv", "jsonl"]
    upsert: bool = False
    dry_run: bool = False
    goes_on: bool = False
    separator: str | None = None  # of the cells of a CSV; None: the one that its header has
    is_safe: bool = False  # the file is a CSV of a safe export: what that put before its cells is taken away


@dataclass(slots=True)
class Report:
    """What an import did. `stopped`: a fault ended it before the file did."""

    read: int = 0
    created: int = 0
    updated: int = 0
    failed: int = 0
    stopped: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)

    def add(self, line: int, fault: ApiError) -> None:
        self.failed += 1
        if len(self.errors) < MAX_ERRORS:
            named = [each["message"] for each in fault.details.get("errors", ())]
            error: dict[str, object] = {"line": line, "messages": named or [fault.message], "code": fault.code}
            if fault.hint is not None:
                error["hint"] = fault.hint
            self.errors.append(error)

    def as_json(self) -> dict[str, object]:
        return {
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "failed": self.failed,
            "stopped": self.stopped,
            "errors": self.errors,
        }


def import_records(
    principal: Principal,
    schema: WorkspaceSchema,
    object_name: str,
    file: BufferedIOBase,
    options: Options,
    progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Import a file; `progress` is told after every batch.

    Raises BadRequest for a header that cannot be read, PermissionDenied, and what the database cannot do
    (Conflict, QueryTimeout, Unavailable) with the report so far as `import` in its details.
    """
    scope = Scope(schema, principal)
    subject = find_object(scope, object_name)
    rights.require(principal, FLAG)
    require(scope, "update", subject)
    rows = (
        read_csv(file, columns_of(scope, subject), separator=options.separator, is_safe=options.is_safe)
        if options.form == "csv"
        else read_json_lines(file)
    )
    report = Report()
    using = principal.workspace.shard
    given = deadline.allow(settings.LONG_WORK_DEADLINE_S)
    try:
        with transaction.atomic(using=using) if options.dry_run else nullcontext():
            for batch in _batches(rows):
                given.check()
                _import_batch(scope, subject, batch, options, report)
                progress(report)
                if report.stopped:
                    break
            if options.dry_run:
                transaction.set_rollback(True, using=using)
            elif report.created >= MANY:
                fetch(compile_statistics(subject), using, prepare=False)
    except ApiError as fault:
        raise fault.saying(details={"import": report.as_json()}) from fault
    return report


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _import_batch(scope: Scope, subject: ObjectSchema, batch: list[Row], options: Options, report: Report) -> None:
    using = scope.principal.workspace.shard
    sound = [row for row in batch if row.fault is None]
    with transaction.atomic(using=using):
        records = [_as_input(subject, row.record) for row in sound]
        outcomes = create_each(scope, subject, records, _ID_ONLY, as_upsert=options.upsert)
        faults = [(row.line, row.fault) for row in batch if row.fault is not None]
        faults += [(row.line, each.fault) for row, each in zip(sound, outcomes, strict=True) if each.fault is not None]
        is_refused = bool(faults) and not options.goes_on
        if is_refused:
            transaction.set_rollback(True, using=using)
    report.read += len(batch)
    report.stopped = is_refused or batch[-1].is_last
    for line, fault in sorted(faults, key=lambda each: each[0]):
        report.add(line, fault)
    if not is_refused:
        _count(outcomes, report)


def _as_input(subject: ObjectSchema, record: object) -> object:
    """The record without what an export adds to files, so that it can be read again.

    A line of JSON Lines may hold any JSON value: what is no object is refused where records are planned.
    """
    if not isinstance(record, dict):
        return record
    given = [each for each in subject.files_fields if each.name in record]
    return {**record, **{each.name: each.type.input_of(record[each.name]) for each in given}} if given else record


def _count(outcomes: Iterable[Outcome], report: Report) -> None:
    for outcome in outcomes:
        if outcome.fault is None and outcome.is_update:
            report.updated += 1
        elif outcome.fault is None:
            report.created += 1
