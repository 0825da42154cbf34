"""Every verb on records asks for the caller's rights, in `core.query.scope`; nothing else decides about them.

The sources are read: what a function calls, and what those call, has to come to a function that asks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = "core.query.scope"
ASKING = {(PLACE, name) for name in ("may", "require", "require_update")}

# Functions that take a caller and ask nothing, each with the reason.
ASKS_NOTHING: Mapping[str, str] = {
    "core.records.idempotency.claim": "keeps answers by caller and rights; the verb it stands before asks",
}
# Files that look at permissions beside the one place, each with the reason.
LOOKING: Mapping[str, str] = {
    "core/query/scope.py": "the one place",
    "core/query/writes.py": "the names of locked fields, all at once, for inputs of many records",
    "core/records/idempotency.py": "rights as a key: a kept answer is answered to the same rights only",
    "core/query/selections.py": "hidden fields as a key: plans of answers are kept for those who see the same",
    "core/graphql/answer.py": "rights as a key: kept documents are answered to those who see the same",
    "config/openapi/document.py": "the same, of documents",
    "core/rest/operations.py": "documents: what is shown, not what is done",
    "core/docs/pages.py": "the same, as pages",
    "core/openapi/records.py": "the same, of objects",
    "core/openapi/schemas.py": "the same, of fields",
}
_LOOKS = re.compile(r"permissions\.(?:allows|grants|hides|locks|unreadable_fields|locked_fields|reading|as_key)\b")

Name = tuple[str, str]  # module, function or class


@cache
def module(name: str) -> tuple[Mapping[str, ast.AST], Mapping[str, Name]]:
    """What a module of `core` defines, and what its other names stand for."""
    path = ROOT / Path(*name.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    if not source.exists():
        return {}, {}
    tree = ast.parse(source.read_text())
    defined = {
        each.name: each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    imported = {
        alias.asname or alias.name: (each.module, alias.name)
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom) and each.module is not None
        for alias in each.names
    }
    return defined, imported


def used(name: Name) -> Iterator[Name]:
    """Functions and classes of `core` that one names in its body."""
    defined, imported = module(name[0])
    body = defined.get(name[1])
    for node in () if body is None else ast.walk(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found = (name[0], node.id) if node.id in defined else imported.get(node.id)
            if found is not None and found[0].startswith("core."):
                yield found


def asks(name: Name) -> bool:
    seen, waiting = {name}, [name]
    while waiting:
        for each in used(waiting.pop()):
            if each in ASKING:
                return True
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return False


def verbs() -> list[Name]:
    """The public functions of `core.records` that are told who asks."""
    found = []
    for path in sorted((ROOT / "core" / "records").glob("*.py")):
        name = f"core.records.{path.stem}"
        for function, body in module(name)[0].items():
            if not isinstance(body, ast.FunctionDef) or function.startswith("_"):
                continue
            if [each.arg for each in body.args.args[:1]] == ["principal"]:
                found.append((name, function))
    return found


@pytest.mark.parametrize("verb", verbs(), ids=".".join)
def test_every_verb_on_records_asks(verb: Name) -> None:
    assert asks(verb) == (".".join(verb) not in ASKS_NOTHING)


def test_all_verbs_are_walked_and_nothing_is_listed_that_does_not_exist() -> None:
    names = {function for _, function in verbs()}
    assert names >= {
        "create", "delete", "destroy", "duplicates", "find_connection", "find_one", "find_page", "group_by", "history",
        "merge", "restore", "search", "update", "file_upload", "file_find", "file_delete", "member_records",
    }  # fmt: skip
    assert ASKS_NOTHING.keys() <= {".".join(each) for each in verbs()}


@pytest.mark.parametrize("name", ["reindex.reindex", "totals.recount", "listing.listing_of"])
def test_what_asks_nothing_is_seen_to_ask_nothing(name: str) -> None:
    place, function = name.split(".")
    assert function in module(f"core.records.{place}")[0]
    assert not asks((f"core.records.{place}", function))


def test_rights_over_records_are_decided_in_one_place() -> None:
    sources = [path for folder in ("core", "config/openapi") for path in (ROOT / folder).rglob("*.py")]
    looking = {str(path.relative_to(ROOT)) for path in sources if _LOOKS.search(path.read_text())}
    assert looking == LOOKING.keys()
