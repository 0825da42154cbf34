"""The filter language of Core REST, `or(stage[eq]:NEW,amount.amountMicros[gte]:5)`, read in one pass.

    filter      := predicate ( "," predicate )*            several are ANDed
    predicate   := ("and" | "or" | "not") "(" filter ")" | leaf
    leaf        := name ( "." name )* "[" comparator "]:" value
    value       := quoted | "[" item ( "," item )* "]" | bare
    item        := quoted | bare

White space counts. Values stay text: their meaning depends on the field.

A quoted value may hold anything. It ends at the first of its own quotes behind which the filter can go on: where
the text ends, or only closing brackets or a comma and the next predicate follow; that of a list before `]`, or
before a comma and the next quoted item. Its other quotes are part of it, and a backslash is a plain character. Two
of its quotes in a row stand for one that is part of it, wherever they are: so is written what could be an end.
Where no quote can be the end, the value is a bare one.

A bare value ends at a comma outside of square brackets and parentheses, and outside of quotes that open it; one
pair of quotes around it is taken off. A bare item ends at a comma. Parentheses of bare values must be balanced.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from config.errors import BadRequest
from core.query import ir
from core.query.scope import nearest
from metadata.fieldtypes import OPERATORS

MAX_DEPTH = 20
COMPARATORS = tuple(name for name, each in OPERATORS.items() if each.in_rest)
LIST_COMPARATORS = frozenset(name for name in COMPARATORS if OPERATORS[name].shape == "list")
_NULL_COMPARATORS = frozenset(name for name in COMPARATORS if OPERATORS[name].shape == "null")
_SCALAR_COMPARATORS = frozenset(COMPARATORS) - LIST_COMPARATORS - _NULL_COMPARATORS


def _listed(names: Iterable[str], between: str = ", ") -> str:
    return between.join(f"`{name}`" for name in COMPARATORS if name in names)


FILTER_WORDS = f"""\
Conditions `field[comparator]:value`, joined by commas (all must hold) or by `and(…)`, `or(…)`, `not(…)`.

Comparators: {_listed(COMPARATORS)}.
{_listed(LIST_COMPARATORS, " and ")} take `[a,b]`; {_listed(_NULL_COMPARATORS)} takes `NULL` or `NOT_NULL`.
Sub-fields and fields of a to-one relation are reached with a dot: `emails.primaryEmail[eq]:ada@example.org`,
`company.name[ilike]:%acme%`.

A value in double or single quotes may hold anything, brackets, commas and quotes too:
`name[eq]:"O'Neil "Bob" (Ltd, Oslo"`. It ends at its quote before the end of the filter, before a closing bracket,
and before a comma with another condition (in a list: another quoted item) behind it. Two of its quotes in a row stand
for one that is no end: `name[in]:["a"",""b","c"]`. There are no other escapes; a backslash is a plain character. Quote
every item of a list, or none.

