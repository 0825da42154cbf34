"""A client that openapi-python-client generates from our own document works with people, end to end."""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.factories import Api, key_of, workspace_with
from tests.openapi.documents import core

PACKAGE = "fourgate_generated"

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(
    transactional_db: None, live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Load, str]]:
    """Loads a module of the client generated for a fresh workspace; and a token of that workspace."""
    token = key_of(workspace_with(empty=False))
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(core(Api(token), "?objects=person,company")))
    options = tmp_path / "options.yaml"
    options.write_text(f"package_name_override: {PACKAGE}\nproject_name_override: {PACKAGE}\npost_hooks: []\n")
    command = [
        str(Path(sys.executable).with_name("openapi-python-client")), "generate",
        "--path", str(document), "--config", str(options), "--meta", "none",
        "--output-path", str(tmp_path / PACKAGE), "--fail-on-warning",
    ]  # fmt: skip
    made = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}"), token
    for name in [each for each in sys.modules if each.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def test_it_lists_creates_updates_and_deletes_people(load: tuple[Load, str], live_server: LiveServer) -> None:
    module, token = load
    models = module("models")
    client = module("client").AuthenticatedClient(base_url=f"{live_server.url}/rest", token=token)

    def call(operation: str, *arguments: Any, **more: Any) -> Any:
        answer = module(f"api.people.{operation}").sync_detailed(*arguments, client=client, **more)
        return int(answer.status_code), answer.parsed

    status, before = call("find_many_people", limit=1)
    assert status == 200
    assert len(before.data.people) == 1

    person = models.Person.from_dict({"name": {"firstName": "Grace", "lastName": "Hopper"}, "jobTitle": "Admiral"})
    status, created = call("create_one_person", body=person)
    assert status == 201
    record = created.data.create_person
    assert (record.name.first_name, record.job_title, record.company_id) == ("Grace", "Admiral", None)
    id = record.id
    assert isinstance(id, UUID)

    status, updated = call("update_one_person", id, body=models.PersonForUpdate(job_title="Rear admiral"))
    assert (status, updated.data.update_person.job_title) == (200, "Rear admiral")
    assert updated.data.update_person.name.last_name == "Hopper"

    status, found = call("find_one_person", id, depth=models.FindOnePersonDepth.VALUE_1)
    assert (status, found.data.person.id, found.data.person.company) == (200, id, None)

    status, listed = call(
        "find_many_people", filter_='jobTitle[eq]:"Rear admiral"', order_by="createdAt[DescNullsLast]"
    )
    assert (status, listed.total_count, [each.id for each in listed.data.people]) == (200, 1, [id])
    assert listed.page_info.has_next_page is False

    status, deleted = call("delete_one_person", id, soft_delete=True)
    assert (status, deleted.data.delete_person.id) == (200, id)
    assert call("find_one_person", id)[0] == 404
    status, restored = call("restore_one_person", id)
    assert (status, restored.data.restore_person.deleted_at) == (200, None)

    status, destroyed = call("delete_one_person", id)
    assert (status, destroyed.data.delete_person.id) == (200, id)
    status, refused = call("restore_one_person", id)
    assert (status, refused.messages) == (404, ["Record not found"])
    assert call("find_many_people", limit=1)[1].total_count == before.total_count

    file = module("types").File(io.BytesIO(b"name.firstName,name.lastName\r\nGrace,Hopper\r\n"))
    status, imported = call("import_people", body=file, format_=models.ImportPeopleFormat.CSV)
    assert (status, imported.data.import_.created, imported.data.import_.errors) == (200, 1, [])
    chosen = {"filter_": "name.lastName[eq]:Hopper", "fields": "name"}
    status, exported = call("export_people", format_=models.ExportPeopleFormat.CSV, **chosen)
    assert (status, exported.splitlines()[0], len(exported.splitlines())) == (200, "id,name.firstName,name.lastName", 2)
    status, changes = call("history_person", UUID(exported.splitlines()[1].split(",")[0]))
    assert (status, [each.action for each in changes.data.history]) == (200, ["created"])
    client.get_httpx_client().close()  # else the server's thread keeps its connection to the database
