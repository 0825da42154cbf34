"""JSON objects, put together in SQL out of texts that are JSON already."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql.bounded import within_bounds
from core.sql.fragment import Sql, literal
from metadata.fieldtypes.sql_types import concat

AT_ONCE = 16  # names and values of a heavy record that are put together before they are measured


def json_object(pieces: Sequence[tuple[str, Sql | str]], *, is_heavy: bool = False) -> Sql:
    """`{"key":value,…}` as one concatenation; neighbouring constants become one.

    `is_heavy`: made part by part, so that it ends where it grows beyond MAX_ANSWER_BYTES.
    """
    texts: list[str] = []
    params: list[object] = []
    pending = "{"
    for index, (key, value) in enumerate(pieces):
        pending += f'{"," if index else ""}"{key}":'
        if isinstance(value, str):  # JSON text known already
            pending += value
            continue
        texts.append(literal(pending))
        texts.append(value.text)
        params.extend(value.params)
        pending = ""
    texts.append(literal(pending + "}"))
    if is_heavy:
        parts = [texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE)]
        # One SELECT for each: the expressions of VALUES would be initialised anew for every record (ValuesNext).
        values = " UNION ALL ".join(f"SELECT {concat(part)} AS t" for part in parts)
        within = within_bounds("v.t").text
        return Sql(f"(SELECT string_agg(v.t, '') FROM ({values}) v HAVING {within})", tuple(params))
    return Sql(concat(texts), tuple(params))
