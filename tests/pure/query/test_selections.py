"""Selections: which members an answer has, by what was asked for, the depth and the rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from config.errors import ApiError, BadRequest, PermissionDenied, TooComplex, UnknownField
from config.http.bounds import MAX
from config.principal import EVERYTHING
from core.query import ir
from core.query.filters import plan_filter
from core.query.orders import id_key, plan_order
from core.query.plan import (
    EVERY,
    Aggregate,
    Connection,
    Constant,
    CursorOf,
    Edges,
    JoinId,
    Member,
    Node,
    PageInfo,
    Parts,
    ToMany,
    ToOne,
    Total,
    Value,
    Window,
)
from core.query.scope import Scope
from core.query.selections import (
    LARGEST_NESTED,
    MAX_AGGREGATES,
    MAX_COST,
    MAX_RELATION_DEPTH,
    answer_values,
    plan_connection,
    plan_members,
    plan_root_connection,
)
from tests.pure.model import COMPANY, LOG, PERSON, PET, SCHEMA, STRAY, field, not_reading, scope, sql, without


def pick(text: str, *picks: ir.Pick, **arguments: Any) -> ir.Pick:
    """`key:name`, or a name that is its own key."""
    key, _, name = text.rpartition(":")
    return ir.Pick(key or name, name, arguments, picks)


TYPENAME = ir.Pick("__typename", "__typename", type_name="Person")


def keys(members: Sequence[Member]) -> list[Any]:
    """The keys of an answer, those of related records below theirs."""
    return [(each.key, keys(each.members)) if isinstance(each, ToOne | ToMany) else each.key for each in members]


def everything(who: Scope | None = None, subject: Any = PERSON, **asked: Any) -> list[Any]:
    return keys(plan_members(who or scope(), subject, ir.Everything(**asked)))


# REST ------------------------------------------------------------------------------------------------

SYSTEM = ["id", "createdAt", "updatedAt", "deletedAt", "createdBy", "position"]
COMPANY_OWN = [*SYSTEM, "name", "domainName", "address", "size"]
PET_OWN = [*SYSTEM, "name", "ownerPersonId"]
OWN = [
    *SYSTEM,
    "name",
    "emails",
    "jobTitle",
    "employees",
    "workPreference",
    "stage",
    "amount",
    "isActive",
    "tags",
    "birthday",
]
MORE = ["rank", "nick", "seenAt", "salary", "token", "notes", "badge", "phones"]
PERSON_FLAT = [*OWN, "companyId", *MORE, "mentorId"]


def test_every_readable_field_and_no_related_record() -> None:
    assert everything() == PERSON_FLAT
    assert everything(subject=COMPANY) == COMPANY_OWN


def test_related_records_at_depth_one() -> None:
    company = ["companyId", ("company", COMPANY_OWN)]
    mentor = ["mentorId", ("mentor", PERSON_FLAT), ("pupils", PERSON_FLAT)]
    assert everything(depth=1) == [*OWN, *company, ("pets", PET_OWN), *MORE, *mentor]


def test_how_related_records_are_found() -> None:
    members = {
        each.key: each for each in plan_members(scope(), PERSON, ir.Everything(depth=1, only=("company", "pets")))
    }
    flat_company = plan_members(scope(), COMPANY, ir.Everything())
    assert members["companyId"] == JoinId("companyId", sql("person.company"), COMPANY)
    assert members["company"] == ToOne("company", sql("person.company"), COMPANY, flat_company)
    pets = ToMany(
        "pets",
        sql("pet.ownerPerson"),
        PET,
        EVERY,
        False,
        (id_key(PET),),
        Window(60),
        None,
        plan_members(scope(), PET, ir.Everything()),
    )
    assert members["pets"] == pets


def test_values_answer_as_their_type_says() -> None:
    members = plan_members(scope(), PERSON, ir.Everything(only=("jobTitle", "name", "companyId")))
    assert members == (
        Value("id", sql("person.id").answer, "ws_test"),
        Value("name", field("person.name").type.whole_answer_sql(field("person.name")), "ws_test"),
        Value("jobTitle", sql("person.jobTitle").answer, "ws_test"),
        Value("companyId", sql("person.company").answer, "ws_test"),
    )


ONLY: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "the id is always there": ({"only": ("jobTitle",)}, ["id", "jobTitle"]),
    "in the order of the data model": ({"only": ("jobTitle", "createdAt")}, ["id", "createdAt", "jobTitle"]),
    "a join id": ({"only": ("companyId",)}, ["id", "companyId"]),
    "a relation at depth 0 is its join id": ({"only": ("company",)}, ["id", "companyId"]),
    "a relation at depth 1": ({"only": ("company",), "depth": 1}, ["id", "companyId", ("company", COMPANY_OWN)]),
    "a join id at depth 1": ({"only": ("companyId",), "depth": 1}, ["id", "companyId"]),
    "related records at depth 0 are none": ({"only": ("pets",)}, ["id"]),
    "related records at depth 1": ({"only": ("pets",), "depth": 1}, ["id", ("pets", PET_OWN)]),
    "members of a related record": (
        {"only": ("company.name", "company.size"), "depth": 1}, ["id", "companyId", ("company", ["id", "name", "size"])]),
    "a member and the whole": ({"only": ("company.name", "company"), "depth": 1}, ["id", "companyId", ("company", COMPANY_OWN)]),
    "the whole and a member": ({"only": ("company", "company.name"), "depth": 1}, ["id", "companyId", ("company", COMPANY_OWN)]),
    "a member of a related record at depth 0": ({"only": ("company.name",)}, ["id", "companyId"]),
    "a member that deepens": (
        {"only": ("company.name",), "deepens": True}, ["id", "companyId", ("company", ["id", "name"])]),
    "only members deepen": ({"only": ("company",), "deepens": True}, ["id", "companyId"]),
    "a join id of related records": (
        {"only": ("pets.ownerPersonId",), "depth": 1}, ["id", ("pets", ["id", "ownerPersonId"])]),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "expected"), ONLY.values(), ids=ONLY.keys())
def test_fields(asked: dict[str, Any], expected: list[Any]) -> None:
    assert everything(**asked) == expected


WRONG: dict[str, tuple[tuple[str, ...], Scope, str, str | None]] = {
    "an unknown name": (("jobTitel",), scope(), "jobTitel", 'Did you mean "jobTitle"?'),
    "all of them are named": (("jobTitel", "id", "x"), scope(), "jobTitel, x", 'Did you mean "jobTitle"?'),
    "what may not be read": (("jobTitle",), without("person.jobTitle"), "jobTitle", None),
    "what nobody reads": (("pin",), scope(), "pin", None),
    "what only searches read": (("searchVector",), scope(), "searchVector", None),
    "nearly what only searches read": (("searchVecto",), scope(), "searchVecto", None),
    "what only searches read of a related record": (("company.searchVector",), scope(), "company.searchVector", None),
    "a part of a composite": (("name.firstName",), scope(), "name.firstName", '"name" is answered as a whole'),
    "a part of a join id": (("companyId.name",), scope(), "companyId.name", 'Did you mean "companyId"?'),
    "an unknown member of a related record": (("company.nam",), scope(), "company.nam", 'Did you mean "company.name"?'),
    "a part of a related record's composite": (
        ("company.address.addressCity",), scope(), "company.address.addressCity", '"company.address" is answered as a whole'),
    "records related to related ones": (
        ("company.people.id",), scope(), "company.people.id", "Related records are answered one level deep"),
    "a member of records that may not be read": (("company.name",), not_reading("company"), "company.name", None),
    "a member that may not be read": (("company.name",), without("company.name"), "company.name", None),
}  # fmt: skip


@pytest.mark.parametrize(("only", "who", "named", "hint"), WRONG.values(), ids=WRONG.keys())
def test_fields_that_are_none(only: tuple[str, ...], who: Scope, named: str, hint: str | None) -> None:
    with pytest.raises(BadRequest) as refused:
        everything(who, only=only, depth=1)
    message = f"'fields' parameter invalid. Unknown or unreadable fields on 'person': {named}"
    assert (refused.value.message, refused.value.path, refused.value.hint) == (message, "fields", hint)


def test_what_may_not_be_read_is_left_out() -> None:
    assert "jobTitle" not in everything(without("person.jobTitle"))
    assert "companyId" not in everything(without("person.company"), depth=1)
    assert "pets" not in [
        each[0] for each in everything(without("pet.ownerPerson"), depth=1) if isinstance(each, tuple)
    ]
    [company] = [each for each in everything(without("company.name"), depth=1) if each[0] == "company"]
    assert company == ("company", [name for name in COMPANY_OWN if name != "name"])


def test_records_that_may_not_be_read_are_told_by_their_id() -> None:
    found = everything(not_reading("company", "pet"), only=("company", "pets"), depth=1)
    assert found == ["id", "companyId"]
    assert everything(subject=STRAY, depth=1) == [*SYSTEM, "ghostId"]


def test_without_the_right_to_download_no_address_is_answered() -> None:
    nobody = scope(replace(EVERYTHING, tools=False))
    assert plan_members(nobody, PERSON, ir.Everything(only=("badge",)))[-1] == Value(
        "badge", sql("person.badge").answer, None
    )
    able = scope(replace(EVERYTHING, tools=False, flags=frozenset({"DOWNLOAD_FILE"})))
    assert plan_members(able, PERSON, ir.Everything(only=("badge",)))[-1] == Value(
        "badge", sql("person.badge").answer, "ws_test"
    )


def test_what_is_kept_for_one_role_is_not_another_s() -> None:
    """The same tuple for the same question of the same role; no role gets what another may read."""
    selection = ir.Everything(depth=1)
    every = plan_members(scope(), PERSON, selection)
    assert plan_members(scope(), PERSON, selection) is every
    less = plan_members(without("person.jobTitle"), PERSON, selection)
    assert "jobTitle" in keys(every) and "jobTitle" not in keys(less)
    assert plan_members(scope(), PERSON, selection) is every
    unable = plan_members(scope(replace(EVERYTHING, tools=False)), PERSON, selection)
    assert {each.schema_name for each in unable if isinstance(each, Value)} == {None}
    unflagged = scope(replace(EVERYTHING, settings=False))
    assert keys(plan_members(scope(), COMPANY, ir.Everything(depth=1)))[-1][0] == "logs"
    assert "logs" not in [each[0] for each in keys(plan_members(unflagged, COMPANY, ir.Everything(depth=1)))]
    blind = scope(replace(EVERYTHING, read=False))
    assert keys(plan_members(blind, PERSON, selection)) == PERSON_FLAT
    overridden = not_reading("company")
    assert [each for each in keys(plan_members(overridden, PERSON, selection)) if each[0] == "company"] == []
    assert plan_members(overridden, PERSON, selection) is not plan_members(overridden, PERSON, selection)


# GraphQL ---------------------------------------------------------------------------------------------


def node(*picks: ir.Pick, who: Scope | None = None, subject: Any = PERSON) -> tuple[Member, ...]:
    return plan_members(who or scope(), subject, picks)


def test_picks_in_their_order_under_their_keys() -> None:
    assert node(pick("title:jobTitle"), TYPENAME, pick("id")) == (
        Value("title", sql("person.jobTitle").answer, "ws_test"),
        Constant("__typename", '"Person"'),
        Value("id", sql("person.id").answer, "ws_test"),
    )


def test_parts_of_a_composite() -> None:
    part = ir.Pick("t", "__typename", type_name="FullName")
    assert node(pick("n:name", pick("first:firstName"), part)) == (
        Parts("n", (Value("first", sql("person.name.firstName").answer, "ws_test"), Constant("t", '"FullName"'))),
    )


def test_a_related_record() -> None:
    assert node(pick("company", pick("name"))) == (
        ToOne("company", sql("person.company"), COMPANY, (Value("name", sql("company.name").answer, "ws_test"),)),
    )


def test_a_join_id_beside_its_record_says_null_while_that_is_deleted() -> None:
    assert node(pick("companyId")) == (Value("companyId", sql("person.company").answer, "ws_test"),)
    assert node(pick("c:companyId"), pick("company", pick("id")))[0] == JoinId("c", sql("person.company"), COMPANY)


def test_related_records_as_asked_for() -> None:
    arguments: dict[str, Any] = {"first": 7, "filter": {"name": {"eq": "Rex"}}, "orderBy": [{"name": "DescNullsLast"}]}
    [pets] = node(pick("p:pets", pick("totalCount"), **arguments))
    order = plan_order(scope(), PET, (ir.Order(("name",), "DescNullsLast"),))
    condition = plan_filter(scope(), PET, ir.filter_of(arguments["filter"]))
    connection = Connection((Total("totalCount"),))
    assert pets == ToMany("p", sql("pet.ownerPerson"), PET, condition, False, order, Window(7), connection)


def test_related_records_by_default() -> None:
    [pets] = node(pick("pets", pick("totalCount")))
    assert isinstance(pets, ToMany)
    assert (pets.window, pets.condition, pets.order, pets.sees_deleted) == (Window(60), EVERY, (id_key(PET),), False)
    [deleted] = node(pick("pets", pick("totalCount"), filter={"deletedAt": {"is": "NOT_NULL"}}))
    assert isinstance(deleted, ToMany) and deleted.sees_deleted


def connection(*picks: ir.Pick, who: Scope | None = None, subject: Any = PERSON) -> tuple[Any, ...]:
    return plan_connection(who or scope(), subject, picks).members


def test_members_of_a_connection() -> None:
    info = pick("pageInfo", pick("more:hasNextPage"), ir.Pick("t", "__typename", type_name="PageInfo"))
    edges = pick(
        "edges", pick("cursor"), pick("node", pick("id")), ir.Pick("__typename", "__typename", type_name="PersonEdge")
    )
    found = connection(TYPENAME, edges, info, pick("n:totalCount"), pick("maxEmployees"))
    assert found == (
        Constant("__typename", '"Person"'),
        Edges("edges", (CursorOf("cursor"), Node("node", (Value("id", sql("person.id").answer, "ws_test"),)), Constant("__typename", '"PersonEdge"'))),
        PageInfo("pageInfo", (("more", "hasNextPage"), Constant("t", '"PageInfo"'))),
        Total("n"),
        Aggregate("maxEmployees", "coalesce(to_json(max((({r}.data->>'employees'))::numeric))::text, 'null')"),
    )  # fmt: skip


REFUSED: dict[str, tuple[ir.Pick, Any, type[ApiError], str, str | None]] = {
    "an unknown field": (pick("jobTitel"), PERSON, UnknownField, 'Cannot query field "jobTitel" on type "Person".', 'Did you mean "jobTitle"?'),
    "a relation to what is switched off": (
        pick("ghost", pick("id")), STRAY, UnknownField, 'Cannot query field "ghost" on type "Stray".', None),
    "a list of what is switched off": (
        pick("ghosts", pick("id")), STRAY, UnknownField, 'Cannot query field "ghosts" on type "Stray".', None),
    "one record more than a nested page has": (
        pick("pets", pick("totalCount"), first=LARGEST_NESTED + 1), PERSON, TooComplex,
        f"At most {LARGEST_NESTED} records can be asked for in one page, not {LARGEST_NESTED + 1}", None),
    "a filter of a nested list": (
        pick("pets", pick("totalCount"), filter={"nam": {"eq": "a"}}), PERSON, UnknownField,
        'Object pet doesn\'t have any "nam" field.', 'Did you mean "name"?'),
    "an unknown aggregate": (
        pick("pets", pick("countEmptyNames")), PERSON, UnknownField,
        'Cannot query field "countEmptyNames" on type "PetConnection".', 'Did you mean "countEmptyName"?'),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "subject", "error", "message", "hint"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(asked: ir.Pick, subject: Any, error: type[ApiError], message: str, hint: str | None) -> None:
    with pytest.raises(error) as refused:
        node(asked, subject=subject)
    assert (refused.value.message, refused.value.hint) == (message, hint)


DENIED: dict[str, tuple[ir.Pick, Scope, str, str | None]] = {
    "a field": (pick("jobTitle"), without("person.jobTitle"), "person", "jobTitle"),
    "what nobody reads": (pick("pin"), scope(), "person", "pin"),
    "a composite": (pick("name", pick("firstName")), without("person.name"), "person", "name"),
    "a join id": (pick("companyId"), without("person.company"), "person", "company"),
    "a relation": (pick("company", pick("id")), without("person.company"), "person", "company"),
    "related records": (pick("pets", pick("totalCount")), without("pet.ownerPerson"), "pet", "ownerPerson"),
    "an object": (pick("company", pick("id")), not_reading("company"), "company", None),
    "an object whose records point here": (pick("pets", pick("totalCount")), not_reading("pet"), "pet", None),
    "a field of a related record": (pick("company", pick("name")), without("company.name"), "company", "name"),
    "an aggregate of a nested list": (pick("pets", pick("countEmptyName")), without("pet.name"), "pet", "name"),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "who", "singular", "name"), DENIED.values(), ids=DENIED.keys())
def test_denied(asked: ir.Pick, who: Scope, singular: str, name: str | None) -> None:
    with pytest.raises(PermissionDenied) as refused:
        node(asked, who=who)
    assert refused.value.details == {
        "required": {"permission": "canReadObjectRecords", "object": singular, "field": name}
    }


@pytest.mark.parametrize(
    "name", ["maxEmployees", "countUniqueValuesEmployees", "countEmptyEmployees", "percentageNotEmptyEmployees"]
)
def test_aggregates_of_a_field_that_may_not_be_read_are_denied(name: str) -> None:
    connection(pick(name))
    with pytest.raises(
        PermissionDenied,
        match=r'^Entity performing the request does not have permission: no permission to read field "employees" on "person"$',
    ):
        connection(pick(name), who=without("person.employees"))
    with pytest.raises(UnknownField) as refused:
        connection(pick(name + "s"), who=without("person.employees"))
    assert "Employees" not in (refused.value.hint or "")


def test_as_many_aggregates_as_may_be_and_one_more() -> None:
    most = [pick(f"a{index}:totalCount") for index in range(MAX_AGGREGATES)]
    assert len(connection(*most, TYPENAME)) == MAX_AGGREGATES + 1
    with pytest.raises(TooComplex) as refused:
        connection(*most, pick("maxEmployees"))
    assert (
        refused.value.message
        == f"At most {MAX_AGGREGATES} aggregates can be asked for of one list, not {MAX_AGGREGATES + 1}"
    )


def deep(levels: int) -> ir.Pick:
    """A mentor's mentor, and so on: so many relations."""
    found = pick("id")
    for _ in range(levels):
        found = pick("mentor", found)
    return found


