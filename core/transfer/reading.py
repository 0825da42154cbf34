"""Reads the records of a file as they arrive: CSV (RFC 4180, UTF-8) or JSON Lines, in bounded memory."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase, BufferedReader, RawIOBase
from typing import Any, NamedTuple, Protocol

from django.conf import settings

from config.errors import ApiError, BadRequest, BodyTooLarge
from config.formulas import restored
from config.http.bounds import MAX, check_count
from config.http.rendering import read_json
from core.transfer.columns import Column, choose_columns, record_of

SEPARATORS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t"}
_SEPARATING = tuple(each.encode() for each in SEPARATORS.values())
_SAID = re.compile(r'"?sep=([,;\t])"?\r?\n?')

csv.field_size_limit(settings.MAX_BODY_BYTES)  # by default a cell of 128 KiB is refused


class Row(NamedTuple):
    """One record of the file, or why it is none; after a row with `is_last` the file cannot be read on."""

    line: int  # where it begins, from 1
    record: object = None  # a mapping; of JSON Lines any JSON value, refused later when it is no object
    fault: ApiError | None = None
    is_last: bool = False


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Body(RawIOBase):
    """A request's body as a file. An end that comes too early, or too late, is a fault and not the end."""

    def __init__(self, source: Source, length: int | None) -> None:
        """`length` is how many bytes were announced; None: it ends when it ends (RFC 9112 §7.1)."""
        self._source = source
        self._length = length
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            data = self._source.read(len(buffer))
        except OSError:  # Django's UnreadablePostError is one
            raise BadRequest("The body ended before all of it had arrived") from None
        self._count += len(data)
        if self._count > settings.MAX_IMPORT_BYTES:
            raise BodyTooLarge(f"Body is larger than {settings.MAX_IMPORT_BYTES} bytes")
        if not data and self._length is not None and self._count < self._length:
            raise BadRequest("The body ended before all of it had arrived")
        buffer[: len(data)] = data
        return len(data)


def buffered(raw: RawIOBase) -> BufferedReader:
    return BufferedReader(raw, 256 * 1024)


def read_csv(
    file: BufferedIOBase, columns: Mapping[str, Column], *, separator: str | None = None, is_safe: bool = False
) -> Iterator[Row]:
    """The rows below the header, whose names are checked by this call; lines without a value are no rows.

    `separator` None: the one that the header has. Columns without a name at the end of the header have no cells.
    `is_safe`: an apostrophe that `config.formulas` put before a cell is taken away.
    """
    lines = _Lines(file)
    try:
        said = _SAID.fullmatch(lines.peek())
        if said is not None:  # the spreadsheet that wrote the file says so in a line of its own
            next(lines)
            separator = separator or said[1]
        separator = separator or _separator_of(lines.peek(), columns)
        rows = csv.reader(lines, strict=True, delimiter=separator)
        header = [name.strip() for name in next(rows, [])]
    except (csv.Error, UnicodeDecodeError) as fault:
        raise BadRequest(f"The header is no CSV in UTF-8: {fault}") from None
    check_count(len(header), MAX.csv_columns, "columns")
    while header and not header[-1]:
        header.pop()
    if not header:
        raise BadRequest("The file is empty; its first line must name the columns")
    return _csv_rows(lines, rows, choose_columns(columns, header), is_safe)


def _separator_of(line: str, columns: Mapping[str, Column]) -> str:
    """The separator by which the line names most columns and no others, or splits into most names."""

    def fit(separator: str) -> tuple[bool, int, int]:
        names = [name.strip() for name in next(csv.reader([line], delimiter=separator), ())]
        known = sum(name in columns for name in names)
        return known == sum(map(bool, names)), known, len(names)

    return max(SEPARATORS.values(), key=fit)  # of equals the first: a comma


def _csv_rows(lines: _Lines, rows: Iterator[list[str]], columns: list[Column], is_safe: bool) -> Iterator[Row]:
    width = len(columns)
    while True:
        line = lines.count + 1
        lines.begin_record()
        try:
            row = next(rows, None)
            if row is None:
                return
            if not any(row):
                continue
            if len(row) < width or any(row[width:]):
                raise BadRequest(f"{len(row)} cells where the header has {width}")
            cells = [restored(cell) for cell in row[:width]] if is_safe else row[:width]
            yield Row(line, record_of(cells, columns))
        except ApiError as fault:
            yield Row(line, fault=fault, is_last=lines.is_broken)
        except csv.Error as fault:
            yield Row(line, fault=BadRequest(f"Not CSV: {fault}"), is_last=True)
            return
        except UnicodeDecodeError:
            yield Row(line, fault=BadRequest("Not UTF-8"), is_last=True)
            return
        if lines.is_broken:
            return


class _Lines:
    """The lines of a text, for the CSV reader: counted, and no record of them larger than a body may be."""

    def __init__(self, file: BufferedIOBase) -> None:
        self._file = file
        self.count = 0
        self.size = 0  # bytes since the record began
        self.began_at = 0  # the line before the record
        self.is_broken = False
        self._kept: str | None = None  # a line that was looked at before its turn

    def peek(self) -> str:
        """The next line, which stays the next; "" at the end."""
        if self._kept is None:
            self._kept = next(self, "")
        return self._kept

    def begin_record(self) -> None:
        self.size = 0
        self.began_at = self.count

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._kept:
            kept, self._kept = self._kept, None
            return kept
        try:
            line = self._file.readline(settings.MAX_BODY_BYTES)
            self.size += len(line)
            if self.size >= settings.MAX_BODY_BYTES:
                raise BodyTooLarge(f"A record is larger than {settings.MAX_BODY_BYTES} bytes")
            if line and self.count - self.began_at >= MAX.csv_cell_lines:
                raise BadRequest(
                    f"The record of line {self.began_at + 1} goes over more than {MAX.csv_cell_lines} lines",
                    hint="Is a quote missing?",
                )
            if len(line) > MAX.json_nodes and max(map(line.count, _SEPARATING)) > MAX.json_nodes:
                raise BadRequest(f"Line {self.count + 1} has more than {MAX.json_nodes} separators")
        except ApiError:
            self.is_broken = True
            raise
        if not line:
            raise StopIteration
        self.count += 1
        return line.decode("utf-8-sig" if self.count == 1 else "utf-8")


def read_json_lines(file: BufferedIOBase) -> Iterator[Row]:
    """A record for each line that is not empty."""
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(settings.MAX_BODY_BYTES)
            if len(line) >= settings.MAX_BODY_BYTES:
                raise BodyTooLarge(f"A record is larger than {settings.MAX_BODY_BYTES} bytes")
        except ApiError as fault:
            yield Row(number, fault=fault, is_last=True)
            return
        if not line:
            return
        text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if not text:
            continue
        try:
            record = read_json(text)
        except ApiError as fault:
            yield Row(number, fault=fault)
        else:
            yield Row(number, record)
