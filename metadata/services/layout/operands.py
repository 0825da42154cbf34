"""Which operands a stored view's filter may have, by what its field's type can be compared by."""

from __future__ import annotations

from metadata.fieldtypes.contract import FieldType
from metadata.layout_models import ViewFilterOperand as Operand

_EMPTINESS = (Operand.IS_EMPTY, Operand.IS_NOT_EMPTY, Operand.IS_NOT_NULL)
_EQUALITY = (Operand.IS, Operand.IS_NOT)
_TEXT = (Operand.CONTAINS, Operand.DOES_NOT_CONTAIN)
_ORDER = (Operand.GREATER_THAN_OR_EQUAL, Operand.LESS_THAN_OR_EQUAL)
_TIME = (
    Operand.IS_RELATIVE, Operand.IS_IN_PAST, Operand.IS_IN_FUTURE, Operand.IS_TODAY, Operand.IS_BEFORE,
    Operand.IS_AFTER,
)  # fmt: skip


def operands_of(type_: FieldType, part: str | None = None) -> tuple[Operand, ...]:
    """The operands that can be said of a field, or of one part of a composite, in the order messages list them."""
    if "search" in type_.operators:
        return (Operand.VECTOR_SEARCH,)
    if type_.is_relation:
        return (*_EQUALITY, *_EMPTINESS)
    if type_.is_date:
        return (*_EQUALITY, *_TIME, *_EMPTINESS)
    parts = [each for name, each in type_.subfields.items() if part in (None, name)]
    known = {name for each in parts for name in each.operators} if type_.subfields else set(type_.operators)
    is_ordered = (
        any(each.filter_type == "NUMERIC" for each in parts)
        if type_.subfields
        else "gte" in known and "ilike" not in known
    )
    said: tuple[Operand, ...] = ()
    if known & {"eq", "in", "containsAny"}:
        said += _EQUALITY
    if known & {"ilike", "containsIlike", "like"} or (type_.has_options and "containsAny" in known):
        said += _TEXT
    if is_ordered:
        said += _ORDER
    return (*said, *_EMPTINESS) if "is" in known else said
