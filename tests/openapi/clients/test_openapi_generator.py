"""The Python client of openapi-generator, made from the 3.0 document, with a record of every type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import ANY

import pytest

from tests.openapi.clients.conftest import PACKAGE, Served, run
from tests.openapi.model import emptied, full, nulled

# A run of a few seconds is over before the JVM's second compiler and its many collectors pay.
JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def generate(document: Path, folder: Path) -> None:
    printed = run(
        [
            "openapi-generator-cli", "generate", "--generator-name", "python",
            "--input-spec", str(document), "--output", str(folder), "--package-name", PACKAGE,
            "--global-property", "models,apis,supportingFiles,modelDocs=false,apiDocs=false,modelTests=false,apiTests=false",
        ],
        folder, JAVA_TOOL_OPTIONS=JVM,
    )  # fmt: skip
    assert "ERROR" not in printed


def test_it_lists_creates_and_updates_a_record_of_every_type(
    served: Served, generated: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    generate(served.document("3.0", tmp_path), tmp_path)
    client = generated("")
    configuration = client.Configuration(host=f"{served.url}/rest", access_token=served.token)
    with client.ApiClient(configuration) as connection:
        gadgets, parts = client.GadgetsApi(connection), client.PartsApi(connection)
        bolt = parts.create_one_part(client.Part(name="Bolt")).data.create_part
        assert bolt.name == "Bolt"

        file = served.uploaded()
        sent = full(mainPartId=str(bolt.id), topicPartId=str(bolt.id), myFiles=[file])
        one = gadgets.create_one_gadget(client.Gadget.from_dict(sent)).data.create_gadget
        assert values(one, sent) == as_answered(sent)
        assert one.my_raw_json == sent["myRawJson"]

        two = gadgets.create_one_gadget(client.Gadget.from_dict(nulled())).data.create_gadget
        assert values(two, nulled()) == emptied()

        listed = gadgets.find_many_gadgets(order_by="createdAt[AscNullsFirst]", depth=1)
        assert (listed.total_count, [each.id for each in listed.data.gadgets]) == (2, [one.id, two.id])
        assert (listed.data.gadgets[0].main_part.id, listed.data.gadgets[0].topic_part.id) == (bolt.id, bolt.id)
        assert listed.data.gadgets[1].main_part is None

        changed = client.GadgetForUpdate(my_text=None, my_raw_json=[1, {"a": None}], my_int=-7)
        after = gadgets.update_one_gadget(one.id, changed).data.update_gadget
        assert (after.my_text, after.my_raw_json, after.my_int) == ("", [1, {"a": None}], -7)
        assert after.my_rating == "RATING_3"

        cleared = gadgets.update_one_gadget(one.id, client.GadgetForUpdate.from_dict(nulled())).data.update_gadget
        assert values(cleared, nulled()) == emptied()
        again = full(parentId=str(one.id))
        filled = gadgets.update_one_gadget(two.id, client.GadgetForUpdate.from_dict(again)).data.update_gadget
        assert values(filled, again) == as_answered(again)
        found = gadgets.find_one_gadget(one.id, depth=1).data.gadget
        assert [each.id for each in found.children] == [two.id]

        with pytest.raises(client.exceptions.NotFoundException) as refused:
            gadgets.find_one_gadget(bolt.id)
        assert refused.value.data.messages == ["Record not found"]


def values(record: Any, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The record's members that were sent, as JSON."""
    answered = json.loads(record.to_json())
    return {name: answered[name] for name in sent}


def as_answered(sent: Mapping[str, Any]) -> dict[str, Any]:
    files = sent["myFiles"] and [{**each, "extension": ".txt", "url": ANY} for each in sent["myFiles"]]
    return {**sent, "myDateTime": "2026-01-31T09:30:00Z", "myFiles": files}
