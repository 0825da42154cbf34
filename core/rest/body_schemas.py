"""The JSON Schemas of what Core REST is sent and answers, around the components of one object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.openapi.schemas import PAGE_INFO, UUID, array_of, component, object_of
from core.naming import named
from metadata.schema import ObjectSchema

Json = dict[str, Any]
Answer = Callable[[ObjectSchema], Json]

FEWEST_MERGED, MOST_MERGED = 2, 9
_TOTAL: Json = {"type": "integer", "description": "Records that match, on every page"}
_REMOVED: Json = {
    "type": "object",
    "properties": {"id": UUID},
    "required": ["id"],
    "description": "Only the id after a removal for good; the whole record after a soft delete",
}


def create_component(subject: ObjectSchema) -> Json:
    return component(subject.singular_pascal)


def update_component(subject: ObjectSchema) -> Json:
    return component(subject.singular_pascal + "ForUpdate")


def answer_component(singular_pascal: str) -> Json:
    return component(singular_pascal + "ForResponse")


def _in_data(key: str, value: Json) -> Json:
    return object_of({"data": object_of({key: value})})


# Answers -----------------------------------------------------------------------------------------------


def one(key: str) -> Answer:
    return lambda subject: _in_data(named(key, subject), answer_component(subject.singular_pascal))


def many(key: str) -> Answer:
    return lambda subject: _in_data(named(key, subject), array_of(answer_component(subject.singular_pascal)))


def removed_one(key: str) -> Answer:
    return lambda subject: _in_data(named(key, subject), _REMOVED)


def removed_many(key: str) -> Answer:
    return lambda subject: _in_data(named(key, subject), array_of(_REMOVED))


def page(subject: ObjectSchema) -> Json:
    members = {
        "data": object_of({subject.plural: array_of(answer_component(subject.singular_pascal))}),
        "pageInfo": PAGE_INFO,
        "totalCount": _TOTAL,
    }
    return object_of(members, optional=("totalCount",))  # `count=none` leaves it out


def duplicates(subject: ObjectSchema) -> Json:
    entry = {
        "totalCount": _TOTAL,
        "pageInfo": PAGE_INFO,
        f"{subject.singular}Duplicates": array_of(answer_component(subject.singular_pascal)),
    }
    return object_of({"data": array_of(object_of(entry), description="One entry per input, in its order")})


def groups(subject: ObjectSchema) -> Json:
    members = {
        "groupByDimensionValues": array_of({}, description="One value per element of `group_by`, in its order"),
        "records": array_of(
            answer_component(subject.singular_pascal), description="Only with `include_records_sample=true`"
        ),
    }
    group = object_of(members, optional=("records",))
    return array_of({**group, "additionalProperties": {"type": ["string", "null"]}})


def history(_subject: ObjectSchema) -> Json:
    change = object_of({"before": {}, "after": {}})
    entry = object_of(
        {
            "id": {"type": "string"},
            "action": {"type": "string", "enum": ["created", "updated", "deleted", "restored", "destroyed"]},
            "at": {"type": "string", "format": "date-time"},
            "actor": {"type": ["object", "null"], "description": "Who did it, as in `updatedBy`"},
            "changes": {
                "type": "object",
                "additionalProperties": change,
                "description": "By member: its value before and after. Empty where the action says it all",
            },
        }
    )
    return object_of({"data": object_of({"history": array_of(entry)}), "pageInfo": PAGE_INFO, "totalCount": _TOTAL})


def search_hits() -> Json:
    text: Json = {"type": "string"}
    hit: Json = {
        "recordId": UUID,
        "objectNameSingular": text,
        "objectLabelSingular": text,
        "label": text,
        "imageUrl": {"type": ["string", "null"]},
        "tsRank": {"type": "number"},
        "tsRankCD": {"type": "number", "description": "What they are ordered by"},
        "cursor": {**text, "description": "Continues behind this one"},
    }
    next_page: Json = {"hasNextPage": {"type": "boolean"}, "endCursor": {"type": ["string", "null"]}}
    return object_of({"data": object_of({"search": array_of(object_of(hit))}), "pageInfo": object_of(next_page)})


def batch_results(key: str) -> Answer:
    """The records of a batch; with `on_error=continue` also what became of each."""
    result = object_of(
        {
            "index": {"type": "integer", "description": "Place in the body"},
            "status": {"type": "integer", "description": "201 created, 200 updated, else that of the refusal"},
            "id": UUID,
            "error": {"type": "string"},
            "messages": array_of({"type": "string"}),
        },
        optional=("id", "error", "messages"),
    )

    def answer(subject: ObjectSchema) -> Json:
        members = {
            "data": object_of({named(key, subject): array_of(answer_component(subject.singular_pascal))}),
            "results": array_of(result, description="Only with `on_error=continue`: one per record of the body"),
        }
        return object_of(members, optional=("results",))

    return answer


def imported(_subject: ObjectSchema) -> Json:
    count: Json = {"type": "integer", "minimum": 0}
    fault = object_of(
        {
            "line": {"type": "integer", "minimum": 1},
            "messages": array_of({"type": "string"}),
            "code": {"type": "string"},
            "hint": {"type": "string"},
        },
        optional=("hint",),
    )
    report = {
        "read": count,
        "created": count,
        "updated": count,
        "failed": count,
        "stopped": {"type": "boolean", "description": "A fault ended the import before the file did"},
        "errors": array_of(fault, description="The first 100 faults"),
    }
    return _in_data("import", object_of(report))


def file(_subject: ObjectSchema) -> Json:
    return {"type": "string"}


# Request bodies ----------------------------------------------------------------------------------------


def record(subject: ObjectSchema, _largest_batch: int) -> Json:
    return create_component(subject)


def changes(subject: ObjectSchema, _largest_batch: int) -> Json:
    return update_component(subject)


def batch(subject: ObjectSchema, largest_batch: int) -> Json:
    return array_of(create_component(subject), maxItems=largest_batch)


def duplicates_input(subject: ObjectSchema, _largest_batch: int) -> Json:
    properties = {"data": array_of(create_component(subject), minItems=1), "ids": array_of(UUID)}
    return {"type": "object", "properties": properties, "minProperties": 1, "maxProperties": 1,
            "description": "Either `data` or `ids`"}  # fmt: skip


def file_input(_subject: ObjectSchema, _largest_batch: int) -> Json:
    return {"type": "string", "format": "binary"}


def merge_input(_subject: ObjectSchema, _largest_batch: int) -> Json:
    properties = {
        "ids": array_of(UUID, minItems=FEWEST_MERGED, maxItems=MOST_MERGED),
        "conflictPriorityIndex": {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "Place in `ids` of the record that survives and whose values win",
        },
        "dryRun": {"type": "boolean", "default": False, "description": "Answer the result without writing it"},
    }
    return object_of(properties, optional=("conflictPriorityIndex", "dryRun"))
