"""The filter language of Core REST: what it reads, and what it says of what it cannot read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import BadRequest
from core.query import ir
from core.query.ir import And, Match, Not, Or
from core.rest.filters import COMPARATORS, LIST_COMPARATORS, MAX_DEPTH, parse_filter
from tests.chance import examples

COMPARATOR_LIST = "eq, neq, in, containsAny, is, gt, gte, lt, lte, startsWith, endsWith, like, ilike"


def leaf(path: str, comparator: str, value: object) -> Match:
    name, *parts = path.split(".")
    body: object = {comparator: value}
    for part in reversed(parts):
        body = {part: body}
    return Match(name, body)


READ = {
    "a leaf": ("position[lte]:1", leaf("position", "lte", "1")),
    "several leaves are ANDed": (
        'createdAt[gte]:"2024-01-01",employees[gt]:50',
        And((leaf("createdAt", "gte", "2024-01-01"), leaf("employees", "gt", "50"))),
    ),
    "nested conjunctions": (
        "or(stage[eq]:NEW,and(stage[eq]:MEETING,amount.amountMicros[gte]:5000000))",
        Or((leaf("stage", "eq", "NEW"), And((leaf("stage", "eq", "MEETING"), leaf("amount.amountMicros", "gte", "5000000"))))),
    ),
    "not": ("not(id[is]:NULL)", Not(leaf("id", "is", "NULL"))),
    "not of a conjunction": ("not(or(a[eq]:1,b[eq]:2))", Not(Or((leaf("a", "eq", "1"), leaf("b", "eq", "2"))))),
    "conjunctions side by side": ("or(a[eq]:1),or(b[eq]:2)", And((Or((leaf("a", "eq", "1"),)), Or((leaf("b", "eq", "2"),))))),
    "a conjunction of one": ("and(a[eq]:1)", And((leaf("a", "eq", "1"),))),
    "unquoted items": ("id[in]:[6f0c,7a11]", leaf("id", "in", ["6f0c", "7a11"])),
    "double-quoted items": ('companyId[in]:["6f0c"]', leaf("companyId", "in", ["6f0c"])),
    "single-quoted items": ("tags[containsAny]:['A','B']", leaf("tags", "containsAny", ["A", "B"])),
    "items are not trimmed": ("id[in]:[a, b]", leaf("id", "in", ["a", " b"])),
    "quotes keep an item together": ('name[in]:["a,b",c]', leaf("name", "in", ["a,b", "c"])),
    "quotes keep brackets too": ("name[in]:['a]b'],x[eq]:1", And((leaf("name", "in", ["a]b"]), leaf("x", "eq", "1")))),
    "quotes inside an item are its own": ("name[in]:[7\" a,b\"]", leaf("name", "in", ['7" a', 'b"'])),
    "empty items": ("name[in]:[,a]", leaf("name", "in", ["", "a"])),
    "an empty list has no items": ("id[in]:[]", leaf("id", "in", [])),
    "sub-field": ("name.firstName[ilike]:%ada%", leaf("name.firstName", "ilike", "%ada%")),
    "relation path": ("company.address.addressCity[eq]:Oslo", leaf("company.address.addressCity", "eq", "Oslo")),
    "address": ("emails.primaryEmail[eq]:ada@example.com", leaf("emails.primaryEmail", "eq", "ada@example.com")),
    "not null": ("deletedAt[is]:NOT_NULL", leaf("deletedAt", "is", "NOT_NULL")),
    "is is not unquoted": ("deletedAt[is]:'NULL'", leaf("deletedAt", "is", "'NULL'")),
    "timestamps need no quotes": ("createdAt[gte]:2024-01-01T10:00:00.000Z", leaf("createdAt", "gte", "2024-01-01T10:00:00.000Z")),
    "brackets in a value": ("name[eq]:a[b]:c", leaf("name", "eq", "a[b]:c")),
    "a list where text is expected": ("name[eq]:[a,b]", leaf("name", "eq", "[a,b]")),
    "empty text": ('name[eq]:""', leaf("name", "eq", "")),
    "comma in double quotes": ('name[eq]:"Acme, Inc",a[eq]:1', And((leaf("name", "eq", "Acme, Inc"), leaf("a", "eq", "1")))),
    "comma in single quotes": ("name[eq]:'Acme, Inc',a[eq]:1", And((leaf("name", "eq", "Acme, Inc"), leaf("a", "eq", "1")))),
    "one pair of quotes is taken off": ("name[eq]:\"'x'\"", leaf("name", "eq", "'x'")),
    "no escapes": ('name[eq]:"a\\"b"', leaf("name", "eq", 'a\\"b')),
    "an apostrophe": ("name[eq]:O'Brien,a[eq]:1", And((leaf("name", "eq", "O'Brien"), leaf("a", "eq", "1")))),
    "an apostrophe in quotes": ('name[eq]:"O\'Brien, Ltd"', leaf("name", "eq", "O'Brien, Ltd")),
    "one quote alone": ('name[eq]:"', leaf("name", "eq", '"')),
    "parentheses in a value": ("and(name[eq]:Acme (a,b),b[eq]:1)", And((leaf("name", "eq", "Acme (a,b)"), leaf("b", "eq", "1")))),
    "parentheses in quotes": ('or(name[eq]:"Acme (Oslo)",b[eq]:1)', Or((leaf("name", "eq", "Acme (Oslo)"), leaf("b", "eq", "1")))),
    "closing before opening, in quotes": ('or(name[eq]:")(",b[eq]:1)', Or((leaf("name", "eq", ")("), leaf("b", "eq", "1")))),
    "parentheses in a list": ("or(name[in]:[a (x),b],b[eq]:1)", Or((leaf("name", "in", ["a (x)", "b"]), leaf("b", "eq", "1")))),
    "a bracket without its other half": ('name[eq]:"Smith (Ltd"', leaf("name", "eq", "Smith (Ltd")),
    "a closing bracket alone": ("or(name[eq]:':)',b[eq]:1)", Or((leaf("name", "eq", ":)"), leaf("b", "eq", "1")))),
    "brackets in quoted items": ('or(name[in]:["a)b","x,y)z"])', Or((leaf("name", "in", ["a)b", "x,y)z"]),))),
    "both quotes and a comma": (
        """name[eq]:"O'Neil "Bob", Jr",a[eq]:1""", And((leaf("name", "eq", """O'Neil "Bob", Jr"""), leaf("a", "eq", "1")))),
    "both quotes and a comma, in single quotes": (
        """name[like]:'O'Neil "Bob", Jr%'""", leaf("name", "like", """O'Neil "Bob", Jr%""")),
    "both quotes and a comma, in a list": (
        """name[in]:["O'Neil "Bob", Jr",'it's']""", leaf("name", "in", ["""O'Neil "Bob", Jr""", "it's"])),
    "JSON in quotes": ("""json[like]:'%["a", {"b": "c"}]%'""", leaf("json", "like", '%["a", {"b": "c"}]%')),
    "a JSON list in its own quotes": ('json[like]:"["a"]"', leaf("json", "like", '["a"]')),
    "quotes before a bracket that closes nothing": ('name[eq]:"(a "b")"', leaf("name", "eq", '(a "b")')),
    "doubled quotes before what would end it": (
        'or(name[eq]:"say ""(hi"")",b[eq]:"1")', Or((leaf("name", "eq", 'say "(hi")'), leaf("b", "eq", "1")))),
    "doubled quotes and the next predicate": ('name[eq]:"a"",b[eq]:""1"', leaf("name", "eq", 'a",b[eq]:"1')),
    "doubled quotes and the next item": ('name[in]:["a"",""b"]', leaf("name", "in", ['a","b'])),
    "doubled quotes anywhere": ('name[eq]:"a ""b"" c"', leaf("name", "eq", 'a "b" c')),
    "doubled quotes at the end": ('name[eq]:"say ""hi"""', leaf("name", "eq", 'say "hi"')),
    "a quote of its own at the end": ('name[eq]:"say "hi""', leaf("name", "eq", 'say "hi"')),
    "two quotes of its own": ('name[in]:[""""]', leaf("name", "in", ['"'])),
    "a backslash at the end": ("name[in]:['a\\','b']", leaf("name", "in", ["a\\", "b"])),
    "quotes that end nowhere": ("name[eq]:'t Hof,a[eq]:1", And((leaf("name", "eq", "'t Hof"), leaf("a", "eq", "1")))),
    "an item in quotes that end nowhere": ("name[in]:['t Hof,x]", leaf("name", "in", ["'t Hof", "x"])),
    "white space belongs to names": ("a[eq]:1, b[eq]:2", And((leaf("a", "eq", "1"), leaf(" b", "eq", "2")))),
    "a field called not": ("not[eq]:1", leaf("not", "eq", "1")),
    "a field whose name starts like a conjunction": ("order[eq]:1", leaf("order", "eq", "1")),
    "Unicode": ("name[eq]:Žofie ✓", leaf("name", "eq", "Žofie ✓")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ.keys())
