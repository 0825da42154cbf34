"""Lets a statement end as soon as the texts that it answers with are longer together than MAX_ANSWER_BYTES.

Records can be large (MAX_RECORD_BYTES each), and pages stand inside pages: an answer is measured while it is made,
since only PostgreSQL knows how long the values are. A sum of `real` overflows beyond 3.4e38, at the row that is too
much, which ends the statement; lengths are scaled so that the bound lies there. No state is kept, nothing is
materialised, and parallel plans stay possible: 0.05 µs a record. `core.sql.execute` knows the fault again.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg2
from psycopg2 import errorcodes

from config.http.bounds import MAX
from core.sql.fragment import Sql, raw

_LARGEST_REAL = 3.4028234e38
_TEXT_FUNCTIONS = frozenset(("enlargeStringInfo", "text_catenate", "repalloc", "palloc"))


def within_bounds(*texts: str, largest: int = MAX.answer_bytes) -> Sql:
    """True for the rows of an aggregation, for its HAVING; NULL texts do not count. `largest`: bytes."""
    return raw(f"coalesce(sum({_weight(texts, largest)}), 0) >= 0")


def bounded(rows: Sql, width: int, texts: Sequence[int]) -> Sql:
    """The same rows, of `width` columns, in their order; `texts` are the places of the columns that count."""
    if not texts:
        return rows
    columns = [f"c{place}" for place in range(width)]
    total = f"sum({_weight([columns[place] for place in texts], MAX.answer_bytes)}) OVER (ROWS UNBOUNDED PRECEDING)"
    return (
        raw(f"SELECT {', '.join(columns)} FROM (SELECT b.*, {total} AS total FROM (")
        + rows
        + raw(f") b({', '.join(columns)})) b WHERE coalesce(total, 0) >= 0")
    )


def is_too_long(fault: psycopg2.Error) -> bool:
    """Whether this is what ended a statement: the sum's overflow, or a text beyond PostgreSQL's own 1 GB.

    Other values of a record are `numeric`, so nothing else overflows as a float does.
    """
    source = fault.diag.source_function
    if fault.pgcode == errorcodes.NUMERIC_VALUE_OUT_OF_RANGE:
        return bool(source == "float_overflow_error")
    return fault.pgcode == errorcodes.PROGRAM_LIMIT_EXCEEDED and source in _TEXT_FUNCTIONS


def _weight(texts: Sequence[str], largest: int) -> str:
    lengths = [f"octet_length({text})" for text in texts]
    length = lengths[0] if len(lengths) == 1 else " + ".join(f"coalesce({each}, 0)" for each in lengths)
    return f"({length})::real * '{_LARGEST_REAL / largest:.7e}'::real"