def test_as_many_relations_inside_each_other_as_may_be_and_one_more() -> None:
    node(deep(MAX_RELATION_DEPTH))
    with pytest.raises(TooComplex) as refused:
        node(deep(MAX_RELATION_DEPTH + 1))
    assert refused.value.message == f"Maximum depth of {MAX_RELATION_DEPTH} reached"


def wide(*sizes: int) -> ir.Pick:
    """Pupils' pupils, so many of each."""
    found = pick("id")
    for size in reversed(sizes):
        found = pick("pupils", pick("edges", pick("node", found)), first=size)
    return found


def test_lists_inside_lists_have_a_bound() -> None:
    node(wide(1000, 1000, 2))
    with pytest.raises(TooComplex) as refused:
        node(wide(1000, 1000, 3))
    assert refused.value.message == (
        f"Query complexity is too high: it could answer 3000000 records, more than {MAX_COST}. Ask for smaller pages of nested relations."
    )
    node(wide(0, 1000, 1000))  # a page of none counts as one
    plan_root_connection(scope(), PERSON, (pick("edges", pick("node", wide(1000))),), cost=2000)
    with pytest.raises(
        TooComplex,
        match=r"^Query complexity is too high: it could answer 2001000 records, more than 2000000\. Ask for smaller pages of nested relations\.$",
    ):
        plan_root_connection(scope(), PERSON, (pick("edges", pick("node", wide(1000))),), cost=2001)


