"""The pydantic models of datamodel-code-generator, made from the 3.1 document, with a record of every type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import ANY

import httpx

from tests.openapi.clients.conftest import PACKAGE, Served, run
from tests.openapi.model import emptied, full, nulled


def generate(document: Path, folder: Path) -> None:
    run(
        [
            "datamodel-codegen", "--input", str(document), "--input-file-type", "openapi",
            "--output", str(folder / f"{PACKAGE}.py"), "--output-model-type", "pydantic_v2.BaseModel",
            "--openapi-scopes", "schemas", "paths", "--formatters", "builtin",
        ],
        folder,
    )  # fmt: skip


def test_it_lists_creates_and_updates_a_record_of_every_type(
    served: Served, generated: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    generate(served.document("3.1", tmp_path), tmp_path)
    models = generated("")
    headers = {"Authorization": f"Bearer {served.token}", "Content-Type": "application/json"}
    with httpx.Client(base_url=f"{served.url}/rest/", headers=headers) as client:

        def create(path: str, body: Any) -> Any:
            answer = client.post(path, content=body.model_dump_json(exclude_unset=True))
            assert answer.status_code == 201, answer.text
            [record] = answer.json()["data"].values()
            return record

        bolt = models.PartForResponse.model_validate(create("parts", models.Part(name="Bolt")))
        sent = full(mainPartId=str(bolt.id), topicPartId=str(bolt.id), myFiles=[served.uploaded()])
        one = models.GadgetForResponse.model_validate(create("gadgets", models.Gadget.model_validate(sent)))
        assert values(one, sent) == as_answered(sent)
        two = models.GadgetForResponse.model_validate(create("gadgets", models.Gadget.model_validate(nulled())))
        assert values(two, nulled()) == emptied()

        answer = client.get("gadgets", params={"order_by": "createdAt[AscNullsFirst]", "depth": "1"})
        listed = models.GadgetsGetResponse.model_validate_json(answer.content)
        assert (listed.totalCount, [each.id for each in listed.data.gadgets]) == (2, [one.id, two.id])
        assert (listed.data.gadgets[0].mainPart.id, listed.data.gadgets[0].topicPart.id) == (bolt.id, bolt.id)

        changes = models.GadgetForUpdate(myText=None, myRawJson=[1, {"a": None}], myInt=-7)
        answer = client.patch(f"gadgets/{one.id}", content=changes.model_dump_json(exclude_unset=True))
        after = models.GadgetForResponse.model_validate(answer.json()["data"]["updateGadget"])
        assert (after.myText, after.myRawJson, after.myInt) == ("", [1, {"a": None}], -7)
        assert after.myRating.value == "RATING_3"

        def update(id: Any, given: Mapping[str, Any]) -> Any:
            """What is answered to a change that was read into the model, and written by it."""
            changes = models.GadgetForUpdate.model_validate(given)
            answer = client.patch(f"gadgets/{id}", content=changes.model_dump_json(exclude_unset=True))
            assert answer.status_code == 200, answer.text
            return models.GadgetForResponse.model_validate(answer.json()["data"]["updateGadget"])

        again = full(parentId=str(one.id), mainPartId=str(bolt.id), topicPartId=str(bolt.id), myFiles=sent["myFiles"])
        assert values(update(two.id, again), again) == as_answered(again)  # a value of every type
        for name, value in again.items():  # and each alone, over nothing
            emptied_again = update(two.id, nulled())
            assert values(emptied_again, nulled()) == emptied()
            assert values(update(two.id, {name: value}), {name: value}) == {name: as_answered(again)[name]}
        assert values(update(one.id, nulled()), nulled()) == emptied()
        found = models.GadgetForResponse.model_validate(client.get(f"gadgets/{one.id}").json()["data"]["gadget"])
        assert values(found, nulled()) == emptied()


def values(record: Any, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The record's members that were sent, as JSON."""
    answered = record.model_dump(mode="json")
    return {name: answered[name] for name in sent}


def as_answered(sent: Mapping[str, Any]) -> dict[str, Any]:
    files = [{**each, "extension": ".txt", "url": ANY} for each in sent["myFiles"]]
    return {**sent, "myDateTime": "2026-01-31T09:30:00Z", "myFiles": files}
