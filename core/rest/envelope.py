"""The envelopes of Core REST, put around the JSON text of records, which is left as it is.

Keys are API names and cursors are base64, so neither needs escaping.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.records.listing import Listing


def of_record(key: str, record: str) -> str:
    """
    >>> of_record("person", '{"id":"1"}')
    '{"data":{"person":{"id":"1"}}}'
    """
    return f'{{"data":{{"{key}":{record}}}}}'


def of_records(key: str, records: Iterable[str]) -> str:
    return f'{{"data":{{"{key}":[{",".join(records)}]}}}}'


def of_page(key: str, page: Listing) -> str:
    """A page of records; `totalCount` is missing when it was not asked for."""
    return f'{{"data":{{"{key}":[{page.items}]}},{_page_members(page)}}}'


def of_duplicates(key: str, pages: Iterable[Listing]) -> str:
    """One entry per input, each with its own page of records."""
    entries = ",".join(f'{{{_page_members(page)},"{key}":[{page.items}]}}' for page in pages)
    return f'{{"data":[{entries}]}}'


def of_groups(groups: Iterable[str]) -> str:
    """Groups stand alone: an array, without `data`."""
    return f"[{','.join(groups)}]"


def _page_members(page: Listing) -> str:
    total = "" if page.total is None else f'"totalCount":{page.total},'
    return (
        f'{total}"pageInfo":{{"hasNextPage":{_boolean(page.has_next)},"hasPreviousPage":{_boolean(page.has_previous)},'
        f'"startCursor":{_text(page.start_cursor)},"endCursor":{_text(page.end_cursor)}}}'
    )


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _text(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'
