"""One operator of one field as a condition, as the SQL compiler fills the operator table's templates."""

from __future__ import annotations

import json
from typing import Any

from metadata.fieldtypes import OPERATORS
from metadata.schema import FieldSchema


def condition(field: FieldSchema, operator: str, part: str | None = None) -> str:
    sql, text = field.type.sql(field, part), OPERATORS[operator].sql
    for name in ("json", "text", "value", "operand", "order_operand", "order", "array"):
        text = text.replace("{" + name + "}", getattr(sql, name))
    return text


def insert(field: FieldSchema, stored: Any, run: Any) -> None:
    """One record that has the stored value, in `data` or in its column."""
    run("DELETE FROM sample_record")
    if field.column is None:
        data = {} if stored is None else {field.storage_key: stored}
        run("INSERT INTO sample_record (data) VALUES (%s::jsonb)", (json.dumps(data),))
    else:
        is_json = field.column in ("created_by", "updated_by")
        value = json.dumps(stored) if is_json and stored is not None else stored
        run(f"INSERT INTO sample_record (data, {field.column}) VALUES ('{{}}', %s)", (value,))
