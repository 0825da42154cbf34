"""Uploaded files attached to a record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from config.errors import InvalidValue, Problem
from metadata.fieldtypes.contract import INVALID_FIELD_INPUT, FieldType
from metadata.fieldtypes.json_schema import nullable
from metadata.fieldtypes.operators import JSON_OPERATORS
from metadata.fieldtypes.parts import Json, Samples, SettingChoice
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import JSON, SqlType
from metadata.fieldtypes.uuid import EXAMPLE, is_uuid
from metadata.fieldtypes.values import clean_text, coerce_pattern, show

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

MAX_FILES = 60
_MEMBERS = frozenset({"fileId", "label"})
_ADDED = frozenset({"extension", "url"})
_SHOWN_URL = f"https://crm.example/file/files-field/{EXAMPLE}?token=…"
_EXTENSION = re.compile(r"\.[A-Za-z0-9]+\Z")
URL = "{file_url}"  # stands in the SQL of an answer for the address of `file`; `core.sql.files` makes it
# A record without files is not asked for the parts of none: a sub-select costs 1.5 µs, and a page has 60.
_ANSWER = (
    "CASE WHEN {json} IS NULL THEN 'null' ELSE "
    f"coalesce((SELECT jsonb_agg(file || jsonb_build_object('url', {URL}, 'extension', "
    "coalesce(file->>'extension', substring(file->>'label' from '[.][A-Za-z0-9]+$'))) ORDER BY place)::text "
    "FROM jsonb_array_elements({json}) WITH ORDINALITY AS files(file, place)), 'null') END"
)


def extension_of(name: str) -> str | None:
    """The ending of a file's name, with its dot.

    >>> extension_of("cv.tar.gz"), extension_of("LICENSE")
    ('.gz', None)
    """
    found = _EXTENSION.search(name)
    return found and found[0]


def _shape_error(value: Json) -> str | None:
    """What keeps a value from being a list of `{fileId, label}`."""
    if not isinstance(value, list):
        return "expected a list of files"
    for index, file in enumerate(value):
        if not isinstance(file, Mapping):
            return f"[{index}]: expected an object"
        for member in sorted(file.keys() - _MEMBERS):
            return f"[{index}]: unrecognized key {member}"
        if not is_uuid(file.get("fileId")):
            return f"[{index}].fileId: expected a UUID"
        if not isinstance(file.get("label"), str):
            return f"[{index}].label: expected a string"
    return None


def _message(value: Json, name: str, error: str) -> str:
    shown = value if isinstance(value, str) else show(value)
    return f'Invalid value "{shown}" for FILES field "{name}" - {error}'


@register
class FilesType(FieldType):
    """Stored: a non-empty list of `{"fileId": str, "label": str}`, with the `extension` of the uploaded file.

    The answer adds `url`, which only SQL can sign: what `answer` gives has none.
    """

    name = "FILES"
    label = "Files"
    description = "Uploaded files, each with a label and an address to download it from."
    settings_description = "`settings.maxNumberOfValues` says how many."

    sql_type = JSON
    operators = JSON_OPERATORS
    groupable = False
    unique_capable = False
    image_identifier_capable = True
    holds_files = True
    has_sendable_example = False

    graphql = "[FileObject]"
    graphql_input = "[FileItemInput]"
    graphql_filter = "RawJsonFilter"
    graphql_operand = "String"
    setting_choices: ClassVar[Mapping[str, SettingChoice]] = {
        "maxNumberOfValues": SettingChoice(
            "At most", tuple((count, f"{count} file{'s' if count > 1 else ''}") for count in (1, 3, 10, MAX_FILES)), 10
        )
    }
    samples = Samples(
        settings={"maxNumberOfValues": 2},
        good=[
            ([{"fileId": EXAMPLE.upper(), "label": "cv.pdf"}], [{"fileId": EXAMPLE, "label": "cv.pdf"}]),
            ([{"label": "", "fileId": EXAMPLE}], [{"fileId": EXAMPLE, "label": ""}]),
            ([], None),
            (None, None),
        ],
        bad=[
            ("x", 'Invalid value "x" for FILES field "sample" - expected a list of files'),
            ([1], 'Invalid value "[ 1 ]" for FILES field "sample" - [0]: expected an object'),
            ([{"fileId": "x", "label": "a"}],
             "Invalid value \"[ { fileId: 'x', label: 'a' } ]\" for FILES field \"sample\""
             " - [0].fileId: expected a UUID"),
            ([{"fileId": EXAMPLE}],
             f"Invalid value \"[ {{ fileId: '{EXAMPLE}' }} ]\" for FILES field \"sample\""
             " - [0].label: expected a string"),
            ([{"fileId": EXAMPLE, "label": "a", "url": "b"}],
             f"Invalid value \"[ {{ fileId: '{EXAMPLE}', label: 'a', url: 'b' }} ]\" for FILES field \"sample\""
             " - [0]: unrecognized key url"),
            ([{"fileId": EXAMPLE, "label": "a"}] * 3, 'Max number of files is 2 for field "sample"'),
        ],
        answers=[
            ([{"fileId": EXAMPLE, "label": "cv.tar.gz"}, {"fileId": EXAMPLE, "label": "LICENSE"}],
             [{"fileId": EXAMPLE, "label": "cv.tar.gz", "extension": ".gz", "url": None},
              {"fileId": EXAMPLE, "label": "LICENSE", "extension": None, "url": None}]),
            ([{"fileId": EXAMPLE, "label": "My life", "extension": ".pdf"}],
             [{"fileId": EXAMPLE, "label": "My life", "extension": ".pdf", "url": None}]),
            (None, None),
        ],
        operands={"like": "%cv%"},
    )  # fmt: skip

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if value is None:
            return None
        name = field.name
        error = _shape_error(value)
        if error is not None:
            raise InvalidValue(_message(value, name, error), path=name)
        limit = field.settings.get("maxNumberOfValues", MAX_FILES) if field.settings else MAX_FILES
        if len(value) > limit:
            raise InvalidValue(f'Max number of files is {limit} for field "{name}"', path=name)
        return [
            {"fileId": file["fileId"].lower(), "label": clean_text(file["label"], f"{name}.label") or ""}
            for file in value
        ] or None

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        return coerce_pattern(value, operator, path)

    def answer(self, stored: Json, field: FieldSchema) -> Json:
        if stored is None:
            return None
        return [{"extension": extension_of(file["label"]), **file, "url": None} for file in stored]

    def answer_sql(self, field: FieldSchema, subfield: str | None, json: str, sql_type: SqlType) -> str:
        return _ANSWER.replace("{json}", json)

    def without_addresses(self, answered: Json) -> Json:
        if not isinstance(answered, list):
            return answered
        return [{**file, "url": None} if isinstance(file, Mapping) else file for file in answered]

    def input_of(self, answered: Json) -> Json:
        if not isinstance(answered, list):
            return answered
        return [
            {name: value for name, value in file.items() if name not in _ADDED} if isinstance(file, Mapping) else file
            for file in answered
        ]

    def image_sql(self, field: FieldSchema) -> str | None:
        """The address of the first file."""
        return f"(SELECT {URL} FROM (SELECT {self.sql(field).json}->0) AS first(file) WHERE file IS NOT NULL)"

    def settings_problems(self, settings: Json) -> list[Problem]:
        problems = super().settings_problems(settings)
        limit = settings.get("maxNumberOfValues") if isinstance(settings, Mapping) else None
        if type(limit) is not int or not 0 < limit <= MAX_FILES:
            message = (
                "maxNumberOfValues must be defined in settings and be a number greater than 0 "
                f"and less than or equal to {MAX_FILES}"
            )
            problems.append(Problem(INVALID_FIELD_INPUT, message, limit))
        return problems

    def unique_problems(self, field: FieldSchema) -> list[Problem]:
        return [Problem(INVALID_FIELD_INPUT, "Files field is not supported for unique fields")]

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema: dict[str, object] = {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "fileId": {"type": "string", "format": "uuid"},
                    "label": {"type": "string"},
                    "extension": {"type": ["string", "null"]},
                    "url": {"type": ["string", "null"], "description": "Where it can be downloaded for a day"},
                },
                "required": ["fileId", "label", "extension", "url"],
            },
            "examples": [[{"fileId": EXAMPLE, "label": "cv.pdf", "extension": ".pdf", "url": _SHOWN_URL}]],
        }
        return nullable(schema) if field.is_nullable else schema

    def input_value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema: dict[str, object] = {
            "type": "array",
            "maxItems": field.settings.get("maxNumberOfValues", MAX_FILES) if field.settings else MAX_FILES,
            "items": {
                "type": "object",
                "properties": {"fileId": {"type": "string", "format": "uuid"}, "label": {"type": "string"}},
                "required": ["fileId", "label"],
                "additionalProperties": False,
            },
            "examples": [[{"fileId": EXAMPLE, "label": "cv.pdf"}]],
        }
        return nullable(schema) if field.is_nullable else schema
