"""Orders: which keys a list of paths becomes, always with the id at the end."""

from __future__ import annotations

import pytest

from config.errors import ApiError, BadRequest, PermissionDenied, UnknownSortField
from core.query import ir
from core.query.orders import MAX_KEYS, plan_order
from core.query.plan import OrderKey
from core.query.scope import Scope
from tests.pure.model import COMPANY, PERSON, STRAY, key, not_reading, scope, without

BY_ID = key("person.id", is_nullable=False)
DIRECTIONS = "AscNullsFirst, AscNullsLast, DescNullsFirst, DescNullsLast"


def order(*items: str) -> tuple[ir.Order, ...]:
    """`path Direction`, the direction AscNullsFirst when it is left out."""
    return tuple(
        ir.Order(tuple(path.split(".")), (direction or "AscNullsFirst"))
        for path, _, direction in (each.partition(" ") for each in items)
    )


PLANS: dict[str, tuple[tuple[str, ...], tuple[OrderKey, ...]]] = {
    "none": ((), (BY_ID,)),
    "ascending, nulls first": (("jobTitle AscNullsFirst",), (key("person.jobTitle"), BY_ID)),
    "ascending, nulls last": (("jobTitle AscNullsLast",), (key("person.jobTitle", nulls_first=False), BY_ID)),
    "descending, nulls first": (("jobTitle DescNullsFirst",), (key("person.jobTitle", descending=True), BY_ID)),
    "descending, nulls last": (("jobTitle DescNullsLast",), (key("person.jobTitle", descending=True, nulls_first=False), BY_ID)),
    "a column that is never null": (("createdAt",), (key("person.createdAt", is_nullable=False), BY_ID)),
    "a column that can be null": (("deletedAt",), (key("person.deletedAt"), BY_ID)),
    "a required field can be empty in old records": (("stage",), (key("person.stage"), BY_ID)),
    "an indexed field": (("rank",), (key("person.rank", is_indexed=True), BY_ID)),
    "a sub-field": (("name.lastName",), (key("person.name.lastName"), BY_ID)),
    "a join id": (("companyId",), (OrderKey(("companyId",), key("person.company").sql, False, True), BY_ID)),
    "through a relation": (("company.name DescNullsLast",), (key("company.name", True, False, "person.company"), BY_ID)),
    "through a relation, indexed there": (("company.size",), (key("company.size", through="person.company"), BY_ID)),
    "a sub-field through a relation": (
        ("company.address.addressCity",), (key("company.address.addressCity", through="person.company"), BY_ID)),
    "several": (("jobTitle", "employees DescNullsLast"), (key("person.jobTitle"), key("person.employees", True, False), BY_ID)),
    "of a path given twice the first counts": (("jobTitle DescNullsLast", "jobTitle"), (key("person.jobTitle", True, False), BY_ID)),
    "nothing after the id matters": (("id DescNullsLast", "jobTitle"), (key("person.id", True, False, is_nullable=False),)),
    "the id in the middle": (("jobTitle", "id", "employees"), (key("person.jobTitle"), BY_ID)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "keys"), PLANS.values(), ids=PLANS.keys())
def test_plan(given: tuple[str, ...], keys: tuple[OrderKey, ...]) -> None:
    assert plan_order(scope(), PERSON, order(*given)) == keys


