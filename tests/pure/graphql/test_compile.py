"""Documents → queries, without a database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from config.errors import ApiError, BadRequest, GraphqlSyntax, GraphqlValidation, TooComplex, UnknownObject
from core.graphql.answer import RecordApi
from core.graphql.parse import parse_document
from core.query import ir

ID = "20202020-0000-4000-8000-000000000001"
Compile = Callable[..., ir.Query]


def outline(picks: Any) -> dict[str, Any]:
    """Picks as nested mappings: `key:name` → what is below it."""
    return {
        (pick.key if pick.key == pick.name else f"{pick.key}:{pick.name}"): pick.type_name or outline(pick.picks)
        for pick in picks
    }


# Queries ---------------------------------------------------------------------------------------------


def test_find_many(compile_one: Compile) -> None:
    query = compile_one(
        """query ($f: PersonFilterInput, $o: [PersonOrderByInput!], $a: String) {
             people(first: 2, after: $a, offset: 1, filter: $f, orderBy: $o) {
               totalCount edges { cursor node { id name { firstName } company { name } } } pageInfo { endCursor } } }""",
        {
            "f": {"jobTitle": {"eq": "x"}},
            "o": [{"name": {"lastName": "AscNullsLast"}}, {"id": "DescNullsLast"}],
            "a": "c",
        },
    )
    assert isinstance(query, ir.Find)
    assert query.object_name == "person"
    assert query.filter == ir.And((ir.Match("jobTitle", {"eq": "x"}),))
    assert query.order == (ir.Order(("name", "lastName"), "AscNullsLast"), ir.Order(("id",), "DescNullsLast"))
    assert query.page == ir.Page(size=2, after="c", offset=1)
    assert query.with_total is False
    assert outline(query.selection) == {
        "totalCount": {},
        "edges": {"cursor": {}, "node": {"id": {}, "name": {"firstName": {}}, "company": {"name": {}}}},
        "pageInfo": {"endCursor": {}},
    }


@pytest.mark.parametrize(
    ("arguments", "filter_", "order", "page"),
    [
        ("", None, (), ir.Page()),
        ("(filter: {}, orderBy: {})", None, (), ir.Page()),
        ("(filter: null, orderBy: null, first: null, after: null)", None, (), ir.Page()),
        ("(filter: {}, orderBy: [{}])", None, (), ir.Page()),
        ("(orderBy: {createdAt: AscNullsFirst})", None, (ir.Order(("createdAt",), "AscNullsFirst"),), ir.Page()),
        (
            "(orderBy: {position: AscNullsFirst, id: DescNullsLast})",
            None,
            (ir.Order(("position",), "AscNullsFirst"), ir.Order(("id",), "DescNullsLast")),
            ir.Page(),
        ),
        ("(first: 0)", None, (), ir.Page(size=0)),
        ("(last: 3)", None, (), ir.Page(size=3)),
        ('(last: 3, before: "c")', None, (), ir.Page(size=3, before="c")),
        ('(first: 3, before: "")', None, (), ir.Page(size=3)),
        ("(first: 0, last: 5)", None, (), ir.Page(size=0)),
        (
            "(filter: {and: [{id: {is: NULL}}, {not: {id: {in: [1, 2.5, true]}}}]})",
            ir.And(
                (
                    ir.And(
                        (
                            ir.And((ir.Match("id", {"is": "NULL"}),)),
                            ir.And((ir.Not(ir.And((ir.Match("id", {"in": [1, 2.5, True]}),))),)),
                        )
                    ),
                )
            ),
            (),
            ir.Page(),
        ),
    ],
)
def test_arguments_of_find_many(compile_one: Compile, arguments: str, filter_: Any, order: Any, page: ir.Page) -> None:
    query = compile_one(f"{{ people{arguments} {{ totalCount }} }}")
    assert isinstance(query, ir.Find)
    assert (query.filter, query.order, query.page) == (filter_, order, page)


def test_find_one(compile_one: Compile) -> None:
    query = compile_one(f'{{ person(filter: {{id: {{eq: "{ID}"}}}}) {{ id }} }}')
    assert isinstance(query, ir.FindOne)
    assert query.filter == ir.And((ir.Match("id", {"eq": ID}),))


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        (
            "mutation ($input: PersonCreateInput!) { createPerson(data: $input) { id } }",
            {"input": {"jobTitle": "x"}},
            ir.Create("person", ({"jobTitle": "x"},), ()),
        ),
        (
            "mutation ($data: [PersonCreateInput!]!, $upsert: Boolean) { createPeople(data: $data, upsert: $upsert) { id } }",
            {"data": [{"jobTitle": "x"}, {}], "upsert": True},
            ir.Create("person", ({"jobTitle": "x"}, {}), (), upsert=True),
        ),
        (
            "mutation ($data: [PersonCreateInput!]!) { createPeople(data: $data, upsert: null) { id } }",
            {"data": {"jobTitle": "x"}},
            ir.Create("person", ({"jobTitle": "x"},), ()),
        ),
        (
            "mutation ($id: ID!, $data: PersonUpdateInput!) { updatePerson(id: $id, data: $data) { id } }",
            {"id": ID.upper(), "data": {"jobTitle": None}},
            ir.Update("person", ir.Target(id=ID), {"jobTitle": None}, ()),
        ),
        (
            "mutation ($data: PersonUpdateInput, $filter: PersonFilterInput) { updatePeople(data: $data, filter: $filter) { id } }",
            {"data": {}, "filter": {"id": {"in": [ID]}}},
            ir.Update("person", ir.Target(filter=ir.And((ir.Match("id", {"in": [ID]}),))), {}, ()),
        ),
        (
            f'mutation {{ deletePerson(id: "{ID}") {{ id }} }}',
            {},
            ir.Delete("person", ir.Target(id=ID), ()),
        ),
        (
            "mutation { deletePeople(filter: {or: [{}, {id: {is: NULL}}]}) { id } }",
            {},
            ir.Delete(
                "person",
                ir.Target(filter=ir.And((ir.Or((ir.And(()), ir.And((ir.Match("id", {"is": "NULL"}),)))),))),
                (),
            ),
        ),
        (f'mutation {{ destroyPerson(id: "{ID}") {{ id }} }}', {}, ir.Destroy("person", ir.Target(id=ID), ())),
        (f'mutation {{ restorePerson(id: "{ID}") {{ id }} }}', {}, ir.Restore("person", ir.Target(id=ID), ())),
    ],
)
def test_writes(compile_one: Compile, text: str, variables: dict[str, Any], expected: Any) -> None:
    query: Any = compile_one(text, variables)
    assert outline(query.selection) == {"id": {}}
    assert type(query) is type(expected)
    for name in ("object_name", "records", "upsert", "target", "changes"):
        if hasattr(expected, name):
            assert getattr(query, name) == getattr(expected, name), name


# Variables -------------------------------------------------------------------------------------------


def test_undeclared_types_and_extra_values_are_not_looked_at(compile_one: Compile) -> None:
    query = compile_one(
        "query ($id: [Nonsense!]!, $unused: Foo) { person(filter: {id: {eq: $id}}) { id } }",
        {"id": ID, "unknown": 1, "unused": {}},
    )
    assert isinstance(query, ir.FindOne)
    assert query.filter == ir.And((ir.Match("id", {"eq": ID}),))


def test_defaults_of_variables_apply(compile_one: Compile) -> None:
    text = "query ($n: Int = 7, $o: [PersonOrderByInput] = [{id: AscNullsLast}]) { people(first: $n, orderBy: $o) { totalCount } }"
    assert compile_one(text).page == ir.Page(size=7)  # type: ignore[union-attr]
    assert compile_one(text, {"n": 2, "o": None}).page == ir.Page(size=2)  # type: ignore[union-attr]
    assert compile_one(text).order == (ir.Order(("id",), "AscNullsLast"),)  # type: ignore[union-attr]


def test_a_variable_without_a_value_is_as_if_not_written(compile_one: Compile) -> None:
    query: Any = compile_one(
        "query ($a: String, $b: X) { people(after: $a, filter: {jobTitle: {eq: $b}, id: $b}) { totalCount } }"
    )
    assert query.page == ir.Page()
    assert query.filter == ir.And((ir.Match("jobTitle", {}),))


def test_a_long_integer_stays_exact(compile_one: Compile) -> None:
    query: Any = compile_one("mutation { createPerson(data: {employees: 123456789012345678901234567890}) { id } }")
    assert query.records == ({"employees": 123456789012345678901234567890},)


# Selections ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("a: id b: id", {"a:id": {}, "b:id": {}}),
        ("id id", {"id": {}}),
        ("name { firstName } name { lastName }", {"name": {"firstName": {}, "lastName": {}}}),
        ("__typename name { __typename } company { t: __typename }",
         {"__typename": "Person", "name": {"__typename": "FullName"}, "company": {"t:__typename": "Company"}}),
        ("... on Person { id } ... { jobTitle }", {"id": {}, "jobTitle": {}}),
        ("...Both", {"id": {}, "company": {"id": {}, "name": {}}}),
        ("id @skip(if: true) jobTitle @include(if: true)", {"jobTitle": {}}),
        ("companyId company { id }", {"companyId": {}, "company": {"id": {}}}),
        ("pets { edges { node { ownerPerson { id } } } totalCount }",
         {"pets": {"edges": {"node": {"ownerPerson": {"id": {}}}}, "totalCount": {}}}),
    ],
)  # fmt: skip
def test_selections(compile_one: Compile, selection: str, expected: Any) -> None:
    fragments = "fragment Both on Person { id ...Works } fragment Works on Person { company { id } company { name } }"
    used = fragments if "Both" in selection else ""
    query: Any = compile_one(f"{{ person(filter: {{id: {{is: NULL}}}}) {{ {selection} }} }} {used}")
    assert outline(query.selection) == expected


def test_connection_members_have_their_type_names(compile_one: Compile) -> None:
    query: Any = compile_one(
        "{ people { __typename pageInfo { __typename } edges { __typename node { __typename } } minCreatedAt } }"
    )
    assert outline(query.selection) == {
        "__typename": "PersonConnection",
        "pageInfo": {"__typename": "PageInfo"},
        "edges": {"__typename": "PersonEdge", "node": {"__typename": "Person"}},
        "minCreatedAt": {},
    }


def test_arguments_of_a_nested_connection_reach_its_pick(compile_one: Compile) -> None:
    query: Any = compile_one(
        "query ($n: Int) { person(filter: {id: {is: NULL}}) { pets(first: $n, orderBy: {name: AscNullsLast}, filter: null)"
        " { totalCount } } }",
        {"n": 5},
    )
    [pets] = query.selection
    assert pets.arguments == {"first": 5, "orderBy": [{"name": "AscNullsLast"}]}


def test_picks_are_the_same_objects_for_every_request_of_one_shape(api: RecordApi) -> None:
    text = (
        "query ($with: Boolean!, $n: Int) { people(first: $n) { edges { node { id jobTitle @include(if: $with) } } } }"
    )

    def picks(variables: dict[str, Any]) -> tuple[ir.Pick, ...]:
        document = api.document(text, None)
        [root] = document.root_fields(document.variables(variables))
        return root.picks

    assert picks({"with": True, "n": 1}) is picks({"with": True, "n": 2})
    assert picks({"with": False}) is not picks({"with": True})
    assert outline(picks({"with": False})) == {"edges": {"node": {"id": {}}}}
    plain = "query ($n: Int) { people(first: $n) { totalCount } }"
    assert (
        api.document(plain, None).root_fields({"n": 1})[0].picks is api.document(plain, None).root_fields({})[0].picks
    )


def test_root_fragments_and_aliases(api: RecordApi) -> None:
    text = "query { ...Root ... on Query { them: companies { totalCount } } } fragment Root on Query { people { totalCount } }"
    document = api.document(text, None)
    assert [(root.key, root.name) for root in document.root_fields({})] == [("people", "people"), ("them", "companies")]


def test_the_named_operation_is_chosen_and_the_others_are_not_looked_at(api: RecordApi) -> None:
    text = "query A { people { totalCount } } query B { nonsense { x } } mutation C { deletePerson(id: 1) { id } }"
    assert api.document(text, "A").kind == "query"
    assert api.document(text, "C").kind == "mutation"


# Refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("{ people", GraphqlSyntax, "Syntax Error: Expected Name, found <EOF>."),
        ("", GraphqlSyntax, "Syntax Error: Unexpected <EOF>."),
        ("fragment A on Person { id }", BadRequest, "Must provide an operation."),
        (
            "query A { people { totalCount } } query B { people { totalCount } }",
            BadRequest,
            "Must provide operation name when document contains multiple operations.",
        ),
        (
            "{ foos { id } bars { id } people { totalCount } }",
            UnknownObject,
            "Unknown field(s) foos, bars. The corresponding object may have been deleted or renamed.",
        ),
        ("{ people { foo } }", GraphqlValidation, 'Cannot query field "foo" on type "PersonConnection".'),
        (
            "{ person(filter: {}) { jobTitel } }",
            GraphqlValidation,
            'Cannot query field "jobTitel" on type "Person". Did you mean "jobTitle"?',
        ),
        ("{ people }", GraphqlValidation,
         'Field "people" of type "PersonConnection" must have a selection of subfields. Did you mean "people { ... }"?'),
        ("{ person(filter: {}) { ...Nowhere } }", GraphqlValidation, 'Unknown fragment "Nowhere".'),
        ("{ person(filter: {}) { ... on Foo { id } } }", GraphqlValidation, 'Unknown type "Foo".'),
        ("{ person(filter: {}) { id @foo } }", GraphqlValidation, 'Unknown directive "@foo".'),
        ("{ person(filter: {id: {eq: $x}}) { id } }", GraphqlValidation, 'Variable "$x" is not defined.'),
        (
            "{ person(filter: {}) { ...A } } fragment A on Person { ...A }",
            GraphqlValidation,
            'Cannot spread fragment "A" within itself.',
        ),
        (
            "{ person(filter: {}) { a: id a: jobTitle } }",
            GraphqlValidation,
            'Fields "a" conflict because "id" and "jobTitle" are different fields.'
            " Use different aliases on the fields to fetch both if this was intentional.",
        ),
        (
            "{ a: people { totalCount } a: pets { totalCount } }",
            GraphqlValidation,
            'Fields "a" conflict because "people" and "pets" are different fields.'
            " Use different aliases on the fields to fetch both if this was intentional.",
        ),
        (
            "{ people { totalCount } ...More } fragment More on Query { people: __typename }",
            GraphqlValidation,
            'Fields "people" conflict because "people" and "__typename" are different fields.'
            " Use different aliases on the fields to fetch both if this was intentional.",
        ),
        (
            "{ person(filter: {}) { pets(first: 1) { totalCount } pets(first: 2) { totalCount } } }",
            GraphqlValidation,
            'Fields "pets" conflict because they have differing arguments.'
            " Use different aliases on the fields to fetch both if this was intentional.",
        ),
        (
            "{ person(filter: {}) { pets(size: 1) { totalCount } } }",
            GraphqlValidation,
            'Unknown argument "size" on field "Person.pets".',
        ),
        (
            "subscription { people { totalCount } }",
            GraphqlValidation,
            "Schema is not configured to execute subscription operation.",
        ),
        ("{ people { totalCount } a: people { totalCount } }", BadRequest, 'Duplicate root resolver: "people"'),
        (
            "{ " + " ".join(f"a{i}: x{i} {{ id }}" for i in range(23)) + " }",
            TooComplex,
            "Query too complex - Too many root resolvers requested: 23 - Maximum allowed root resolvers: 20",
        ),
        (
            "{ person(filter: {}) { " + " ".join(f"a{i}: id" for i in range(2000)) + " } }",
            TooComplex,
            "Query too complex - Too many fields requested: 2001 - Maximum allowed fields: 2000",
        ),
    ],
)  # fmt: skip
def test_documents_refused(api: RecordApi, text: str, error: type[ApiError], message: str) -> None:
    with pytest.raises(error) as raised:
        api.document(text, None)
    assert raised.value.message == message


def test_an_unknown_operation_name_is_refused() -> None:
    with pytest.raises(BadRequest, match=r'^Unknown operation named "B"\.$'):
        parse_document("query A { people { totalCount } }", "B")


def test_fragments_that_multiply_are_counted_as_they_unfold(api: RecordApi) -> None:
    levels = "".join(
        f"fragment F{i} on Person {{ a: company {{ people {{ edges {{ node {{ ...F{i + 1} }} }} }} }}"
        f" b: company {{ people {{ edges {{ node {{ ...F{i + 1} }} }} }} }} }} "
        for i in range(12)
    )
    with pytest.raises(
        TooComplex, match=r"^Query too complex - Too many fields requested: 36857 - Maximum allowed fields: 2000$"
    ):
        api.document("{ person(filter: {id: {is: NULL}}) { ...F0 } } " + levels + "fragment F12 on Person { id }", None)


def test_a_directive_whose_variable_is_missing_is_refused(api: RecordApi) -> None:
    document = api.document("query ($b: Boolean!) { people @include(if: $b) { totalCount } }", None)
    with pytest.raises(GraphqlValidation):
        document.root_fields({})


REQUIRED_ID = 'Missing required argument: "id" (UUID)'
REQUIRED_FILTER = 'Missing required argument: "filter" (object)'
REQUIRED_OBJECT = 'Missing required argument: "data" (object)'
REQUIRED_ARRAY = 'Missing required argument: "data" (array)'
EMPTY = "A non-empty filter is required"


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("people(limit: 1)", "Argument not allowed: limit"),
        ('people(first: "1")', 'Invalid argument: "first" must be a number'),
        ("people(last: true)", 'Invalid argument: "last" must be a number'),
        ("people(offset: {})", 'Invalid argument: "offset" must be a number'),
        ("people(first: 1.5)", 'Invalid argument: "first" must be a number'),
        ('people(filter: "x")', 'Invalid argument: "filter" must be an object'),
        ("people(filter: [])", 'Invalid argument: "filter" must be an object'),
        ('people(orderBy: "x")', 'Invalid argument: "orderBy" must be an array'),
        ("people(orderBy: [1])", 'Invalid argument: "orderBy" must be an array'),
        ("people(before: 1)", 'Invalid argument: "before" must be a string'),
        ("people(after: 1)", 'Invalid argument: "after" must be a string'),
        ("people(first: 1, last: 1)", "Cannot provide both first and last"),
        ('people(before: "a", after: "b")', "Cannot provide both before and after"),
        ('people(before: "a", first: 1)', "Cannot provide both before and first"),
        ('people(after: "a", last: 1)', "Cannot provide both after and last"),
        ("people(first: -1)", "First argument must be non-negative"),
        ("people(last: -1)", "Last argument must be non-negative"),
        ("person", "Missing filter argument"),
        ("person(filter: {})", "Missing filter argument"),
        ("person(filter: null)", "Missing filter argument"),
        ('person(filter: "x")', 'Invalid argument: "filter" must be an object'),
        ("createPerson", REQUIRED_OBJECT),
        ("createPerson(data: 1)", REQUIRED_OBJECT),
        ("createPerson(data: [])", REQUIRED_OBJECT),
        ("createPerson(data: {}, upsert: 1)", 'Invalid argument: "upsert" must be a boolean'),
        ("createPeople", REQUIRED_ARRAY),
        ("createPeople(data: 1)", REQUIRED_ARRAY),
        ("createPeople(data: [1])", REQUIRED_ARRAY),
        ("updatePerson(data: {})", REQUIRED_ID),
        ('updatePerson(id: "x", data: {})', REQUIRED_ID),
        ("updatePerson(id: 1, data: {})", REQUIRED_ID),
        (f'updatePerson(id: "{ID}")', REQUIRED_OBJECT),
        ("updatePeople(data: {})", REQUIRED_FILTER),
        ("updatePeople(filter: {id: {is: NULL}})", REQUIRED_OBJECT),
        ("updatePeople(data: {}, filter: {})", EMPTY),
        ("deletePerson", REQUIRED_ID),
        ("destroyPerson(id: null)", REQUIRED_ID),
        ('restorePerson(id: "")', REQUIRED_ID),
        ("deletePeople", REQUIRED_FILTER),
        ("deletePeople(filter: 1)", REQUIRED_FILTER),
        ("deletePeople(filter: {and: []})", EMPTY),
        ("destroyPeople(filter: {and: [{}]})", EMPTY),
        ("destroyPeople(filter: {name: {}})", EMPTY),
        ("restorePeople(filter: {company: {}})", EMPTY),
        ("restorePeople(filter: {or: [{and: []}]})", EMPTY),
    ],
)
def test_arguments_refused(compile_one: Compile, field: str, message: str) -> None:
    name = field.split("(")[0]
    root = "query" if name in ("people", "person") else "mutation"
    selection = "totalCount" if name == "people" else "id"
    with pytest.raises(ApiError) as raised:
        compile_one(f"{root} {{ {field} {{ {selection} }} }}")
    assert raised.value.message == message
    assert raised.value.graphql_code == "BAD_USER_INPUT"


def test_a_page_beyond_the_limit_names_it(compile_one: Compile) -> None:
    largest = settings.MAX_PAGE_SIZE_GRAPHQL
    assert compile_one(f"{{ people(first: {largest}) {{ totalCount }} }}").page == ir.Page(size=largest)  # type: ignore[union-attr]
    with pytest.raises(ApiError, match=str(largest)):
        compile_one(f"{{ people(first: {largest + 1}) {{ totalCount }} }}")


def test_a_bad_nested_argument_fails_its_root_field_only(api: RecordApi) -> None:
    document = api.document(
        "{ people { edges { node { pets(filter: 1) { totalCount } } } } companies { totalCount } }", None
    )
    people, companies = document.root_fields({})
    with pytest.raises(BadRequest, match=r'^Invalid argument: "filter" must be an object$'):
        people.query({})
    assert isinstance(companies.query({}), ir.Find)