Soft-deleted records are left out unless the filter names `deletedAt`."""

_CONJUNCTION = re.compile(r"(and|or|not)\(")
_LEAF_START = re.compile(r"([^\[,()]+)\[([^\]]+)\]:")
_STOP = re.compile(r"[,()\[]")
_QUOTED = re.compile(r"""(["']).*?\1""", re.DOTALL)
_QUOTES = ("'", '"')
_RUN = {quote: re.compile(f"{quote}+") for quote in _QUOTES}
_BEFORE_COMMA = {quote: re.compile(f"{quote}(?=,)") for quote in _QUOTES}
_BEFORE_ITEM_END = {quote: re.compile(rf"{quote}(?=[,\]])") for quote in _QUOTES}

# What stands behind a quote that ends its value. None of these looks behind the next quote or comma, and none
# gives back what it took, so that all of them together cost what the text is long.
_NEXT_LEAF = r"""(?:(?:and|or|not)\()*+[^][(),"']++\[[A-Za-z]++\]:"""
_BEHIND = rf"(?:\Z|,{_NEXT_LEAF})"
_VALUE_END = re.compile(_BEHIND), re.compile(rf"\)*+{_BEHIND}")  # outside and inside of conjunctions
_ITEM_END = tuple(re.compile(rf""",(?=["'])|\](?={each.pattern})""") for each in _VALUE_END)


def parse_filter(text: str) -> ir.Filter:
    """The filter tree of a non-empty text; BadRequest says what is wrong with it.

    >>> parse_filter("name.firstName[eq]:'Ada'")
    Match(name='name', body={'firstName': {'eq': 'Ada'}})
    >>> parse_filter("not(id[in]:[1,2])")
    Not(item=Match(name='id', body={'in': ['1', '2']}))
    >>> parse_filter('name[eq]:"Smith (Ltd, "X"")"')
    Match(name='name', body={'eq': 'Smith (Ltd, "X")'})
    """
    reader = _Reader(text)
    try:
        items, end = reader.read_list(0, 0)
        if end < len(text):
            raise _no_leaf(text[end:])
    except BadRequest:
        missing = reader.missing_brackets()
        if missing:
            raise _unbalanced(missing) from None
        raise
    missing = reader.missing_brackets()
    if missing:
        raise _unbalanced(missing)
    return items[0] if len(items) == 1 else ir.And(tuple(items))


class _Reader:
    """The text, and what was found out about it on the way: no part of it is looked through again and again."""

    __slots__ = ("_brackets", "_endless_items", "_endless_lists", "_ends", "_item_ends", "_read", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._brackets = 0  # opening less closing ones inside of quotes
        self._read = 0  # up to where quoted values were read
        self._ends: dict[tuple[str, re.Pattern[str]], tuple[list[int], list[int]]] = {}
        self._endless_lists: set[tuple[int, re.Pattern[str]]] = set()  # items from which no list of quoted ones ends
        self._endless_items: set[int] = set()  # the same for bare lists
        self._item_ends: dict[str, list[int]] = {}

    def missing_brackets(self) -> int:
        """Opening less closing brackets, those inside of quotes aside."""
        missing = self.text.count("(") - self.text.count(")") - self._brackets
        if missing and self._read < len(self.text):  # a fault stood before other quoted values
            rest = self.text[self._read :]
            bare = _QUOTED.sub("", rest)
            missing -= (rest.count("(") - bare.count("(")) - (rest.count(")") - bare.count(")"))
        return missing

    # Predicates --------------------------------------------------------------------------------------

    def read_list(self, at: int, depth: int) -> tuple[list[ir.Filter], int]:
        """Predicates from `at` up to what no longer belongs to them: a closing bracket or the end."""
        items: list[ir.Filter] = []
        while True:
            conjunction = _CONJUNCTION.match(self.text, at)
            item: ir.Filter
            if conjunction is None:
                item, at = self._read_leaf(at, depth)
            else:
                item, at = self._read_conjunction(conjunction, depth)
            items.append(item)
            if not self.text.startswith(",", at):
                return items, at
            at += 1

    def _read_conjunction(self, opening: re.Match[str], depth: int) -> tuple[ir.Filter, int]:
        if depth >= MAX_DEPTH:
            raise BadRequest(
                f"'filter' invalid. Conjunctions can be nested at most {MAX_DEPTH} levels deep", path="filter"
            )
        text = self.text
        items, end = self.read_list(opening.end(), depth + 1)
        if not text.startswith(")", end):
            raise _unbalanced(1) if end == len(text) else _no_leaf(text[end : self._bare_end(end)])
        kind = opening[1]
        if kind == "not":
            if len(items) != 1:
                raise BadRequest(
                    "'filter' invalid. 'not' conjunction should contain only 1 condition. eg: not(field[eq]:1)",
                    path="filter",
                )
            return ir.Not(items[0]), end + 1
        return (ir.And if kind == "and" else ir.Or)(tuple(items)), end + 1

    def _read_leaf(self, at: int, depth: int) -> tuple[ir.Match, int]:
        start = _LEAF_START.match(self.text, at)
        if start is None:
            raise _no_leaf(self.text[at : self._bare_end(at)])
        path, comparator = start.groups()
        value, end = self._read_value(comparator, at, start.end(), depth > 0)
        names = path.split(".")
        body: object = {comparator: value}
        for name in reversed(names[1:]):
            body = {name: body}
        return ir.Match(names[0], body), end

    def _read_value(self, comparator: str, leaf: int, at: int, is_inside: bool) -> tuple[str | list[str], int]:
        """The value at `at` of the leaf that begins at `leaf`; `is_inside` a conjunction."""
        text = self.text
        if text.startswith(_QUOTES, at) and comparator in _SCALAR_COMPARATORS:
            end = self._quoted_end(at, _VALUE_END[is_inside])
            if end is not None:
                return self._quoted(at, end), end
        elif text.startswith("[", at) and comparator in LIST_COMPARATORS:
            places = self._quoted_items(at + 1, _ITEM_END[is_inside])
            if places is not None:
                return [self._quoted(*place) for place in places], places[-1][1] + 1
        end = self._bare_end(at)
        if end == at:
            raise _no_leaf(text[leaf:end])
        if comparator not in COMPARATORS:
            raise BadRequest(
                f"'filter' invalid for '{text[leaf:end]}', comparator {comparator} not in {', '.join(COMPARATORS)}",
                hint=nearest(comparator, COMPARATORS),
                path="filter",
            )
        self._read = end
        return self._bare_value(comparator, text[at:end]), end

    # Quoted values -----------------------------------------------------------------------------------

    def _quoted(self, at: int, end: int) -> str:
        """What stands between the quotes at `at` and before `end`."""
        inner = self.text[at + 1 : end - 1]
        self._brackets += inner.count("(") - inner.count(")")
        self._read = end
        quote = self.text[at]
        return inner.replace(quote + quote, quote)

    def _quoted_end(self, at: int, ends: re.Pattern[str]) -> int | None:
        """The place behind the closing quote of the value whose opening one is at `at`; None: it is a bare one.

        Of quotes in a row, an odd number of which stands before an end, the last is the closing one. An even
        number is taken for pairs, unless no other quote can be the end.
        """
        quote = self.text[at]
        adjacent = _RUN[quote].match(self.text, at + 1)
        behind = at + 1 if adjacent is None else adjacent.end()
        is_end = adjacent is not None and ends.match(self.text, behind) is not None
        if is_end and (behind - at) % 2 == 0:
            return behind
        odd, even = self._runs_before(quote, ends)
        found = _first_beyond(odd, behind)
        if found is not None:
            return found
        return behind if is_end else _first_beyond(even, behind)

    def _runs_before(self, quote: str, ends: re.Pattern[str]) -> tuple[list[int], list[int]]:
        """The places behind quotes in a row, an odd and an even number of them, that stand before an end."""
        found = self._ends.get((quote, ends))
        if found is None:
            found = self._ends[quote, ends] = [], []
            for run in _RUN[quote].finditer(self.text):
                if ends.match(self.text, run.end()):
                    found[(run.end() - run.start() + 1) % 2].append(run.end())
        return found

    def _quoted_items(self, at: int, ends: re.Pattern[str]) -> list[tuple[int, int]] | None:
        """Where each item of a list of quoted ones begins and ends, the first at `at`; None: it is a bare list."""
        places: list[tuple[int, int]] = []
        while self.text.startswith(_QUOTES, at) and (at, ends) not in self._endless_lists:
            end = self._quoted_end(at, ends)
            if end is None:
                break
            places.append((at, end))
            if self.text[end] == "]":
                return places
            at = end + 1
        self._endless_lists.update((begin, ends) for begin, _ in places)
        return None

    # Bare values -------------------------------------------------------------------------------------

    def _bare_end(self, at: int) -> int:
        """Where the bare value that starts at `at` ends: at a comma or bracket that is not its own."""
        text = self.text
        if text.startswith(_QUOTES, at):
            closing = text.find(text[at], at + 1)
            at = at if closing < 0 else closing + 1
        level = 0
        while (stop := _STOP.search(text, at)) is not None:
            at = stop.end()
            match stop[0]:
                case "[":
                    closing = self._list_end(at)
                    at = at if closing < 0 else closing + 1
                case "(":
                    level += 1
                case ")" if level:
                    level -= 1
                case "," if level:
                    pass
                case _:
                    return stop.start()
        return len(text)

    def _list_end(self, at: int) -> int:
        """The square bracket that closes a list whose items start at `at`; -1 when there is none."""
        text, seen = self.text, []
        while at not in self._endless_items:
            seen.append(at)
            behind = self._item_end(at)
            if behind is None:
                comma, closing = text.find(",", at), text.find("]", at)
                if closing < 0:
                    break
                if not 0 <= comma < closing:
                    return closing
                at = comma + 1
            elif text[behind] == "]":
                return behind
            else:
                at = behind + 1
        self._endless_items.update(seen)
        return -1

    def _item_end(self, at: int) -> int | None:
        """The place behind quotes that open an item at `at`, if a comma or a square bracket stands there."""
        quote = self.text[at : at + 1]
        if quote not in _QUOTES:
            return None
        ends = self._item_ends.get(quote)
        if ends is None:
            ends = self._item_ends[quote] = [each.end() for each in _BEFORE_ITEM_END[quote].finditer(self.text)]
        return _first_beyond(ends, at + 1)

    def _bare_value(self, comparator: str, raw: str) -> str | list[str]:
        if comparator in _NULL_COMPARATORS:  # NULL and NOT_NULL are words, a quoted one is something else
            return raw
        if comparator not in LIST_COMPARATORS:
            return self._unquoted(raw)
        if raw[0] != "[" or raw[-1] != "]":
            raise BadRequest(
                f"'filter' invalid for '{comparator}' operator. Received '{raw}' but array value expected"
                f" eg: 'field[{comparator}]:[value_1,value_2]'",
                path="filter",
            )
        return [self._unquoted(item) for item in _items(raw[1:-1])] if raw != "[]" else []

    def _unquoted(self, raw: str) -> str:
        if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in _QUOTES:
            self._brackets += raw.count("(") - raw.count(")")
            return raw[1:-1]
        return raw


def _items(text: str) -> list[str]:
    """
    >>> _items('"Acme, Inc",B,"C')
    ['"Acme, Inc"', 'B', '"C']
    """
    items, start = [], 0
    text += ","
    ends: dict[str, list[int]] = {}
    while start < len(text):
        quote, end = text[start], None
        if quote in _QUOTES:
            if quote not in ends:
                ends[quote] = [each.end() for each in _BEFORE_COMMA[quote].finditer(text)]
            end = _first_beyond(ends[quote], start + 1)
        end = text.index(",", start) if end is None else end
        items.append(text[start:end])
        start = end + 1
    return items


def _first_beyond(places: list[int], at: int) -> int | None:
    """The first of the ascending places that is greater than `at`."""
    index = bisect_right(places, at)
    return places[index] if index < len(places) else None


def _unbalanced(missing: int) -> BadRequest:
    """`missing` counts opening less closing brackets."""
    kind, count = ("close", missing) if missing > 0 else ("open", -missing)
    brackets = "bracket is" if count == 1 else "brackets are"
    return BadRequest(
        f"'filter' invalid. {count} {kind} {brackets} missing in the query",
        hint="A value with brackets of its own can be put in quotes.",
        path="filter",
    )


def _no_leaf(leaf: str) -> BadRequest:
    return BadRequest(f"'filter' invalid for '{leaf}'. eg: price[gte]:10", path="filter")
