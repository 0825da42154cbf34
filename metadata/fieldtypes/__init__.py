"""The field types. Importing the package fills the registry with every type that a module of this folder registers."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from config.errors import Problem
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.operators import OPERATORS, Operator
from metadata.fieldtypes.parts import Samples, Subfield
from metadata.fieldtypes.registry import field_type, field_types, is_field_type
from metadata.fieldtypes.sql_types import FieldSql, SqlType
from metadata.fieldtypes.values import show, unquote

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

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
