"""Who wrote a record, and through what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import Problem
from metadata.fieldtypes import options as rules
from metadata.fieldtypes.composite import CompositeType, by_name, text_part
from metadata.fieldtypes.operators import SELECT_OPERATORS
from metadata.fieldtypes.parts import Json, Samples, Subfield
from metadata.fieldtypes.rawjson import json_part
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import CODE, JSON, SqlType
from metadata.fieldtypes.uuid import EXAMPLE, uuid_part

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

SOURCES = ("EMAIL", "CALENDAR", "WORKFLOW", "AGENT", "API", "IMPORT", "MANUAL", "SYSTEM", "WEBHOOK", "APPLICATION")
_SOURCES_TEXT = ", ".join(SOURCES)
_EMPTY: dict[str, Json] = {"source": "MANUAL", "workspaceMemberId": None, "name": "", "context": {}}
_SOURCE = SqlType(CODE.value, CODE.operand, CODE.order, CODE.order_operand, CODE.array, empty_json='"MANUAL"')
_CONTEXT = SqlType(JSON.value, JSON.operand, JSON.order, JSON.order_operand, JSON.array, empty_json="{}")


def _clean_source(value: Json, path: str) -> str | None:
    return rules.clean_option(value, path, SOURCES)


def _coerce_source(value: Json, operator: str, path: str) -> str | None:
    return rules.coerce_option(value, path, SOURCES)


@register
class ActorType(CompositeType):
    """Stored: `{"source": str, "name": str, "workspaceMemberId": str, "context": {…}}`, absent parts left out.

    The writer fills in what the caller's key or session says; clients choose `source` and `context`.
    """

    name = "ACTOR"
    label = "Actor"
    description = "Who wrote the record, and through what."
    noun = "actor"

    subfields = by_name(
        [
            Subfield(
                "source",
                _SOURCE,
                operators=SELECT_OPERATORS,
                filter_type="SELECT",
                graphql="ActorSourceEnum",
                graphql_filter="ActorSourceEnumFilter",
                label="Source",
                is_required=True,
                json_schema={"type": "string", "enum": list(SOURCES)},
                clean=_clean_source,
                coerce=_coerce_source,
            ),
            uuid_part("workspaceMemberId", "Workspace Member ID", is_input_hidden=True),
            text_part("name", "Name", is_required=True, is_input_hidden=True),
            json_part("context", "Context", sql_type=_CONTEXT, json_schema={"type": ["object", "array"]}),
        ]
    )
    empty_subfields = ("workspaceMemberId", "source")
    unique_capable = False

    graphql = "Actor"
    graphql_filter = "ActorFilterInput"
    example = {"source": "API", "workspaceMemberId": None, "name": "My key", "context": {}}
    samples = Samples(
        good=[
            ({"source": "EMAIL"}, {"source": "EMAIL"}),
            (
                {"source": "MANUAL", "name": "Ada", "workspaceMemberId": EXAMPLE.upper(), "context": {"provider": "x"}},
                {"source": "MANUAL", "name": "Ada", "workspaceMemberId": EXAMPLE, "context": {"provider": "x"}},
            ),
            ({"name": "X", "context": {}}, {"name": "X"}),
            (None, None),
        ],
        bad=[
            ("API", "Invalid object value 'API' for field \"sample\""),
            ({"source": "X"}, f'Invalid value "X" for field "sample.source". Valid values are: {_SOURCES_TEXT}'),
            ({"source": 1}, 'Invalid string value 1 for text field "sample.source"'),
            ({"workspaceMemberId": "x"}, "Invalid UUID value 'x' for field \"sample.workspaceMemberId\""),
            ({"foo": 1}, 'Invalid subfield foo for actor field "sample"'),
        ],
        answers=[
            ({"source": "API", "name": "My key"}, {**_EMPTY, "source": "API", "name": "My key"}),
            ({"context": {"provider": "x"}}, {**_EMPTY, "context": {"provider": "x"}}),
            (None, _EMPTY),
        ],
        operands={"source.eq": "API", "source.containsAny": "API", "workspaceMemberId.in": EXAMPLE, "name.like": "M%"},
    )

    initial_default = {"source": "'MANUAL'", "name": "'System'", "workspaceMemberId": None}

    def clean_default(self, default: Json, field: FieldSchema) -> Json:
        return default

    def default_problems(self, default: Json, field: FieldSchema) -> list[Problem]:
        return [] if default is None else super().default_problems(default, field)
