"""Whole questions: pages, one record, searches, duplicates; and names, rights and words."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import orjson
import pytest

from config.errors import BadRequest, InvalidCursor, PermissionDenied, TooComplex, UnknownObject
from config.http.bounds import MAX
from config.principal import EVERYTHING, Guard, Permissions
from core.query import ir
from core.query import scope as rights
from core.query.cursors import LONGEST
from core.query.duplicates import SHORTEST, check_duplicates, criteria_of, similar_to
from core.query.plan import EVERY, All, Any_, FindPlan, Negation, Total, Window
from core.query.reading import plan_connection_page, plan_one, plan_page
from core.query.scope import Scope
from core.query.search import LONGEST_TEXT, After, encode_cursor, plan_search
from core.query.words import MAX_SEARCH_TEXT, MAX_WORD, MAX_WORDS, search_terms, search_text
from tests.pure.model import COMPANY, LOG, PERSON, PET, SCHEMA, compare, field, key, not_reading, scope, without

ID = "00000000-0000-4000-8000-0000000000aa"
BY_ID = key("person.id", is_nullable=False)
DELETED = ir.filter_of({"deletedAt": {"is": "NOT_NULL"}})


# Pages -----------------------------------------------------------------------------------------------


def test_a_page_of_rest_by_default() -> None:
    plan = plan_page(scope(), ir.Find("person", ir.Everything()))
    assert plan == FindPlan(PERSON, EVERY, False, (BY_ID,), Window(60), members=plan.members, with_total=True)
    assert plan.members[0].key == "id"


def test_a_page_of_rest_as_asked_for() -> None:
    page = ir.Page(size=5, offset=2)
    order = (ir.Order(("jobTitle",), "DescNullsLast"),)
    plan = plan_page(scope(), ir.Find("person", ir.Everything(only=("id",)), DELETED, order, page, with_total=False))
    keys = (key("person.jobTitle", True, False), BY_ID)
    assert plan == FindPlan(
        PERSON, compare("person.deletedAt", "is", False), True, keys, Window(5, 2), members=plan.members
    )
    assert [each.key for each in plan.members] == ["id"]


def test_a_connection_by_default() -> None:
    picks = (ir.Pick("n", "totalCount"),)
    plan = plan_connection_page(scope(), ir.Find("person", picks))
    assert (plan.window, plan.order, plan.with_total, plan.members) == (Window(200), (BY_ID,), False, ())
    assert plan.connection is not None
    assert (plan.connection.members, plan.connection.values) == ((Total("n"),), 200)
    one = plan_connection_page(scope(), ir.Find("person", picks, page=ir.Page(size=0)))
    assert one.window == Window(0) and one.connection is not None and one.connection.values == 1
    sees = plan_connection_page(scope(), ir.Find("person", picks, DELETED, (ir.Order(("id",), "DescNullsLast"),)))
    assert sees.sees_deleted and sees.order[0].descending and sees.condition == compare("person.deletedAt", "is", False)


def test_what_a_page_could_answer_is_bounded() -> None:
    everything = ir.Find("person", ir.Everything(depth=1), page=ir.Page(size=200))
    plan_page(scope(), everything)
    with pytest.raises(TooComplex, match=f"at most {MAX.answer_values} values of nested records"):
        plan_page(scope(), replace(everything, page=ir.Page(size=1000)))
    plan_page(scope(), replace(everything, page=ir.Page(size=1000), selection=ir.Everything()))
    deepened = ir.Everything(
        only=("pupils.id", "pets.id", "pupils.name", *(f"pupils.{each}" for each in ("jobTitle", "rank", "nick"))),
        deepens=True,
    )
    plan_page(scope(), replace(everything, selection=deepened, page=ir.Page(size=200)))
    with pytest.raises(TooComplex):
        plan_page(scope(), replace(everything, selection=deepened, page=ir.Page(size=20_000)))
    node = ir.Pick("node", "node", {}, tuple(ir.Pick(f"a{index}", "id") for index in range(99)))
    edges = (ir.Pick("edges", "edges", {}, (node,)),)
    plan_connection_page(scope(), ir.Find("person", edges, page=ir.Page(size=19_801)))
    with pytest.raises(TooComplex):
        plan_connection_page(scope(), ir.Find("person", edges, page=ir.Page(size=19_802)))


def test_one_record() -> None:
    asked = ir.FindOne("person", (), ir.filter_of({"id": {"eq": ID}}))
    assert plan_one(scope(), asked) == (PERSON, compare("person.id", "eq", ID), False)
    assert plan_one(scope(), replace(asked, filter=DELETED))[2] is True
    for empty in (None, ir.filter_of({}), ir.filter_of({"and": [{}]}), ir.filter_of({"name": {"firstName": {}}})):
        with pytest.raises(BadRequest, match=r"^Missing filter argument$"):
            plan_one(scope(), replace(asked, filter=empty))


@pytest.mark.parametrize("plan", [plan_page, plan_connection_page])
def test_pages_of_what_is_unknown_or_may_not_be_read(plan: Any) -> None:
    selection = ir.Everything() if plan is plan_page else ()
    with pytest.raises(UnknownObject) as unknown:
        plan(scope(), ir.Find("compani", selection))
    assert (unknown.value.message, unknown.value.hint) == ("object 'compani' not found", 'Did you mean "company"?')
    with pytest.raises(UnknownObject) as unknown:
        plan(not_reading("company"), ir.Find("compani", selection))
    assert unknown.value.hint is None
    with pytest.raises(PermissionDenied) as refused:
        plan(not_reading("company"), ir.Find("company", selection))
    assert refused.value.details == {
        "required": {"permission": "canReadObjectRecords", "object": "company", "field": None}
    }


# Rights ----------------------------------------------------------------------------------------------


def _without(verb: str) -> Permissions:
    rights: dict[str, Any] = {verb: False}
    return replace(EVERYTHING, **rights)


@pytest.mark.parametrize(
    ("verb", "permission"),
    [
        ("read", "canReadObjectRecords"),
        ("update", "canUpdateObjectRecords"),
        ("soft_delete", "canSoftDeleteObjectRecords"),
        ("destroy", "canDestroyObjectRecords"),
    ],
)
def test_every_right_is_named(verb: Any, permission: str) -> None:
    rights.require(scope(), verb, PERSON)
    with pytest.raises(PermissionDenied) as refused:
        rights.require(scope(_without(verb)), verb, PERSON)
    assert refused.value.details["required"] == {"permission": permission, "object": "person", "field": None}
    assert refused.value.message == "Entity performing the request does not have permission"
    flag = "SECURITY" if verb == "read" else "ROLES"
    with pytest.raises(PermissionDenied) as refused:
        rights.require(scope(replace(EVERYTHING, settings=False)), verb, LOG)
    assert refused.value.details["required"]["permission"] == flag


def test_members_change_their_own_record() -> None:
    own = replace(PERSON, guard=Guard(write="ROLES", own_fields=frozenset({"jobTitle", "nick"})))
    role = replace(EVERYTHING, settings=False)
    me = scope(role, member_id=field("person.id").id)
    my_id = str(field("person.id").id)
    rights.require_update(me, own, my_id.upper(), ["jobTitle"])
    rights.require_update(scope(), own, ID, ["employees"])
    for who, record, changed in (
        (me, my_id, ["jobTitle", "employees"]),
        (me, ID, ["jobTitle"]),
        (scope(role), my_id, ["jobTitle"]),
        (scope(role), None, ["jobTitle"]),
    ):
        with pytest.raises(PermissionDenied) as refused:
            rights.require_update(who, own, record, changed)
        assert refused.value.details["required"] == {"permission": "ROLES", "object": "person", "field": None}
    with pytest.raises(PermissionDenied, match=r"^Entity performing the request does not have permission$"):
        rights.require_update(scope(replace(role, update=False), member_id=field("person.id").id), PERSON, my_id, [])


def test_what_the_caller_knows_of() -> None:
    assert rights.object_names(scope()) == ["person", "company", "pet", "log", "stray"]
    assert rights.object_names(not_reading("pet")) == ["person", "company", "log", "stray"]
    known = rights.member_names(scope(), PET)
    assert known == [
        "id",
        "createdAt",
        "updatedAt",
        "deletedAt",
        "createdBy",
        "position",
        "searchVector",
        "name",
        "ownerPerson",
        "ownerPersonId",
    ]
    assert set(known) - set(rights.member_names(without("pet.ownerPerson"), PET)) == {"ownerPerson", "ownerPersonId"}
    assert "searchVector" not in rights.member_names(without("pet.name"), PET)
    assert rights.writes(without(locked=["pet.name"]), field("person.name")) and not rights.writes(
        without(locked=["pet.name"]), field("pet.name")
    )
    assert [each.name for each in rights.readable_unique_fields(scope(), PERSON)] == ["id", "emails"]
    assert [each.name for each in rights.readable_unique_fields(without("person.emails"), PERSON)] == ["id"]
    assert scope().hidden == {field("person.pin").id}
    assert without("pet.name").hidden == {field("person.pin").id, field("pet.name").id}
    assert rights.inverse_of(scope(), field("person.pets")) is field("pet.ownerPerson")
    assert rights.inverse_of(scope(), field("stray.ghosts")) is None


# Search ----------------------------------------------------------------------------------------------


def search(text: str = "ada", who: Scope | None = None, **more: Any) -> Any:
    return plan_search(who or scope(), ir.Search(text, more.pop("limit", 10), **more))


def test_a_search_of_everything() -> None:
    plan = search("Ada José")
    assert [each.singular for each, _ in plan.objects] == ["person", "company", "log", "pet", "stray"]
    assert {condition for _, condition in plan.objects} == {EVERY}
    assert (plan.terms, plan.text, plan.limit, plan.after, plan.hidden, plan.files_schema) == (
        (("ada",), ("jose",)), "ada jose", 10, None, {field("person.pin").id}, "ws_test")  # fmt: skip


def test_which_objects_are_searched() -> None:
    def found(who: Scope | None = None, **more: Any) -> list[str]:
        return [each.singular for each, _ in search(who=who, **more).objects]

    assert found(not_reading("company")) == ["person", "log", "pet", "stray"]
    assert found(scope(replace(EVERYTHING, settings=False))) == ["person", "company", "pet", "stray"]
    assert found(included=("pet", "company", "x")) == ["company", "pet"]
    assert found(excluded=("pet", "log")) == ["person", "company", "stray"]
    assert found(included=("pet",), excluded=("pet",)) == []
    shut = replace(SCHEMA, objects=tuple(replace(each, is_searchable=each is PET) for each in SCHEMA.objects))
    assert found(Scope(shut, scope().principal)) == ["pet"]
    shut = replace(SCHEMA, objects=(replace(PET, is_searchable=False), COMPANY))
    assert found(Scope(shut, scope().principal)) == ["company"]
    assert found(Scope(shut, scope().principal), included=("pet",)) == ["pet"]


def test_a_filtered_search() -> None:
    plan = search(filter=ir.filter_of({"id": {"eq": ID}}), included=("person", "pet"))
    assert [condition for _, condition in plan.objects] == [compare("person.id", "eq", ID), compare("pet.id", "eq", ID)]
    for name in ("createdAt", "updatedAt", "deletedAt"):
        search(filter=ir.filter_of({"or": [{"not": {name: {"is": "NULL"}}}]}))
    wrong: list[dict[str, Any]] = [
        {"name": {"eq": "a"}},
        {"and": [{"id": {"eq": ID}}, {"name": {}}]},
        {"not": {"name": {}}},
        {"or": [{"name": {}}]},
    ]
    for given in wrong:
        with pytest.raises(BadRequest) as refused:
            search(filter=ir.filter_of(given))
        assert refused.value.message == 'A search can be filtered by id, createdAt, updatedAt, deletedAt, not by "name"'
        assert refused.value.path == "name"


def test_limits_of_a_search() -> None:
    assert search(limit=0).limit == 0 and search(limit=100).limit == 100
    assert search("a" * LONGEST_TEXT).text == "a" * LONGEST_TEXT
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"limit": -1}, "Limit must be non-negative", "limit"),
        ({"limit": 101}, "Limit cannot exceed 100 items", "limit"),
        (
            {"text": "a" * (LONGEST_TEXT + 1)},
            f"A search has at most {LONGEST_TEXT} characters, not {LONGEST_TEXT + 1}",
            "query",
        ),
    ]
    for asked, message, path in wrong:
        with pytest.raises(BadRequest) as refused:
            search(**asked)
        assert (refused.value.message, refused.value.path) == (message, path)


def test_texts_of_a_search() -> None:
    assert search(" \0É\0 ").text == "e" and search("\0").terms == ()
    assert search("").text == "" and search("-- !").text == "-- !"


def test_who_may_not_download_sees_no_addresses() -> None:
    assert search(who=scope(replace(EVERYTHING, tools=False))).files_schema is None


def test_cursors_of_a_search() -> None:
    cursor = encode_cursor(0.5, 0.0, {"person": ID})
    assert orjson.loads(base64.b64decode(cursor)) == {
        "lastRanks": {"tsRankCD": 0.5, "tsRank": 0},
        "lastRecordIdsPerObject": {"person": ID},
    }
    assert b'"tsRank":0}' in base64.b64decode(cursor)
    assert search(after=cursor).after == After(0.5, 0.0, {"person": ID})
    assert search(after=encode_cursor(2.0, 1.5, {"pet": ID.upper()})).after == After(2.0, 1.5, {"pet": ID})
    assert search(after="").after is None
    content = {"lastRanks": {"tsRankCD": 1, "tsRank": 1}, "lastRecordIdsPerObject": {}}
    wrong = [
        b"x", b"[]", b"{}", orjson.dumps({**content, "lastRanks": {"tsRank": 1}}), orjson.dumps({**content, "lastRanks": {"tsRankCD": "x", "tsRank": 1}}),
        orjson.dumps({**content, "lastRecordIdsPerObject": {"person": "x"}}), orjson.dumps({**content, "lastRecordIdsPerObject": []}),
        orjson.dumps({**content, "lastRecordIdsPerObject": {"person": 1}}),
    ]  # fmt: skip
    for each in ["%", *(base64.b64encode(each).decode() for each in wrong)]:
        with pytest.raises(InvalidCursor) as refused:
            search(after=each)
        assert refused.value.message == InvalidCursor.of(each).message
    padded = orjson.dumps(content).ljust(LONGEST // 4 * 3)
    assert search(after=base64.b64encode(padded).decode()).after == After(1.0, 1.0, {})
    with pytest.raises(InvalidCursor):
        search(after=base64.b64encode(padded + b"   ").decode())


TERMS: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "words": ("Ada  Lovelace", [("ada",), ("lovelace",)]),
    "a word twice": ("ada ada", [("ada",)]),
    "words joined by a hyphen": ("Jean-Luc", [("jean",), ("luc",)]),
    "an e-mail address": ("ada@acme.example", [("ada", "acme", "example")]),
    "a URL": ("https://www.acme.example/a/b", [("acme", "example", "a", "b")]),
    "a URL without www": ("http://acme.example", [("acme", "example")]),
    "www alone": ("www.acme.example", [("acme", "example")]),
    "a host that begins like www": ("www.acme", [("www", "acme")]),
    "mailto": ("mailto:ada@acme.example", [("ada", "acme", "example")]),
    "nothing but a scheme": ("https://www.", [("https", "www")]),
    "a phone number is no address": ("06.12.34", [("06",), ("12",), ("34",)]),
    "an address of one word": ("@ada", [("ada",)]),
    "no words": ("--- !", []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "terms"), TERMS.values(), ids=TERMS.keys())
def test_terms(text: str, terms: list[tuple[str, ...]]) -> None:
    assert search_terms(text) == terms


def test_as_many_words_as_a_search_has() -> None:
    words = [f"w{index}" for index in range(MAX_WORDS + 1)]
    assert search_terms(" ".join(words)) == [(word,) for word in words[:MAX_WORDS]]
    assert search_terms("-".join(words)) == [(word,) for word in words[:MAX_WORDS]]
    assert search_terms("a " + "@".join(words)) == [("a",), tuple(words[: MAX_WORDS - 1])]
    assert search_terms("x" * (MAX_WORD + 1)) == [("x" * MAX_WORD,)]
    assert search_terms("a@" + "x" * (MAX_WORD + 1)) == [("a", "x" * MAX_WORD)]


def test_the_text_that_is_searched() -> None:
    data = {"name": {"firstName": "Ada-Maria", "lastName": "L_1"}, "jobTitle": "C.E.O.", "pin": "secret", "nick": "x"}
    assert search_text(PERSON, data) == "ada maria l_1 c e o "
    assert search_text(PERSON, {"jobTitle": "Élodie & Co"}) == "elodie co"
    assert search_text(PERSON, {"nick": "x"}) is None and search_text(PERSON, {}) is None
    long = search_text(PERSON, {"jobTitle": "a" * (MAX_SEARCH_TEXT + 5)})
    assert long == "a" * MAX_SEARCH_TEXT
    rest = search_text(PERSON, {"name": {"firstName": "b" * (MAX_SEARCH_TEXT - 2)}, "jobTitle": "cde"})
    assert rest is not None and rest.endswith("b c") and len(rest) == MAX_SEARCH_TEXT
    full = {"firstName": "b" * MAX_SEARCH_TEXT, "lastName": "x"}
    assert search_text(PERSON, {"name": full, "jobTitle": "é"}) == "b" * MAX_SEARCH_TEXT
    full = {"firstName": "b" * (MAX_SEARCH_TEXT - 1), "lastName": "xé"}  # of which no more than the x is looked at
    assert search_text(PERSON, {"name": full, "jobTitle": "é"}) == "b" * (MAX_SEARCH_TEXT - 1) + " "
    assert search_text(PERSON, {"name": {"firstName": "É", "lastName": "Ü"}, "jobTitle": "a"}) == "e u a"
    folded = search_text(PERSON, {"jobTitle": "é" * (MAX_SEARCH_TEXT + 5)})
    assert folded == "e" * MAX_SEARCH_TEXT


# Duplicates ------------------------------------------------------------------------------------------


def test_criteria() -> None:
    name, emails = field("person.name"), field("person.emails")
    assert criteria_of(PERSON) == (((name, "firstName"), (name, "lastName")), ((emails, "primaryEmail"),))
    assert criteria_of(PET) == ()
    made = replace(
        PET, duplicate_criteria=(("name", "ownerPersonId"), ("name", "gone"), ("ownerPerson",), ("createdBySource",))
    )
    assert criteria_of(made) == (
        ((field("pet.name"), None), (field("pet.ownerPerson"), None)),
        ((field("pet.createdBy"), "source"),),
    )


def test_similar_records() -> None:
    ada = All((compare("person.name.firstName", "eq", "Ada"), compare("person.name.lastName", "eq", "Lov")))
    mail = All((compare("person.emails.primaryEmail", "eq", "ada@x.y"),))
    data = {"name": {"firstName": "Ada", "lastName": "Lov"}, "emails": {"primaryEmail": "ada@x.y"}}
    assert similar_to(scope(), PERSON, data, None) == Any_((ada, mail))
    assert similar_to(scope(), PERSON, data, ID) == All((Any_((ada, mail)), Negation(compare("person.id", "eq", ID))))
    assert similar_to(without("person.emails"), PERSON, data, None) == Any_((ada,))
    assert similar_to(without("person.name"), PERSON, data, None) == Any_((mail,))
    assert similar_to(without("person.name", "person.emails"), PERSON, data, None) is None


def test_values_that_are_too_short_tell_nothing() -> None:
    def told(data: Any) -> bool:
        return similar_to(scope(), PERSON, data, None) is not None

    assert told({"name": {"firstName": "a" * SHORTEST, "lastName": "b" * SHORTEST}})
    assert not told({"name": {"firstName": "a" * SHORTEST, "lastName": "b" * (SHORTEST - 1)}})
    assert not told({"name": {"firstName": "a" * SHORTEST}})
    assert not told({"name": None}) and not told({})


def test_what_duplicates_are_asked_for() -> None:
    check_duplicates([], None)
    check_duplicates([ID], None)
    check_duplicates(None, [{}])
    wrong: list[tuple[Any, Any, str]] = [
        ([], [], 'You cannot provide both "data" and "ids" arguments'),
        (None, None, 'You have to provide either "data" or "ids" argument'),
        (None, [], 'The "data" condition can not be empty when "ids" input not provided'),
    ]
    for ids, records, message in wrong:
        with pytest.raises(BadRequest) as refused:
            check_duplicates(ids, records)
        assert refused.value.message == message


# Filters before anything is known --------------------------------------------------------------------

MATCH = ir.Match("a", {"eq": 1})
FILTERS: dict[str, tuple[Any, ir.Filter]] = {
    "and of a mapping": ({"and": {"a": {"eq": 1}}}, ir.And((ir.And((ir.And((MATCH,)),)),))),
    "members that are no mappings are dropped": ({"or": [{"a": {"eq": 1}}, None, "x"]}, ir.And((ir.Or((ir.And((MATCH,)),)),))),
    "and of a text is a field": ({"and": "x"}, ir.And((ir.Match("and", "x"),))),
    "or of a number is a field": ({"or": 1}, ir.And((ir.Match("or", 1),))),
    "not of a list is a field": ({"not": []}, ir.And((ir.Match("not", []),))),
}  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), FILTERS.values(), ids=FILTERS.keys())
def test_filter_of(given: Any, expected: ir.Filter) -> None:
    assert ir.filter_of(given) == expected


EMPTY: list[tuple[ir.Filter | None, bool]] = [
    (None, True),
    (ir.And(()), True),
    (ir.Or((ir.And(()),)), True),
    (ir.Or((ir.And(()), MATCH)), False),
    (ir.Not(ir.And(())), False),
    (MATCH, False),
    (ir.Match("a", {}), True),
    (ir.Match("a", {"b": {}}), True),
    (ir.Match("a", {"b": {"c": {}}}), True),
    (ir.Match("a", {"b": {}, "c": {"eq": None}}), False),
    (ir.Match("a", None), False),
    (ir.Match("a", []), False),
]


@pytest.mark.parametrize(("given", "empty"), EMPTY)
def test_filters_that_say_nothing(given: ir.Filter | None, empty: bool) -> None:
    assert ir.is_empty(given) is empty
    assert ir.Target(filter=given).is_one is False and ir.Target(id=0).is_one is True