# What an answer can cost -----------------------------------------------------------------------------

VALUES: dict[str, tuple[tuple[ir.Pick, ...], int]] = {
    "two values": ((pick("id"), pick("jobTitle")), 2),
    "a composite and its parts": ((pick("name", pick("firstName"), pick("lastName")),), 3),
    "a related record": ((pick("company", pick("id"), pick("name")),), 1 + 8 + 2),
    "a join id beside it": ((pick("companyId"), pick("company", pick("id"))), 1 + 8 + 1 + 8 + 1),
    "a page in the order of the index": (
        (pick("pets", pick("edges", pick("node", pick("id"))), first=10),), 1 + 16 + 10 * (1 + 1 + 1)),
    "a page of none": ((pick("pets", pick("edges", pick("node", pick("id"))), first=0),), 1 + 16 + 1 * (1 + 1 + 1)),
    "a filtered page": (
        (pick("pets", pick("edges"), first=10, filter={"name": {"eq": "a"}}),), 1 + 1500 + 10),
    "an ordered page": ((pick("pets", pick("edges"), first=10, orderBy=[{"name": "AscNullsFirst"}]),), 1 + 1500 + 10),
    "a page behind others": ((pick("pets", pick("edges"), first=10, offset=1),), 1 + 1500 + 10),
    "a counted page": ((pick("pets", pick("totalCount"), first=10),), 1 + 1500 + 10),
    "an aggregate": ((pick("pets", pick("countEmptyName"), first=10),), 1 + 1500 + 10),
}  # fmt: skip