def test_filter_is_read(text: str, expected: ir.Filter) -> None:
    assert parse_filter(text) == expected


REFUSED = {
    "one close bracket missing": ("and(a[eq]:1", "'filter' invalid. 1 close bracket is missing in the query"),
    "two close brackets missing": ("and(or(a[eq]:1", "'filter' invalid. 2 close brackets are missing in the query"),
    "one open bracket missing": ("a[eq]:1)", "'filter' invalid. 1 open bracket is missing in the query"),
    "two open brackets missing": ("a[eq]:1))", "'filter' invalid. 2 open brackets are missing in the query"),
    "a bracket in a bare value": ("name[eq]:a(", "'filter' invalid. 1 close bracket is missing in the query"),
    "a bracket behind a quoted value": ('name[eq]:"a(")', "'filter' invalid. 1 open bracket is missing in the query"),
    "brackets in quotes do not count": (
        'and(a[foo]:1,name[eq]:"a(")', f"'filter' invalid for 'a[foo]:1', comparator foo not in {COMPARATOR_LIST}"),
    "brackets the wrong way round": ("a[eq]:1)(", "'filter' invalid for ')('. eg: price[gte]:10"),
    "the closing bracket is in quotes": (
        'or(a[eq]:")"', "'filter' invalid. 1 close bracket is missing in the query"),
    "no comparator": ("price", "'filter' invalid for 'price'. eg: price[gte]:10"),
    "no colon": ("price[gte]10", "'filter' invalid for 'price[gte]10'. eg: price[gte]:10"),
    "no value": ("name[eq]:", "'filter' invalid for 'name[eq]:'. eg: price[gte]:10"),
    "no value before another leaf": ("name[eq]:,b[eq]:1", "'filter' invalid for 'name[eq]:'. eg: price[gte]:10"),
    "no field": ("[eq]:1", "'filter' invalid for '[eq]:1'. eg: price[gte]:10"),
    "empty comparator": ("a[]:1", "'filter' invalid for 'a[]:1'. eg: price[gte]:10"),
    "an empty conjunction": ("and()", "'filter' invalid for ''. eg: price[gte]:10"),
    "a comma at the end": ("a[eq]:1,", "'filter' invalid for ''. eg: price[gte]:10"),
    "text behind a conjunction": ("and(a[eq]:1)b", "'filter' invalid for 'b'. eg: price[gte]:10"),
    "text behind an inner conjunction": ("or(and(a[eq]:1)b,c[eq]:1)", "'filter' invalid for 'b'. eg: price[gte]:10"),
    "a space before the bracket": ("and (a[eq]:1)", "'filter' invalid for 'and (a[eq]:1)'. eg: price[gte]:10"),
    "conjunctions are lower case": ("AND(a[eq]:1)", "'filter' invalid for 'AND(a[eq]:1)'. eg: price[gte]:10"),
    "unknown comparator": (
        "a[foo]:1", f"'filter' invalid for 'a[foo]:1', comparator foo not in {COMPARATOR_LIST}"),
    "comparators are case-sensitive": (
        "a[EQ]:1", f"'filter' invalid for 'a[EQ]:1', comparator EQ not in {COMPARATOR_LIST}"),
    "in without a list": (
        "id[in]:5",
        "'filter' invalid for 'in' operator. Received '5' but array value expected eg: 'field[in]:[value_1,value_2]'"),
    "containsAny without a list": (
        "tags[containsAny]:A",
        "'filter' invalid for 'containsAny' operator. Received 'A' but array value expected"
        " eg: 'field[containsAny]:[value_1,value_2]'"),
    "not with two predicates": (
        "not(a[eq]:1,b[eq]:2)",
        "'filter' invalid. 'not' conjunction should contain only 1 condition. eg: not(field[eq]:1)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_filter_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_filter(text)
    assert (refused.value.message, refused.value.path) == (message, "filter")


def test_unknown_comparator_gets_the_nearest_as_hint() -> None:
    with pytest.raises(BadRequest) as refused:
        parse_filter("a[startswith]:1")
    assert refused.value.hint == 'Did you mean "startsWith"?'


def test_nesting_is_limited() -> None:
    deepest = "and(" * MAX_DEPTH + "a[eq]:1" + ")" * MAX_DEPTH
    parse_filter(deepest)
    with pytest.raises(BadRequest, match=r"^'filter' invalid\. Conjunctions can be nested at most 20 levels deep$"):
        parse_filter(f"and({deepest})")
    with pytest.raises(BadRequest, match=r"^'filter' invalid\. Conjunctions can be nested at most 20 levels deep$"):
        parse_filter("and(" * 100_000 + "a[eq]:1" + ")" * 100_000)


# Any tree, written as a client would write it, is read back -------------------------------------------

names = st.from_regex(r"[a-z][a-zA-Z0-9]{0,8}", fullmatch=True).filter(lambda name: name not in ("and", "or", "not"))
paths = st.lists(names, min_size=1, max_size=3).map(".".join)
# Much of what could end a value, begin the next one or count as a bracket, and everything else.
quotable = st.lists(
    st.sampled_from(["'", '"', '""', ",", ")", "(", "]", "[", "\\", " ", "a", ",b[eq]:", ",or(", ")),", '","', "'],"])
    | st.characters(exclude_categories=["Cs"]),
    max_size=12,
).map("".join)
bare = st.text(
    st.characters(exclude_characters="\"'()[],", exclude_categories=["Cs"]), min_size=1, max_size=20
)  # fmt: skip
balanced = st.builds("{}({}){}".format, bare, bare, bare)
items = st.lists(bare, min_size=1, max_size=4)
quotes = st.sampled_from("'\"")
sparing = st.booleans()


def quoted(value: str, quote: str, is_sparing: bool) -> str:
    """A text as a quoted value: its own quotes doubled, or (sparing) only where they are several or could be an end."""
    if not is_sparing:
        return f"{quote}{value.replace(quote, quote * 2)}{quote}"
    plain = re.sub(f"{quote}+(?![A-Za-z0-9 ])|{quote}{{2,}}", lambda run: run[0] * 2, value)
    return f"{quote}{plain}{quote}"


@st.composite
def leaves(draw: st.DrawFn) -> tuple[str, Match]:
    path = draw(paths)
    comparator = draw(st.sampled_from(COMPARATORS))
    if comparator in LIST_COMPARATORS and draw(st.booleans()):
        values = draw(st.lists(quotable, min_size=1, max_size=4))
        shown = ",".join(quoted(value, draw(quotes), draw(sparing)) for value in values)
        return f"{path}[{comparator}]:[{shown}]", leaf(path, comparator, values)
    if comparator in LIST_COMPARATORS:
        values = draw(items)
        return f"{path}[{comparator}]:[{','.join(values)}]", leaf(path, comparator, values)
    if comparator == "is":
        value = draw(st.sampled_from(("NULL", "NOT_NULL")))
        return f"{path}[is]:{value}", leaf(path, "is", value)
    if draw(st.booleans()):
        value = draw(quotable)
        return f"{path}[{comparator}]:{quoted(value, draw(quotes), draw(sparing))}", leaf(path, comparator, value)
    value = draw(bare | balanced)
    return f"{path}[{comparator}]:{value}", leaf(path, comparator, value)


def conjunctions(inner: st.SearchStrategy[tuple[str, ir.Filter]]) -> st.SearchStrategy[tuple[str, ir.Filter]]:
    def join(kind: str, members: list[tuple[str, ir.Filter]]) -> tuple[str, ir.Filter]:
        text = f"{kind}({','.join(text for text, _ in members)})"
        trees = tuple(tree for _, tree in members)
        return text, And(trees) if kind == "and" else Or(trees)

    several = st.builds(join, st.sampled_from(("and", "or")), st.lists(inner, min_size=1, max_size=4))
    return several | inner.map(lambda member: (f"not({member[0]})", Not(member[1])))


@settings(max_examples=examples(400))
@given(st.recursive(leaves(), conjunctions, max_leaves=12))
def test_any_tree_is_read_back(written: tuple[str, ir.Filter]) -> None:
    text, tree = written
    assert parse_filter(text) == tree


@settings(max_examples=examples(400))
@given(
    st.text(st.sampled_from("ab.[]:(),'\"eqinot ") | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_filter(text)
    except BadRequest as refused:
        assert refused.path == "filter"
