"""What a field type is: one class that answers every question the four APIs ask of a type.

A type says what it accepts and stores, how its JSON value becomes SQL, which operators, orders and
aggregates it has, and how GraphQL and JSON Schema describe it. Nothing outside this package asks
which type a field has. Pure: no Django, no database.

SQL in here is text with the placeholders of `metadata.fieldtypes.sql_types`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

from config.errors import ApiError, Problem
from metadata.fieldtypes.sql_types import FieldSql, SqlType, concat, empty_value, is_json
from metadata.fieldtypes.values import unquote

if TYPE_CHECKING:
    from metadata.schema import FieldSchema, Option
from metadata.fieldtypes.json_schema import annotated, nullable
from metadata.fieldtypes.parts import Json, Samples, SettingChoice, Subfield

INVALID_FIELD_INPUT: Final = "INVALID_FIELD_INPUT"
NULL_DEFAULT = "Default value cannot be null for non-nullable fields"


class FieldType:
    """The contract. Scalar types set `sql_type`; composite types set `subfields`."""

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()  # older names accepted on input
    label: ClassVar[str]
    description: ClassVar[str]
    settings_description: ClassVar[str] = ""  # what its `settings` say, for those who write programs

    sql_type: ClassVar[SqlType | None] = None
    subfields: ClassVar[Mapping[str, Subfield]] = {}
    column_sql_type: ClassVar[SqlType | None] = None  # when the field is one of the record's own columns
    operators: ClassVar[tuple[str, ...]] = ()  # rows of the operator table, in the order messages print them

    creation_refusal: ClassVar[str | None] = None  # why users cannot create such a field
    orderable: ClassVar[bool] = True
    groupable: ClassVar[bool] = True
    searchable: ClassVar[bool] = False
    is_dear: ClassVar[bool] = False  # `weigh` is asked before values of several records are cleaned
    search_paths: ClassVar[tuple[str, ...]] = ("strict $.**",)  # SQL/JSON paths to the texts `search_texts` is made of
    unique_capable: ClassVar[bool] = True
    label_identifier_capable: ClassVar[bool] = False
    image_identifier_capable: ClassVar[bool] = False
    initial_default: ClassVar[Json] = None  # quoted: of a new field that says nothing of it, not even null
    holds_files: ClassVar[bool] = False  # its values are lists of uploaded files
    has_sendable_example: ClassVar[bool] = True  # False: an example names what must exist before
    has_options: ClassVar[bool] = False
    has_own_options: ClassVar[bool] = False  # people make them; else they are the type's
    is_date: ClassVar[bool] = False  # has date granularities in group by
    has_time: ClassVar[bool] = False  # whether a time zone decides which day a value falls on
    is_relation: ClassVar[bool] = False
    is_morph: ClassVar[bool] = False  # a relation of several rows, one for each object it leads to
    is_writable: ClassVar[bool] = True
    is_readable: ClassVar[bool] = True  # False: GraphQL alone shows it; REST bodies and webhooks leave it out
    has_counts: ClassVar[bool] = True  # has the five common aggregates (countUniqueValues, countEmpty …)
    aggregates: ClassVar[tuple[str, ...]] = ()  # beyond the common five: min max avg sum countTrue countFalse
    aggregate_graphql: ClassVar[str] = "Float"  # the type of min and max
    empty_subfields: ClassVar[tuple[str, ...]] = ()  # composites: the parts whose emptiness makes the field empty

    graphql: ClassVar[str]  # output type name; lists in brackets; "Enum" and "[Enum]" are named per field
    graphql_input: ClassVar[str | None] = None  # None: the same as `graphql`
    graphql_filter: ClassVar[str] = ""
    graphql_operand: ClassVar[str | None] = None  # the scalar of operands; None: the filter's name without its end
    setting_choices: ClassVar[Mapping[str, SettingChoice]] = {}  # of `settings`, as the settings pages ask for them
    samples: ClassVar[Samples]

    # Values ------------------------------------------------------------------------------------------

    def weigh(self, values: Iterable[Json]) -> None:
        """Refuse values, as sent, that are more work together than one request may ask for, before any is cleaned."""

    def clean(self, value: Json, field: FieldSchema) -> Json:
        """An input as it is stored, or None for "no value"; raises InvalidValue.

        Composites answer a dict with only the sub-fields given, None for the emptied ones;
        `merge` puts it on top of what is stored.
        """
        raise NotImplementedError

    def merge(self, stored: Json, cleaned: Json, field: FieldSchema) -> Json:
        """What is stored after `cleaned` was written over `stored`; None stores nothing."""
        if not self.subfields or cleaned is None:
            return cleaned
        merged = {**stored, **cleaned} if stored else cleaned
        if merged and None not in merged.values():
            return merged
        return {key: part for key, part in merged.items() if part is not None} or None

    def combine(self, values: Sequence[Json]) -> Json:
        """The stored value of a record that several are merged into: theirs, none empty, the survivor's first.

        Types that hold one value keep the first; types that hold several keep them all.
        """
        return values[0]

    def plain(self, stored: Json) -> Json:
        """A stored value as other types can read it: a string, number, boolean or list; None when none could.

        What it leaves out would be lost by a change of type, so a value that holds more than fits is None.
        """
        return None if self.subfields else stored

    def convert(self, value: Json, field: FieldSchema) -> Json:
        """Another type's `plain` value as this type stores it; raises InvalidValue when it does not fit."""
        return self.merge(None, self.clean(value, field), field)

    def quote(self, stored: Json) -> Json:
        """A stored value as a default in its quoted form: the inverse of `default`.

        >>> FieldType().quote("NEW"), FieldType().quote(["A"]), FieldType().quote(5)
        ("'NEW'", ["'A'"], 5)
        """
        if isinstance(stored, str):
            return f"'{stored}'"
        if isinstance(stored, list):
            return [self.quote(item) for item in stored]
        if isinstance(stored, Mapping):
            return {key: self.quote(item) for key, item in stored.items()}
        return stored

    def view_value(self, value: Json) -> Json:
        """One value of a stored view's filter as `coerce` takes it."""
        return value

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        """A filter's operand (text from REST, JSON from GraphQL) as a parameter; raises InvalidFilter.

        Called once per element for list operators. `path` is how messages name the field.
        """
        raise NotImplementedError

    def answer(self, stored: Json, field: FieldSchema) -> Json:
        """The JSON value both APIs answer for a stored value; what `json_sql` prints, in Python."""
        if self.subfields:
            return {
                name: (stored or {}).get(name, empty_value(part.sql_type.empty_json))
                for name, part in self.subfields.items()
            }
        assert self.sql_type is not None
        return empty_value(self.sql_type.empty_json) if stored is None else stored

    def input_of(self, answered: Json) -> Json:
        """An answered value as an input: without what only answers have."""
        return answered

    def without_addresses(self, answered: Json) -> Json:
        """An answered value for who may not download: the same, but for addresses of files."""
        return answered

    def image_sql(self, field: FieldSchema) -> str | None:
        """SQL (with `{r}`) of the address of the picture that the value stands for; None when it has none."""
        return None

    def search_texts(self, stored: Json) -> Iterable[str]:
        """The words a search should find; only asked of searchable types and of stored values."""
        return ()

    # The data model ----------------------------------------------------------------------------------

    def settings_problems(self, settings: Json) -> list[Problem]:
        """Every rule that the settings break, whether they are those of a new field or of a changed one."""
        if settings is None or isinstance(settings, Mapping):
            return []
        return [Problem(INVALID_FIELD_INPUT, "Field settings must be an object", settings)]

    def unfit_sql(self, field: FieldSchema) -> str | None:
        """A condition, with `{r}`, for stored values that the field's settings do not allow; None when all fit."""
        return None

    def clean_settings(self, settings: Json) -> Mapping[str, object] | None:
        """The settings as kept; assumes that they have no problems."""
        return None if settings is None else dict(settings)

    def options_problems(self, options: Json) -> list[Problem]:
        """Every rule that the options break; types without options ignore what they are given."""
        return []

    def clean_options(self, options: Json, existing: Sequence[Option] = ()) -> tuple[dict[str, Any], ...]:
        """The options as kept, `{id, value, label, position, color?}` each; assumes no problems."""
        return ()

    def default_problems(self, default: Json, field: FieldSchema) -> list[Problem]:
        """Every rule that the default (in its quoted form) breaks; `field` has its options already."""
        if default is None:
            return [] if field.is_nullable else [Problem(INVALID_FIELD_INPUT, NULL_DEFAULT)]
        try:
            self.default(default, field)
        except ApiError as error:
            return [Problem(INVALID_FIELD_INPUT, error.message, default)]
        return []

    def clean_default(self, default: Json, field: FieldSchema) -> Json:
        """The default as kept, in its quoted form; assumes that it has no problems."""
        return default

    def default(self, default: Json, field: FieldSchema) -> Json:
        """The stored value that a default in its quoted form stands for (`"'NEW'"` → `NEW`, `"now"` → a time)."""
        return self.merge(None, self.clean(unquote(default), field), field)

    def unique_problems(self, field: FieldSchema) -> list[Problem]:
        """Why the field cannot be unique: its type, or the default it has."""
        message = f"Unique index cannot be created for field {field.name} of type {self.name}"
        if not self.unique_parts():
            return [Problem("INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE", message)]
        if field.default is not None and field.default != "uuid" and self._default_key(field) is not None:
            return [Problem("INDEX_FIELD_INVALID_DEFAULT_VALUE", message)]
        return []

    def _default_key(self, field: FieldSchema) -> tuple[str, ...] | None:
        """What every record with the default would be unique by; None when the default leaves that empty."""
        try:
            return self.unique_values(self.default(field.default, field))
        except ApiError:
            return None  # its problems are told as such

    def unique_parts(self) -> tuple[str, ...]:
        """Names of the sub-fields that form the unique key; `("",)` for scalars, empty when it cannot be unique."""
        if not self.subfields:
            return ("",) if self.unique_capable else ()
        return tuple(name for name, part in self.subfields.items() if part.is_unique_part)

    # Schemas -----------------------------------------------------------------------------------------

    def graphql_output(self, field: FieldSchema) -> str:
        """The output type; lists in brackets, `Enum` stands for the field's own enum."""
        return self.graphql

    def graphql_input_type(self, field: FieldSchema, for_update: bool = False) -> str:
        """The type in create (or update) inputs; a composite has one for each."""
        if self.subfields:
            return f"{self.graphql}{'Update' if for_update else 'Create'}Input"
        return self.graphql_input or self.graphql_output(field)

    @classmethod
    def graphql_filters(cls) -> Mapping[str, str]:
        """The filter inputs of its values, each with the scalar that operands are of; a composite has its parts'."""
        if cls.subfields:
            return {}
        return {cls.graphql_filter: cls.graphql_operand or cls.graphql_filter.removesuffix("Filter")}

    def graphql_filter_type(self, field: FieldSchema) -> str:
        """The type in filter inputs; `EnumFilter` stands for the filter of the field's own enum."""
        return self.graphql_filter

    def json_schema(self, field: FieldSchema) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the answered value, with an example; `null` where it can be null."""
        return annotated(field, self.value_schema(field))

    def input_json_schema(self, field: FieldSchema) -> dict[str, Any]:
        """The JSON Schema of an accepted value; its example can be sent as it is."""
        return annotated(field, self.input_value_schema(field))

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        """`json_schema` without what the field's label and description say."""
        raise NotImplementedError

    def input_value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema = self.value_schema(field)
        return nullable(schema) if field.is_nullable else schema

    # Uniqueness --------------------------------------------------------------------------------------

    def unique_sql(self, field: FieldSchema) -> tuple[str, ...]:
        """The expressions of the unique index, with `{r}`; also the left sides of upsert's comparison."""
        return tuple(self.sql(field, part or None).value for part in self.unique_parts())

    def unique_operands(self, field: FieldSchema) -> tuple[str, ...]:
        """One parameter per expression of `unique_sql`, cast to its SQL type."""
        return tuple(self.sql(field, part or None).operand for part in self.unique_parts())

    def unique_condition_sql(self, field: FieldSchema) -> str | None:
        """The index's WHERE, with `{r}`; None when absent values stay out by being NULL."""
        return None

    def unique_values(self, stored: Json) -> tuple[str, ...] | None:
        """A stored value as the parameters of `unique_operands`; None when it takes no part."""
        parts = self.unique_parts()
        if stored is None or not parts:
            return None
        values = [stored if part == "" else stored.get(part) for part in parts]
        if any(value is None for value in values):
            return None
        return tuple(value if isinstance(value, str) else json.dumps(value) for value in values)

    # SQL ---------------------------------------------------------------------------------------------

    @lru_cache(maxsize=2048)  # noqa: B019 - a type is one instance for the life of the process
    def sql(self, field: FieldSchema, subfield: str | None = None) -> FieldSql:
        """The SQL of one value: the whole scalar, or one sub-field of a composite."""
        source = "{r}." + field.column if field.column is not None else "{r}.data"
        key = None if field.column is not None else field.storage_key
        if subfield is not None:
            sql_type = self.subfields[subfield].sql_type
            source, key = (source if key is None else f"{source}->'{key}'"), subfield
        elif field.column is not None and self.column_sql_type is not None:
            sql_type = self.column_sql_type
        else:
            assert self.sql_type is not None, f"{self.name} has no SQL type of its own"
            sql_type = self.sql_type
        whole, text = (f"({source})", f"({source}::text)")
        if key is not None:
            whole, text = f"({source}->'{key}')", f"({source}->>'{key}')"
        answer = self.answer_sql(field, subfield, whole, sql_type)
        return FieldSql(
            json=whole,
            text=text,
            value=sql_type.value.replace("{json}", whole).replace("{text}", text),
            operand=sql_type.operand,
            order=sql_type.order.replace("{json}", whole).replace("{text}", text),
            order_operand=sql_type.order_operand,
            array=sql_type.array,
            answer=answer,
            cursor=self.cursor_sql(sql_type, whole, text, answer),
        )

    def cursor_sql(self, sql_type: SqlType, json: str, text: str, answer: str) -> str:
        """SQL of the JSON text that a cursor holds of a value: what `order_operand` takes again.

        What is answered, where that is what is stored. JSON is ordered by its text, which cursors hold then.
        """
        if is_json(sql_type):
            return f"coalesce(to_json({text})::text, 'null')"
        return answer if sql_type.empty_json in ("null", '""') else f"coalesce({json}::text, 'null')"

    def group_sql(self, sql: FieldSql) -> str:
        """SQL of a group's value as JSON, out of `{d}`, by which records were grouped; may be NULL.

        What the reference keeps in numeric columns prints as a text, as there.
        """
        if sql.cast == "timestamptz":
            return "to_json(to_char({d} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'))"
        if sql.cast in ("boolean", "jsonb"):
            return "to_json({d})"
        return "to_json({d}::text)"

    def aggregate_sql(self, operation: str, field: FieldSchema, expression: str) -> str:
        """SQL of what is answered for `min`, `max`, `avg` or `sum`, out of the expression that finds it."""
        return expression

    def aggregate_type(self, operation: str) -> str:
        """Its GraphQL type."""
        return self.aggregate_graphql if operation in ("min", "max") else "Float"

    def answer_sql(self, field: FieldSchema, subfield: str | None, json: str, sql_type: SqlType) -> str:
        """SQL text whose value is the JSON text of the answer, never NULL."""
        return f"coalesce({json}::text, '{sql_type.empty_json}')"

    def whole_answer_sql(self, field: FieldSchema) -> str:
        """SQL of the JSON text of the whole value: for composites an object with every sub-field.

        An absent composite is one test and a constant, since most records leave most of them empty.
        """
        if not self.subfields:
            return self.sql(field).answer
        pieces = []
        for index, name in enumerate(self.subfields):
            opening = "{" if index == 0 else ","
            pieces.append(f"'{opening}\"{name}\":'")
            pieces.append(self.sql(field, name).answer)
        whole = "{r}." + (field.column if field.column is not None else f"data->'{field.storage_key}'")
        empty = json.dumps(self.answer(None, field), separators=(",", ":"))
        pieces.append("'}'")
        return f"CASE WHEN {whole} IS NULL THEN '{empty}' ELSE {concat(pieces)} END"


# The registry ----------------------------------------------------------------------------------------


# JSON Schema ------------------------------------------------------------------------------------------
