"""The pydantic models of datamodel-code-generator, made from the 3.1 document, with a record of every type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import ANY

from tests.openapi.clients.conftest import PACKAGE, Served, run
from tests.openapi.model import emptied, full, nulled
from tests.server import Connection


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
    with Connection(int(served.url.rpartition(":")[2]), served.token) as client:

        def create(path: str, body: Any) -> Any:
            answer = client.post(f"/rest/{path}", as_json(body))
            assert answer.status == 201, answer.body
            [record] = answer.body["data"].values()
            return record

        bolt = models.PartForResponse.model_validate(create("parts", models.Part(name="Bolt")))
        sent = full(mainPartId=str(bolt.id), topicPartId=str(bolt.id), myFiles=[served.uploaded()])
        one = models.GadgetForResponse.model_validate(create("gadgets", models.Gadget.model_validate(sent)))
        assert values(one, sent) == as_answered(sent)
        two = models.GadgetForResponse.model_validate(create("gadgets", models.Gadget.model_validate(nulled())))
        assert values(two, nulled()) == emptied()

        answer = client.get("/rest/gadgets?order_by=createdAt[AscNullsFirst]&depth=1")
        listed = models.GadgetsGetResponse.model_validate(answer.body)
        assert (listed.totalCount, [each.id for each in listed.data.gadgets]) == (2, [one.id, two.id])
        assert (listed.data.gadgets[0].mainPart.id, listed.data.gadgets[0].topicPart.id) == (bolt.id, bolt.id)

        changes = models.GadgetForUpdate(myText=None, myRawJson=[1, {"a": None}], myInt=-7)
        answer = client.patch(f"/rest/gadgets/{one.id}", as_json(changes))
        after = models.GadgetForResponse.model_validate(answer.body["data"]["updateGadget"])
        assert (after.myText, after.myRawJson, after.myInt) == ("", [1, {"a": None}], -7)
        assert after.myRating.value == "RATING_3"

        def update(id: Any, given: Mapping[str, Any]) -> Any:
            """What is answered to a change that was read into the model, and written by it."""
            changes = models.GadgetForUpdate.model_validate(given)
            answer = client.patch(f"/rest/gadgets/{id}", as_json(changes))
            assert answer.status == 200, answer.body
            return models.GadgetForResponse.model_validate(answer.body["data"]["updateGadget"])

        again = full(parentId=str(one.id), mainPartId=str(bolt.id), topicPartId=str(bolt.id), myFiles=sent["myFiles"])
        assert values(update(two.id, again), again) == as_answered(again)  # a value of every type
        for name, value in again.items():  # and each alone, over nothing
            emptied_again = update(two.id, nulled())
            assert values(emptied_again, nulled()) == emptied()
            assert values(update(two.id, {name: value}), {name: value}) == {name: as_answered(again)[name]}
        assert values(update(one.id, nulled()), nulled()) == emptied()
        found = models.GadgetForResponse.model_validate(client.get(f"/rest/gadgets/{one.id}").body["data"]["gadget"])
        assert values(found, nulled()) == emptied()


def as_json(model: Any) -> bytes:
    """What was set of a model, as it writes it itself."""
    text: str = model.model_dump_json(exclude_unset=True)
    return text.encode()


def values(record: Any, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The record's members that were sent, as JSON."""
    answered = record.model_dump(mode="json")
    return {name: answered[name] for name in sent}


def as_answered(sent: Mapping[str, Any]) -> dict[str, Any]:
    files = [{**each, "extension": ".txt", "url": ANY} for each in sent["myFiles"]]
    return {**sent, "myDateTime": "2026-01-31T09:30:00Z", "myFiles": files}