@pytest.mark.parametrize(("picks", "values"), VALUES.values(), ids=VALUES.keys())
def test_values_of_an_answer(picks: tuple[ir.Pick, ...], values: int) -> None:
    assert answer_values(node(*picks)) == values
    assert answer_values(node(*picks), times=3) == 3 * values


def test_values_of_plain_lists() -> None:
    flat = len(PET_OWN)
    members = plan_members(scope(), PERSON, ir.Everything(depth=1, only=("pets",)))
    assert answer_values(members) == 1 + 1 + 16 + 60 * flat


def test_a_root_connection_knows_its_values() -> None:
    picks = (pick("edges", pick("node", pick("id"))), pick("totalCount"))
    assert plan_root_connection(scope(), PERSON, picks, cost=5).values == 5 * (1 + 1 + 1 + 1)
    assert plan_root_connection(not_reading("log"), PERSON, picks, cost=5).values == 5 * (1 + 1 + 1 + 1)


def test_a_root_connection_is_kept_by_role_and_size() -> None:
    picks = (pick("edges", pick("node", pick("jobTitle"))),)
    kept = plan_root_connection(scope(), PERSON, picks, cost=5)
    assert plan_root_connection(scope(), PERSON, picks, cost=5) is kept
    assert plan_root_connection(scope(), PERSON, picks, cost=6).values == 18
    with pytest.raises(PermissionDenied):
        plan_root_connection(without("person.jobTitle"), PERSON, picks, cost=5)
    with pytest.raises(PermissionDenied):
        plan_root_connection(Scope(SCHEMA, without("person.jobTitle").principal), PERSON, picks, cost=5)


def test_the_bound_of_values_is_that_of_a_request() -> None:
    from core.query.selections import spend_bytes, spend_values

    spend_values(MAX.answer_values)
    with pytest.raises(TooComplex) as refused:
        spend_values(MAX.answer_values + 1)
    assert (
        refused.value.message
        == f"One request may bring at most {MAX.answer_values} values of nested records in its answer"
    )
    spend_bytes(MAX.answer_bytes)
    with pytest.raises(TooComplex, match=f"at most {MAX.answer_bytes} bytes of records in its answers"):
        spend_bytes(MAX.answer_bytes + 1)


def test_logs_are_guarded() -> None:
    assert LOG.guard is not None and everything(subject=LOG) == [*SYSTEM, "companyId"]