REFUSALS: dict[str, tuple[str, type[ApiError], str, str, str | None]] = {
    "an unknown field": ("jobTitel", UnknownSortField, 'Field "jobTitel" does not exist or is not sortable', "jobTitel", 'Did you mean "jobTitle"?'),
    "a field with nothing to sort": ("searchVector", UnknownSortField, 'Field "searchVector" does not exist or is not sortable', "searchVector", None),
    "a part of a scalar": ("jobTitle.x", BadRequest, f'Scalar field "jobTitle" requires a direction value ({DIRECTIONS})', "jobTitle", None),
    "a whole composite": (
        "name", BadRequest,
        'Composite field "name" requires subfield ordering (e.g., { name: { subFieldName: \'AscNullsFirst\' } })', "name", None),
    "an unknown sub-field": (
        "name.firstname", BadRequest, 'Sub field "firstname" not found for composite field "name"', "name.firstname",
        'Did you mean "firstName"?'),
    "a part of a sub-field": (
        "name.firstName.x", BadRequest, f'Composite sub field "name.firstName" requires a direction value ({DIRECTIONS})', "name", None),
    "an unknown direction": ("jobTitle asc", BadRequest, f'Scalar field "jobTitle" requires a direction value ({DIRECTIONS})', "jobTitle", None),
    "an unknown direction of a sub-field": (
        "name.firstName asc", BadRequest, f'Composite sub field "name.firstName" requires a direction value ({DIRECTIONS})',
        "name.firstName", None),
    "a relation itself": (
        "company", BadRequest,
        "Relation field \"company\" requires nested field ordering (e.g., { company: { fieldName: 'AscNullsFirst' } })", "company", None),
    "related records": (
        "pets.name", BadRequest, "Cannot filter or order through pets: only to-one relations are supported", "pets", None),
    "an unknown field of a related record": (
        "company.nam", UnknownSortField, 'Nested field "nam" not found in target object "company"', "company.nam", 'Did you mean "name"?'),
    "a relation of a related record": (
        "company.people.name", BadRequest, 'Field "company.people" does not support nested ordering', "company", None),
    "a whole composite of a related record": (
        "company.address", BadRequest, 'Composite field "company.address" requires one of its sub fields to be ordered', "company", None),
    "a part of a related record's scalar": (
        "company.name.x", BadRequest, f'Scalar field "company.name" requires a direction value ({DIRECTIONS})', "company.name", None),
    "an unknown sub-field of a related record": (
        "company.address.city", BadRequest, 'Sub field "city" not found for composite field "company.address"',
        "company.address.city", None),
}  # fmt: skip


@pytest.mark.parametrize(("given", "error", "message", "path", "hint"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusal(given: str, error: type[ApiError], message: str, path: str, hint: str | None) -> None:
    with pytest.raises(error) as refused:
        plan_order(scope(), PERSON, order(given))
    assert type(refused.value) is error
    assert (refused.value.message, refused.value.path, refused.value.hint) == (message, path, hint)


@pytest.mark.parametrize("direction", [None, 1, True, ["AscNullsFirst"], {}])
def test_a_direction_is_a_text(direction: object) -> None:
    with pytest.raises(
        BadRequest,
        match=r'^Scalar field "jobTitle" requires a direction value \(AscNullsFirst, AscNullsLast, DescNullsFirst, DescNullsLast\)$',
    ):
        plan_order(scope(), PERSON, (ir.Order(("jobTitle",), direction),))


def test_a_relation_to_what_is_switched_off_cannot_be_ordered_by() -> None:
    with pytest.raises(UnknownSortField, match=r'^Field "ghost" does not exist or is not sortable$'):
        plan_order(scope(), STRAY, order("ghost.name"))


def test_as_many_keys_as_may_be_and_one_more() -> None:
    paths = [path for path in (*PERSON.by_name, *PERSON.by_join_name, "name.firstName", "name.lastName", "company.name", "company.size",
             "company.createdAt", "company.updatedAt", "mentor.jobTitle", "mentor.rank", "mentor.nick", "mentor.createdAt", "mentor.employees")
             if path != "id"]  # fmt: skip
    usable = []
    for path in paths:
        try:
            plan_order(scope(), PERSON, order(path))
        except ApiError:
            continue
        usable.append(path)
    assert len(plan_order(scope(), PERSON, order(*usable[:MAX_KEYS]))) == MAX_KEYS + 1
    assert len(plan_order(scope(), PERSON, order(*usable[:MAX_KEYS], *usable[:MAX_KEYS]))) == MAX_KEYS + 1
    with pytest.raises(BadRequest, match=f"^More than {MAX_KEYS} order keys$"):
        plan_order(scope(), PERSON, order(*usable[: MAX_KEYS + 1]))


@pytest.mark.parametrize(
    ("path", "who", "singular", "name"),
    [
        ("jobTitle", without("person.jobTitle"), "person", "jobTitle"),
        ("pin", scope(), "person", "pin"),
        ("companyId", without("person.company"), "person", "company"),
        ("company.name", without("person.company"), "person", "company"),
        ("company.name", without("company.name"), "company", "name"),
        ("company.name", not_reading("company"), "company", None),
    ],
)
def test_what_may_not_be_read_orders_nothing(path: str, who: Scope, singular: str, name: str | None) -> None:
    with pytest.raises(PermissionDenied) as refused:
        plan_order(who, PERSON, order(path))
    assert refused.value.details == {
        "required": {"permission": "canReadObjectRecords", "object": singular, "field": name}
    }


def test_keys_of_another_object() -> None:
    assert plan_order(scope(), COMPANY, ()) == (key("company.id", is_nullable=False),)
