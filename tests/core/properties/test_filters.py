"""Filter trees, whatever the data: both APIs find the records that Python finds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chance import examples
from tests.core.properties.conftest import stored
from tests.core.properties.oracle import (
    ALPHABET,
    CHOICES,
    DAYS,
    EMAILS,
    KEYS,
    MOMENTS,
    VALUES,
    collections,
    exact,
    lowered,
)
from tests.factories import Api

FIND = settings(max_examples=examples(400), suppress_health_check=[HealthCheck.function_scoped_fixture])
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "neq": operator.ne, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip
TEXTS = st.text(ALPHABET.replace("\\", ""), min_size=1, max_size=2)  # REST's grammar has no escapes

# A tree is ("and" | "or", [tree, …]), ("not", tree) or (path, operator, operand).
Tree = Any


def leaves_of(path: str, operands: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    return (
        st.tuples(st.just(path), st.sampled_from(sorted(COMPARISONS)), operands)
        | st.tuples(st.just(path), st.just("in"), st.lists(operands, min_size=1, max_size=3))
        | st.tuples(st.just(path), st.just("is"), st.sampled_from(["NULL", "NOT_NULL"]))
    )


leaves = st.one_of(
    leaves_of("words", TEXTS),
    st.tuples(st.just("words"), st.just("startsWith"), TEXTS),
    leaves_of("owner.firstName", TEXTS),
    leaves_of("size", st.integers(-3, 3) | st.integers(-(10**30), 10**30) | st.sampled_from([0.1, 2**53 + 1])),
    leaves_of("day", DAYS),
    leaves_of("choice", CHOICES),
    st.tuples(st.just("done"), st.just("eq"), st.booleans()),
    st.tuples(st.just("done"), st.just("is"), st.sampled_from(["NULL", "NOT_NULL"])),
    leaves_of("moment", MOMENTS),
    leaves_of("key", KEYS),
    leaves_of("contact.primaryEmail", EMAILS),
    st.tuples(st.just("marks"), st.just("containsAny"), st.lists(CHOICES, min_size=1, max_size=2)),
    st.tuples(st.just("parentId"), st.just("is"), st.sampled_from(["NULL", "NOT_NULL"])),
    st.tuples(st.just("parent.words"), st.sampled_from(["eq", "neq", "startsWith"]), TEXTS),
    st.tuples(st.just("parent.key"), st.sampled_from(["eq", "lt"]), KEYS),
    leaves_of("price.amountMicros", st.integers(-5, 5) | st.integers(-(10**15), 10**15)),
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3))
        | st.tuples(st.just("not"), inner)
    ),
    max_leaves=6,
)


def matches(tree: Tree, record: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> bool:
    """A comparison with no value is not true, so its negation is. `others` are all records by their ids."""
    if tree[0] in ("and", "or"):
        return (all if tree[0] == "and" else any)(matches(each, record, others) for each in tree[1])
    if tree[0] == "not":
        return not matches(tree[1], record, others)
    path, name, operand = tree
    name_, _, part = path.partition(".")
    if name_ == "parent":
        parent = others.get(record.get("parentId") or "")
        return parent is not None and matches((part, name, operand), parent, others)
    plain = record.get(name_)
    plain = (plain or {}).get(part) if part else plain
    is_absent = (VALUES[path](record) if path in VALUES else plain) is None
    if name == "is":
        return is_absent == (operand == "NULL")
    if is_absent:
        return False
    is_text = path in ("words", "owner.firstName", "contact.primaryEmail")
    if name == "containsAny":
        return not set(plain).isdisjoint(operand)
    if path == "size":
        plain, operand = exact(plain), [exact(each) for each in operand] if name == "in" else exact(operand)
    if name == "in":
        return plain in operand
    if name == "startsWith":
        return str(plain).startswith(operand)
    if is_text and name not in ("eq", "neq"):
        plain, operand = lowered(plain), lowered(operand)
    return COMPARISONS[name](plain, operand)


def as_rest(tree: Tree) -> str:
    if tree[0] in ("and", "or"):
        return f"{tree[0]}({','.join(as_rest(each) for each in tree[1])})"
    if tree[0] == "not":
        return f"not({as_rest(tree[1])})"
    path, name, operand = tree
    shown = f"[{','.join(map(quoted, operand))}]" if isinstance(operand, list) else quoted(operand, name)
    return f"{path}[{name}]:{shown}"


def quoted(value: Any, name: str = "") -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) and name != "is" else str(value)


def as_graphql(tree: Tree) -> dict[str, Any]:
    if tree[0] in ("and", "or"):
        return {tree[0]: [as_graphql(each) for each in tree[1]]}
    if tree[0] == "not":
        return {"not": as_graphql(tree[1])}
    path, name, operand = tree
    field, _, part = path.partition(".")
    return {field: {part: {name: operand}} if part else {name: operand}}


QUERY = "query ($f: ThingFilterInput) { things(filter: $f) { totalCount edges { node { id } } } }"


@FIND
@given(data=collections, tree=trees)
def test_both_apis_find_what_python_finds(things: Api, data: list[dict[str, Any]], tree: Tree) -> None:
    others = {record["id"]: record for record in data}
    expected = sorted(record["id"] for record in data if matches(tree, record, others))
    with stored(things, data):
        answer = things.get(f"/rest/things?fields=id&filter={quote(as_rest(tree))}")
        assert answer.status == 200, answer.body
        assert [record["id"] for record in answer.body["data"]["things"]] == expected
        assert answer.body["totalCount"] == len(expected)
        found = things.data(QUERY, {"f": as_graphql(tree)})["things"]
        assert [edge["node"]["id"] for edge in found["edges"]] == expected
        assert found["totalCount"] == len(expected)
