"""The client of openapi-python-client, made from the 3.1 document: every verb, and a record of every type."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import ANY
from uuid import UUID

from tests.openapi.clients.conftest import PACKAGE, Served, run
from tests.openapi.model import emptied, full, nulled

Load = Callable[[str], ModuleType]


def generate(document: Path, folder: Path) -> None:
    options = folder / "options.yaml"
    options.write_text(f"package_name_override: {PACKAGE}\nproject_name_override: {PACKAGE}\npost_hooks: []\n")
    run(
        [
            "openapi-python-client", "generate", "--path", str(document), "--config", str(options), "--meta", "none",
            "--output-path", str(folder / PACKAGE), "--fail-on-warning",
        ],
        folder,
    )  # fmt: skip


def test_it_lists_creates_updates_and_deletes(served: Served, generated: Load, tmp_path: Path) -> None:
    generate(served.document("3.1", tmp_path), tmp_path)
    with generated("client").AuthenticatedClient(base_url=f"{served.url}/rest", token=served.token) as client:

        def call(operation: str, *arguments: Any, **more: Any) -> Any:
            module = generated(f"api.{operation}")
            answer = module.sync_detailed(*arguments, client=client, **more)
            return int(answer.status_code), answer.parsed

        _every_type(served, call, generated("models"))
        _every_verb(call, generated("models"), generated("types").File)


def _every_type(served: Served, call: Callable[..., Any], models: ModuleType) -> None:
    status, made = call("parts.create_one_part", body=models.Part(name="Bolt"))
    bolt = made.data.create_part
    assert (status, bolt.name) == (201, "Bolt")

    sent = full(mainPartId=str(bolt.id), topicPartId=str(bolt.id), myFiles=[served.uploaded()])
    status, made = call("gadgets.create_one_gadget", body=models.Gadget.from_dict(sent))
    one = made.data.create_gadget
    assert (status, values(one, sent)) == (201, as_answered(sent))
    assert (one.my_date, one.my_uuid) == (date(2026, 1, 31), UUID(sent["myUuid"]))
    assert one.my_date_time == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    assert (one.my_raw_json.additional_properties, one.my_links.secondary_links[0].label) == (sent["myRawJson"], "Docs")

    status, made = call("gadgets.create_one_gadget", body=models.Gadget.from_dict(nulled()))
    two = made.data.create_gadget
    assert (status, values(two, nulled())) == (201, emptied())

    status, listed = call(
        "gadgets.find_many_gadgets", order_by="createdAt[AscNullsFirst]", depth=models.FindManyGadgetsDepth.VALUE_1
    )
    assert (status, listed.total_count, [each.id for each in listed.data.gadgets]) == (200, 2, [one.id, two.id])
    assert (listed.data.gadgets[0].main_part.id, listed.data.gadgets[0].topic_part.name) == (bolt.id, "Bolt")
    assert listed.data.gadgets[1].main_part is None

    status, changed = call("gadgets.update_one_gadget", one.id, body=models.GadgetForUpdate.from_dict(nulled()))
    assert (status, values(changed.data.update_gadget, nulled())) == (200, emptied())
    again = full(parentId=str(one.id), myRawJson=[1, {"a": None}])
    status, changed = call("gadgets.update_one_gadget", two.id, body=models.GadgetForUpdate.from_dict(again))
    assert (status, values(changed.data.update_gadget, again)) == (200, as_answered(again))
    status, found = call("gadgets.find_one_gadget", one.id, depth=models.FindOneGadgetDepth.VALUE_1)
    assert (status, [each.id for each in found.data.gadget.children]) == (200, [two.id])


def values(record: Any, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The record's members that were sent, as JSON."""
    answered = record.to_dict()
    return {name: answered[name] for name in sent}


def as_answered(sent: Mapping[str, Any]) -> dict[str, Any]:
    files = sent["myFiles"] and [{**each, "extension": ".txt", "url": ANY} for each in sent["myFiles"]]
    return {**sent, "myDateTime": "2026-01-31T09:30:00+00:00", "myFiles": files}


def _every_verb(call: Callable[..., Any], models: ModuleType, file: type) -> None:
    body = models.Gadget.from_dict({"name": "Probe", "myFullName": {"firstName": "Grace", "lastName": "Hopper"}})
    id = call("gadgets.create_one_gadget", body=body)[1].data.create_gadget.id
    status, updated = call("gadgets.update_one_gadget", id, body=models.GadgetForUpdate(name="Rear"))
    assert (status, updated.data.update_gadget.name) == (200, "Rear")
    assert updated.data.update_gadget.my_full_name.last_name == "Hopper"
    status, listed = call("gadgets.find_many_gadgets", filter_='name[eq]:"Rear"', limit=1)
    assert (status, listed.total_count, [each.id for each in listed.data.gadgets]) == (200, 1, [id])
    assert listed.page_info.has_next_page is False

    status, deleted = call("gadgets.delete_one_gadget", id, soft_delete=True)
    assert (status, deleted.data.delete_gadget.id) == (200, id)
    assert call("gadgets.find_one_gadget", id)[0] == 404
    status, restored = call("gadgets.restore_one_gadget", id)
    assert (status, restored.data.restore_gadget.deleted_at) == (200, None)
    status, destroyed = call("gadgets.delete_one_gadget", id)
    assert (status, destroyed.data.delete_gadget.id) == (200, id)
    status, refused = call("gadgets.restore_one_gadget", id)
    assert (status, refused.messages) == (404, ["Record not found"])

    rows = file(io.BytesIO(b"name,myText\r\nImported,x\r\n"))
    status, imported = call("gadgets.import_gadgets", body=rows, format_=models.ImportGadgetsFormat.CSV)
    assert (status, imported.data.import_.created, imported.data.import_.errors) == (200, 1, [])
    chosen = {"filter_": "name[eq]:Imported", "fields": "name"}
    status, exported = call("gadgets.export_gadgets", format_=models.ExportGadgetsFormat.CSV, **chosen)
    header, row = exported.splitlines()
    assert (status, header) == (200, "id,name")
    status, changes = call("gadgets.history_gadget", UUID(row.split(",")[0]))
    assert (status, [each.action for each in changes.data.history]) == (200, ["created"])
