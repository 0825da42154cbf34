"""How much one request may bring and ask for, by what its handling costs rather than by its bytes alone.

Every member of `Bounds` is an environment variable, `MAX_` and its name (`MAX_JSON_NODES`), and has its row in
docs/settings.md. The greatest input that all of them let through costs at most 2 s of one core and 200 MB;
tests/security/test_cost.py asks for that. Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from os import environ

from config.errors import MalformedBody, TooComplex
from config.http import deadline


@dataclass(frozen=True, slots=True)
class Bounds:
    json_nodes: int = 250_000  # values and member names of a JSON body
    json_depth: int = 128  # objects and lists inside each other
    digits: int = 1_000  # of one number
    far_numbers: int = 10_000  # in the JSON values of one request: from 1e21 on, or below 1e-21
    record_members: int = 2_000  # members of one record
    list_items: int = 1_000  # of one list of texts, addresses, numbers or links
    rich_text_chars: int = 1_000_000  # of the Markdown of one request
    rich_text_marks: int = 10_000  # of them line ends and characters that mean something in Markdown
    blocks_chars: int = 1_000_000  # of the BlockNote JSON of one request
    phone_numbers: int = 3_000  # read in one request
    international_domains: int = 500  # of e-mail addresses in one request, and of links to be found by
    query_string_bytes: int = 65_536
    query_parameters: int = 200
    filter_values: int = 10_000  # operands of one filter
    graphql_chars: int = 2_000_000  # of one document
    graphql_tokens: int = 20_000
    graphql_fields: int = 2_000  # selected in one document, fragments counted each time they are spread
    graphql_depth: int = 30  # fields inside fields
    graphql_root_fields: int = 20
    graphql_directives: int = 200
    graphql_definitions: int = 200  # operations and fragments of one document
    answer_values: int = 2_000_000  # of the records of an answer, every page of nested ones as full as may be
    answer_bytes: int = 33_554_432  # of the records of an answer, and of those that one write reads
    record_bytes: int = 4_194_304  # of the JSON of one record as it is stored
    metadata_bytes: int = 1_048_576  # of a body of the two Metadata APIs, but of the data model as a file
    metadata_nodes: int = 50_000  # values and member names of such a body
    metadata_items: int = 20  # of one mutation that changes several
    metadata_values: int = 150_000  # that a document of /metadata could answer
    view_conditions: int = 800  # that a view's filters come to; a query has a thousand, the view's among them
    view_filter_group_depth: int = 2  # groups of a view's filters inside each other
    introspection_values: int = 800_000  # that an answer about the schema of /graphql could have
    introspection_chars: int = 24_000_000  # of it
    yaml_bytes: int = 1_048_576  # of a data model as YAML
    yaml_nodes: int = 100_000  # its lines and values
    csv_cell_lines: int = 10_000  # of the file that one record goes over
    csv_columns: int = 2_000


def read(environment: Mapping[str, str]) -> Bounds:
    """The bounds with what the environment says otherwise."""
    given = {each.name: environment.get(f"MAX_{each.name.upper()}") for each in fields(Bounds)}
    return Bounds(**{name: int(text) for name, text in given.items() if text})


MAX = read(environ)

_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(code for code in range(256) if chr(code) not in "[]{}")


def check_json(text: bytes, largest: int | None = None) -> None:
    """Refuse JSON of more values (by default MAX_JSON_NODES) or deeper nesting than may be.

    Raises MalformedBody, TooComplex.

    Asked before the text is parsed, since what it becomes can be thirty times as large. A short text costs a
    third of a microsecond, 10 MB cost 50 ms.
    """
    if largest is None:
        largest = MAX.json_nodes
    opened = text.count(b"[") + text.count(b"{")
    if opened <= MAX.json_depth and len(text) <= largest:
        return
    is_few = len(text) <= largest or opened + text.count(b",") + text.count(b":") <= largest
    if is_few and not (opened > MAX.json_depth and _is_deeper(text, MAX.json_depth)):
        return  # not even when what stands in strings is counted
    bare = _without_strings(text, largest)
    if bare.count(b",") + bare.count(b":") + bare.count(b"[") + bare.count(b"{") > largest:
        raise _too_many_values(largest)
    if _is_deeper(bare, MAX.json_depth):
        raise TooComplex(f"The JSON is nested more than {MAX.json_depth} levels deep")


def _too_many_values(largest: int) -> TooComplex:
    return TooComplex(f"The JSON holds more than {largest} values and names", hint="Send it in several requests.")


def _without_strings(text: bytes, largest: int) -> bytes:
    """The text outside its strings; a string more than there may be values is refused before it is cut out."""
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    quotes = text.count(b'"')
    if quotes > 2 * largest + 2:
        raise _too_many_values(largest)
    if quotes % 2:
        raise MalformedBody("A string of the JSON is not closed")
    return b"".join(text.split(b'"')[::2])


def _is_deeper(text: bytes, depth: int) -> bool:
    """Whether brackets remain after the innermost pairs were taken away `depth` times."""
    brackets = text.translate(_BRACKETS, _NO_BRACKETS)
    for _ in range(depth):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def spend(what: str, amount: int, largest: int) -> None:
    """Count what is dear towards what one request may use of it; raises TooComplex beyond `largest`.

    Outside requests, and in long work, each call stands alone.
    """
    current = deadline.current()
    if current is not None and not current.is_long:
        amount += current.spent.get(what, 0)
        current.spent[what] = amount
    if amount > largest:
        raise TooComplex(f"One request may bring at most {largest} {what}", hint="Send it in several requests.")


def has_left(what: str, largest: int) -> bool:
    """Whether this request may do once more what it may do `largest` times, which then counts; always outside one."""
    current = deadline.current()
    if current is None:
        return True
    count = current.spent[what] = current.spent.get(what, 0) + 1
    return count <= largest


def check_count(count: int, largest: int, what: str, path: str | None = None) -> None:
    """Raise TooComplex for more than `largest` of something, saying how many there may be."""
    if count > largest:
        raise TooComplex(f"There are {count} {what}, more than {largest}", path=path)
