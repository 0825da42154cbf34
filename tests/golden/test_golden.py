"""What each kind of request is answered with, and the SQL it sends: a change of either is a visible diff.

`UPDATE_GOLDEN=1` writes the files anew.
"""

from __future__ import annotations

import os

import pytest
from django.test import override_settings

from apikeys.authentication import known_callers
from tests.budgets.recording import recording
from tests.golden.files import FOLDER, NAMES, Namer, read_request, response_text, sql_text
from tests.golden.system import SolarSystem


def known_names(system: SolarSystem) -> dict[str, str]:
    names = {system.workspace.database_schema: "workspace", str(system.workspace.id): "<workspace>"}
    for each in system.objects:
        names |= {f"o_{each.id.hex}": each.name_singular, str(each.id): f"<object {each.name_singular}>"}
        for field in each.fields.all():
            names |= {field.id.hex: f"{each.name_singular}_{field.name}"}
    return names


@pytest.mark.parametrize("name", NAMES)
def test_golden(system: SolarSystem, name: str) -> None:
    request = read_request(name)
    api = system.api
    api.get("/rest/planets?limit=0")  # the key's use is noted and the data model is read
    known_callers.clear()  # so that a read is shown without the check of its caller
    with override_settings(PREPARED_STATEMENTS=False), recording() as statements:  # whole texts go over the connection
        answer = request.send(api)
    namer = Namer(known_names(system), fixed="00000000-0000-4000-8000-")
    files = {
        FOLDER / f"{name}.response.json": response_text(answer, namer),
        FOLDER / f"{name}.sql": sql_text(statements, namer),
    }
    if os.environ.get("UPDATE_GOLDEN"):
        for path, text in files.items():
            path.write_text(text)
    for path, text in files.items():
        assert text == (path.read_text() if path.exists() else ""), path.name


def test_every_file_belongs_to_a_request() -> None:
    stems = {path.name.removesuffix(".response.json").removesuffix(".sql") for path in FOLDER.glob("*.[sj][qs][lo]*")}
    assert sorted(stems) == NAMES
