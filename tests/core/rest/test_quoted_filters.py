"""Values of filters in quotes: whatever a text holds, it can be asked for as it is."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.core.rest.conftest import Rest

PLAIN = (  # none of their quotes could be an end
    "Smith (Ltd",
    "a)b",
    ":)",
    "1) first",
    "x,y)z",
    """O'Neil "Bob", Jr""",
    "back\\",
    "[1], (2",
    "name[eq]:x",
    "a,b[eq]:c",
)
ENDING = ('say "hi"', 'a "(quoted)"', 'a","b', 'a",name[eq]:"b', 'half"', '"x', '"",""')


def found(rest: Rest, condition: str) -> list[str]:
    answer = rest.get(f"companies?order_by=name&filter={quote(condition)}")
    assert answer.status == 200, (condition, answer.body)
    return [each["name"] for each in answer.data]


@pytest.fixture
def named(rest: Rest) -> Rest:
    assert rest.post("batch/companies", [{"name": text} for text in PLAIN + ENDING]).status == 201
    return rest


@pytest.mark.parametrize(
    ("text", "shown"),
    [(text, f"{mark}{text}{mark}") for text in PLAIN for mark in "\"'"]
    + [(text, '"' + text.replace('"', '""') + '"') for text in PLAIN + ENDING],
)
def test_a_text_is_found_by_its_quoted_value(named: Rest, text: str, shown: str) -> None:
    for condition in (
        f"name[eq]:{shown}",
        f"name[in]:[{shown}]",
        f"name[in]:['nobody',{shown},{shown}]",
        f"and(name[gte]:{shown},name[lte]:{shown})",
        f"or(and(name[startsWith]:{shown},name[endsWith]:{shown}),name[eq]:'nobody')",
        f"and(not(name[neq]:{shown}),id[is]:NOT_NULL)",
    ):
        assert found(named, condition) == [text], condition


def test_quotes_at_the_end_of_a_value_need_no_doubling_where_nothing_follows(named: Rest) -> None:
    for text in ('say "hi"', 'a "(quoted)"', 'half"'):
        assert found(named, f'name[eq]:"{text}"') == [text]


def test_patterns_and_bulk_writes(named: Rest) -> None:
    before = len(PLAIN + ENDING)
    assert found(named, 'name[ilike]:"%(ltd%"') == ["Smith (Ltd"]
    assert found(named, "name[like]:'[1], (%'") == ["[1], (2"]
    condition = quote('name[in]:[":)","a)b"]')
    assert len(named.delete(f"companies?filter={condition}").data) == 2
    assert named.get("companies?limit=0").body["totalCount"] == before - 2


def test_a_missing_bracket_behind_quotes_is_refused_and_nothing_changes(named: Rest) -> None:
    condition = quote('or(name[eq]:":)"')
    refused = named.delete(f"companies?filter={condition}")
    assert (refused.status, refused.message) == (400, "'filter' invalid. 1 close bracket is missing in the query")
    assert refused.body["hint"] == "A value with brackets of its own can be put in quotes."
    assert named.get("companies?limit=0").body["totalCount"] == len(PLAIN + ENDING)
