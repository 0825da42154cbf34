"""The field types. Importing the package fills the registry: one module per type, one class in each."""

from __future__ import annotations

from metadata.fieldtypes import (  # noqa: F401
    actor,
    address,
    array,
    boolean,
    currency,
    date,
    datetime,
    emails,
    files,
    fullname,
    links,
    morphrelation,
    multiselect,
    number,
    numeric,
    phones,
    position,
    rating,
    rawjson,
    relation,
    richtext,
    select,
    text,
    tsvector,
    uuid,
)
from metadata.fieldtypes.contract import FieldType, Problem, Samples, Subfield, field_type, field_types, is_field_type
from metadata.fieldtypes.operators import OPERATORS, Operator
from metadata.fieldtypes.sql_types import FieldSql, SqlType
from metadata.fieldtypes.values import show, unquote

__all__ = [
    "OPERATORS",
    "FieldSql",
    "FieldType",
    "Operator",
    "Problem",
    "Samples",
    "SqlType",
    "Subfield",
    "field_type",
    "field_types",
    "is_field_type",
    "show",
    "unquote",
]
