"""The parameters of `GET /rest/{objects}/groupBy`: JSON texts where the other routes take their own language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.errors import BadRequest, MalformedBody
from config.rendering import read_json
from core.query import ir
from core.rest.parameters import Limits, read_filter, read_flag, read_limit, read_order
from core.rest.query_string import Parameters, joined, single

_GROUP_BY = (
    "Invalid group_by query parameter - should be a valid array of objects - ex: "
    """[{"firstField": true}, {"secondField": {"subField": true}}, {"dateField": {"granularity": 'DAY'}}]"""
)
_AGGREGATE = (
    'Invalid aggregate query parameter - should be a valid array of string - ex: ["countNotEmptyId", "countEmptyField"]'
)
_ORDER_BY = (
    "Invalid order_by query parameter - should be a valid array of objects - ex: "
    '[{"firstField": "AscNullsFirst"}, {"secondField": {"subField": "DescNullsLast"}}, '
    '{"aggregate": {"aggregateField": "DescNullsLast"}}, '
    '{dateField: {"orderBy": "AscNullsFirst", "granularity": "DAY"}}]'
)


def parse_group_by(object_name: str, parameters: Parameters, limits: Limits) -> ir.GroupBy:
    """The groups asked for. `limits` are those of groups. Raises BadRequest."""
    dimensions = _read_objects(parameters, "group_by", _GROUP_BY)
    if not dimensions or any(len(each) != 1 for each in dimensions):
        raise BadRequest(_GROUP_BY, path="group_by")
    return ir.GroupBy(
        object_name=object_name,
        dimensions=dimensions,
        selection=ir.Everything(),
        aggregates=_read_names(parameters, "aggregate"),
        filter=read_filter(parameters),
        order=_read_objects(parameters, "order_by", _ORDER_BY),
        record_order=read_order(single(parameters, "order_by_for_records"), "order_by_for_records"),
        limit=read_limit(parameters, limits),
        with_records=read_flag(parameters, "include_records_sample"),
        omit_nulls=read_flag(parameters, "omit_null_values"),
        view_id=single(parameters, "view_id"),
    )


def _read_objects(parameters: Parameters, name: str, message: str) -> tuple[Mapping[str, Any], ...]:
    items = _read_array(parameters, name, message)
    if not all(isinstance(item, dict) for item in items):
        raise BadRequest(message, path=name)
    return items


def _read_names(parameters: Parameters, name: str) -> tuple[str, ...]:
    items = _read_array(parameters, name, _AGGREGATE)
    if not all(isinstance(item, str) for item in items):
        raise BadRequest(_AGGREGATE, path=name)
    return tuple(dict.fromkeys(items))


def _read_array(parameters: Parameters, name: str, message: str) -> tuple[Any, ...]:
    """The items of a JSON array; none when the parameter is absent. Repeated values are no JSON."""
    text = joined(parameters, name)
    if not text:
        return ()
    try:
        items = read_json(text.encode())
    except MalformedBody:
        items = None
    if not isinstance(items, list):
        raise BadRequest(message, path=name)
    return tuple(items)
