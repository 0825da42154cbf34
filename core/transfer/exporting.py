"""Export: all records that match, page by page, in as much memory as one page needs.

Pages are read one after the other by keyset, each as the database is at that moment: a record that
other requests change meanwhile comes once, before or after its change; none stays out that was there
all the time and kept its place in the order.

A fault in the middle must not leave a file that looks whole. Not every server breaks the connection off
then, so a last line is added that no reader accepts: not JSON, and in CSV a quote that is never closed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import StringIO
from itertools import chain
from typing import Literal

from django.conf import settings

from config.errors import BadRequest, TooComplex
from config.http import deadline, rights
from config.http.confirming import late_as, waiting
from config.http.rendering import dumps, loads
from config.principal import Principal
from core.query import ir
from core.query.scope import Scope, find_object, require
from core.records.find import find_page
from core.transfer.columns import answer_paths, cells
from metadata.schema import WorkspaceSchema

Format = Literal["csv", "jsonl"]
CONTENT_TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8; header=present", "jsonl": "application/x-ndjson"}
FLAG = "EXPORT_CSV"  # whatever the format
PAGE = 100
INCOMPLETE: dict[Format, bytes] = {  # the last line of a file that a fault cut short
    "csv": b'"INCOMPLETE: a fault broke the export off',
    "jsonl": b"INCOMPLETE: a fault broke the export off",
}


def file_name(plural: str, form: Format, *, is_safe: bool = False) -> str:
    """`people.csv`; `people.safe.csv` where cells may have an apostrophe that is not the record's."""
    return f"{plural}.safe.{form}" if is_safe and form == "csv" else f"{plural}.{form}"


def export_records(
    principal: Principal,
    schema: WorkspaceSchema,
    query: ir.Find,
    form: Format,
    *,
    separator: str = ",",
    is_safe: bool = False,
) -> Iterator[bytes]:
    """The file in pieces of one page. `query.page.size` is how many records at most; None: all.

    `is_safe`: no cell of a CSV file is a formula to a spreadsheet (`config.formulas`).

    What the query is refused for is raised by the call; a later fault by the iterator.
    """
    scope = Scope(schema, principal)
    subject = find_object(scope, query.object_name)
    rights.require(principal, FLAG)
    require(scope, "read", subject)
    _require_own_members(query.selection)
    pages = _pages(principal, schema, query)
    first = next(pages)  # whatever is wrong with the query is found now
    pages = chain((first,), pages)
    return _marked(_as_csv(scope, query, pages, separator, is_safe) if form == "csv" else _as_lines(pages), form)


def _require_own_members(selection: ir.Selection) -> None:
    """Refuse members of related records: no import could take them."""
    names = selection.only if isinstance(selection, ir.Everything) else None
    related = [name for name in names or () if "." in name]
    if related:
        raise BadRequest(
            f"'fields' parameter invalid. A file has no parts of fields and no related records: {', '.join(related)}",
            hint="A composite field is exported with all of its parts.",
            path="fields",
        )


def _marked(pieces: Iterator[bytes], form: Format) -> Iterator[bytes]:
    try:
        yield from pieces
    except Exception:
        yield INCOMPLETE[form]
        raise


def _pages(principal: Principal, schema: WorkspaceSchema, query: ir.Find) -> Iterator[str]:
    """The JSON texts of each page's records, separated by commas."""
    left, after, largest = query.page.size, query.page.after, PAGE
    asked_by = waiting()
    given = deadline.allow(settings.LONG_WORK_DEADLINE_S)  # also when the pieces are sent, after the view
    while True:
        given.check()
        size = largest if left is None else min(largest, left)
        try:
            with late_as(asked_by):
                page = find_page(principal, schema, replace(query, page=ir.Page(size, after), with_total=False))
        except TooComplex:  # together they are larger than an answer may be
            if size == 1:
                raise
            largest = max(1, size // 4)
            continue
        yield page.items
        after, left = page.end_cursor, None if left is None else left - size
        if left == 0 or not page.has_next:
            return


def _as_lines(pages: Iterable[str]) -> Iterator[bytes]:
    for page in pages:
        yield b"".join(dumps(record) + b"\n" for record in loads(f"[{page}]".encode()))


def _as_csv(scope: Scope, query: ir.Find, pages: Iterable[str], separator: str, is_safe: bool) -> Iterator[bytes]:
    assert isinstance(query.selection, ir.Everything)
    paths = answer_paths(scope, find_object(scope, query.object_name), query.selection)
    text = StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")  # RFC 4180
    writer.writerow(".".join(path) for path in paths)
    for page in pages:
        writer.writerows(list(cells(record, paths, is_safe=is_safe)) for record in loads(f"[{page}]".encode()))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
