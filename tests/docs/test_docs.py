"""The documents say what the code does: settings, error codes, field types and operators."""

import ast
import inspect
import os
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from django.conf import settings

from config import errors
from config.http.bounds import Bounds
from config.principal import FLAGS
from metadata.fieldtypes import field_types
from metadata.fieldtypes.operators import OPERATORS

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("config", "metadata", "core", "apikeys", "webhooks")


def environment_names() -> set[str]:
    sources = [ROOT / "manage.py", *(ROOT / "config").rglob("*.py")]
    found = {name for path in sources for name in re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", path.read_text())}
    found |= {f"MAX_{each.name.upper()}" for each in fields(Bounds)}
    return found - {"CONTENT_LENGTH", "CONTENT_TYPE", "PATH_INFO", "DJANGO_SETTINGS_MODULE"}  # those of WSGI and Django


def test_every_setting_is_documented_and_no_other():
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert documented == environment_names()


def test_the_version_is_that_of_the_package():
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert ".".join(map(str, settings.VERSION)) == described["project"]["version"]


def error_classes() -> list[type[errors.ApiError]]:
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.ApiError)]
    return sorted(classes, key=lambda each: (each.status, each.code, each.__name__))


def errors_page() -> str:
    lines = [
        "# Errors",
        "",
        "REST answers `{statusCode, error, messages, code, hint?, path?, requestId}`, GraphQL"
        " `errors[].extensions.{code, subCode, userFriendlyMessage}`. Both come from `config/errors.py`.",
        "",
        "| `code` | HTTP status | REST `error` | GraphQL `code` | GraphQL `subCode` | When |",
        "|---|---|---|---|---|---|",
    ]
    meanings: dict[tuple[str, ...], list[str]] = {}
    for each in error_classes():
        if each is not errors.ApiError:
            name = each.error or errors.EXCEPTION_NAMES[each.status]
            key = (each.code, str(each.status), name, each.graphql_code, each.sub_code or "–")
            meanings.setdefault(key, []).append((each.__dict__.get("__doc__") or "").split("\n")[0])
    for key, when in meanings.items():
        cells = " | ".join(f"`{cell}`" if cell != "–" and not cell.isdigit() else cell for cell in key)
        lines.append(f"| {cells} | {' '.join(when)} |")
    lines += [
        "",
        "Rules of the data model, of roles, keys and webhooks. A report of several broken rules has these codes in"
        " `errors[].errors[].code`; a refusal of one alone has it as `code` and `subCode`.",
        "",
        "| Rule | When |",
        "|---|---|",
        *(f"| `{code}` | {when} |" for code, when in sorted(errors.RULES.items())),
    ]
    return "\n".join([*lines, ""])


def test_every_error_that_is_raised_is_in_the_one_list():
    raised, waiting = [], [errors.ApiError]
    while waiting:
        below = waiting.pop().__subclasses__()
        raised += below
        waiting += below
    ours = {each.__module__ for each in raised if each.__module__.split(".")[0] != "tests"}
    assert ours == {"config.errors"}


def test_every_rule_has_a_sentence_and_is_used_and_no_other_is():
    assert list(errors.RULES) == list(get_args(errors.RuleCode))
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py") if path != Path(errors.__file__)]
    used: set[str] = set()
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                used.add(node.value)
    assert [code for code in errors.RULES if code not in used] == []


def test_an_error_stays_as_it_was_made():
    fault = errors.InvalidFilter("No such operator", details={"name": "like"})
    more = fault.saying(hint="Ask for eq.", details={"index": 1})
    with pytest.raises(AttributeError, match=r"InvalidFilter\.hint is set when the error is made"):
        fault.hint = "Another"
    with pytest.raises(TypeError):
        fault.details["name"] = "eq"
    assert (fault.hint, dict(fault.details)) == (None, {"name": "like"})
    assert (type(more), more.message, more.hint) == (errors.InvalidFilter, "No such operator", "Ask for eq.")
    assert dict(more.details) == {"name": "like", "index": 1}


def test_every_error_says_when_it_happens():
    assert [each.__name__ for each in error_classes() if not each.__dict__.get("__doc__")] == []


def types_page() -> str:
    lines = [
        "# Field types and filter operators",
        "",
        "| Type | What it holds | Operators |",
        "|---|---|---|",
    ]
    for each in field_types():
        operators = ", ".join(f"`{name}`" for name in each.operators)
        parts = "<br>".join(
            f"`{part.name}`: " + ", ".join(f"`{name}`" for name in part.operators) for part in each.subfields.values()
        )
        words = f"{each.description} {each.settings_description}".strip()
        lines.append(f"| `{each.name}` | {words} | {operators or parts or '–'} |")
    lines += ["", "| Operator | A record matches when its value | REST |", "|---|---|---|"]
    lines += [f"| `{row.name}` | {row.sentence} | {'yes' if row.in_rest else 'no'} |" for row in OPERATORS.values()]
    return "\n".join([*lines, ""])


@pytest.mark.parametrize(("name", "page"), [("errors.md", errors_page), ("field-types.md", types_page)])
def test_a_generated_page_is_up_to_date(name, page):
    path = ROOT / "docs" / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(page())
    assert path.read_text() == page(), "run the tests with UPDATE_GOLDEN=1"


def test_every_flag_of_a_role_is_documented_and_no_other():
    table = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "docs" / "roles.md").read_text(), re.MULTILINE)
    assert {name for names in table for name in re.findall(r"[A-Z_]+", names)} == FLAGS


PATH = re.compile(r"`((?:config|core|metadata|apikeys|webhooks|tests|docs)/[\w/.]*)`|\]\(([\w/.]+)\)|(?<= )(tests/\w+)")


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/recipes.md"])
def test_every_path_that_is_named_exists(name):
    paths = [next(filter(None, found)) for found in PATH.findall((ROOT / name).read_text())]
    assert len(paths) > 5
    assert [each for each in paths if not (ROOT / each).exists()] == []
