"""Every kind of statement, whole: text and parameters. A change of one is a visible diff in statements/.

`UPDATE_GOLDEN=1` writes the files anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.sql.files import ServerUrl
from core.sql.fragment import Sql
from tests.pure.sql.cases import STATEMENTS
from tests.readable_sql import packed, readable

FOLDER = Path(__file__).parent / "statements"


def shown(value: object) -> str:
    return "the server's address" if isinstance(value, ServerUrl) else repr(value)


def laid_out(title: str, sql: Sql) -> str:
    assert sql.text.replace("%%", "").count("%s") == len(sql.params), title
    text = readable(sql.text)
    assert packed(text) == packed(sql.text)
    return "\n".join([f"-- {title}", text + ";", *(f"-- {shown(value)}" for value in sql.params)])


@pytest.mark.parametrize("name", STATEMENTS)
def test_statements(name: str) -> None:
    text = "\n\n".join(laid_out(title, make()) for title, make in STATEMENTS[name].items()) + "\n"
    path = FOLDER / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_every_file_has_its_statements() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(STATEMENTS)
