"""Statements are compiled once for all values: the same text comes again, each time with its own values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.query.plan import FindPlan, Relate
from core.query.reading import plan_connection_page
from core.sql import mutate
from core.sql.fragment import Slot, Sql
from core.sql.select import compile_connection
from tests.pure.model import COMPANY, PERSON, field, scope
from tests.pure.sql.cases import ACTOR, A, B, graphql, listing, one


def _planned(id: str) -> FindPlan:
    return plan_connection_page(scope(), graphql(f'{{ people(filter: {{id: {{eq: "{id}"}}}}) {{ totalCount }} }}'))


_PLAN = _planned(A)  # a document with a variable is planned once
_READS: dict[str, tuple[Callable[[str], Sql], int]] = {
    "a page and its total": (lambda id: listing(f"id[eq]:{id}", total=True), 2),
    "a connection": (lambda id: compile_connection(replace(_PLAN, condition=_planned(id).condition)), 1),
    "one record": (lambda id: one(f'{{ person(filter: {{id: {{eq: "{id}"}}}}) {{ id }} }}'), 1),
}


@pytest.mark.parametrize("name", _READS)
def test_a_read_has_its_own_values(name: str) -> None:
    read, times = _READS[name]
    first, second = read(A), read(B)
    assert second.text is first.text
    assert [each for each in first.params if each in (A, B)] == [A] * times
    assert [each for each in second.params if each in (A, B)] == [B] * times
    assert not _unfilled(first, second)


def _row(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "d": {"jobTitle": id}, "hs": False, "h": {"before": {}, "after": {}}, "rv": False, **more}


def _insert(id: str, **more: Any) -> Sql:
    relates = [Relate(field("person.company"), COMPANY, (id,))]
    return mutate.compile_insert(PERSON, [_row(id, **more)], ACTOR, relates, [], under=Sql("now() < %s", (id,)))


def _update(id: str, **more: Any) -> Sql:
    relates = [Relate(field("person.company"), COMPANY, (id, id))]
    return mutate.compile_update(PERSON, [_row(id, **more)], ACTOR, relates, [], under=Sql("now() < %s", (id,)))


@pytest.mark.parametrize("write", [_insert, _update])
def test_a_write_has_its_own_values(write: Callable[..., Sql]) -> None:
    first, second = write(A), write(B)
    assert second.text is first.text
    assert [A in str(each) for each in first.params] == [B in str(each) for each in second.params]
    assert not [each for each in second.params if A in str(each)]
    assert not _unfilled(first, second)


@pytest.mark.parametrize("write", [_insert, _update])
def test_where_a_record_goes_is_part_of_the_text(write: Callable[..., Sql]) -> None:
    texts = [write(A, **where).text for where in ({}, {"w": "first", "k": 1}, {"w": "last", "k": 1}, {"p": 4.5})]
    assert texts[0] == texts[3]
    assert len(set(texts)) == 3
    assert ["pf AS" in text for text in texts] == [False, True, False, False]
    assert ["pl AS" in text for text in texts] == [False, False, True, False]


def test_what_an_update_has_no_use_for_is_not_in_it() -> None:
    assert "search =" in _update(A, hs=True).text
    assert "search =" not in _update(A).text
    assert ".history" in _update(A).text
    assert ".history" not in _update(A, h=None).text


def _unfilled(*statements: Sql) -> list[Slot]:
    return [each for sql in statements for each in sql.params if isinstance(each, Slot)]
