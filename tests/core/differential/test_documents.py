"""Random documents give what graphql-core's executor gives over an oracle in memory: the same data, the same errors."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from django.db import transaction
from graphql import build_client_schema, get_introspection_query
from hypothesis import HealthCheck, Phase, given, note, reject, settings
from hypothesis import strategies as st

from config.errors import TooComplex
from tests.chance import seeds
from tests.core.differential.models import build, fill, random_model
from tests.core.differential.mutations import MutationWriter, WritingOracle
from tests.core.differential.oracle import Oracle
from tests.core.differential.writer import Writer
from tests.factories import Api

pytestmark = pytest.mark.long

SEEDS = seeds(*range(3))  # of as many models; `make fuzz` draws others
QUERIES = 200  # of each model
MUTATIONS = 100

Check = Callable[[st.DataObject], None]


def asked_often(times: int, check: Check) -> None:
    """Call `check` with so many random draws; a failure is shrunk, and shown with its document and seed."""
    limits = settings(
        max_examples=times,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    limits(given(st.data())(check))()


def world(seed: int) -> tuple[Api, Oracle]:
    """A random model with its records, in a workspace and in memory."""
    random = Random(seed)
    model = random_model(random)
    api = build(model)
    records = fill(api, model, random)
    return api, Oracle(model, build_client_schema(api.data(get_introspection_query())), records)


def compare(api: Api, oracle: Oracle, writer: Writer, seed: int) -> None:
    text = writer.document()
    variables = {name: value for name, (_, value) in writer.variables.items()}
    note(f"model seed {seed}\n{text}\n{variables}")
    expected, errors = oracle.execute(text, variables)
    answer = api.graphql(text, variables)
    assert answer.status == 200
    if any(error["extensions"].get("subCode") == TooComplex.sub_code for error in answer.body.get("errors", ())):
        reject()  # what may be asked at once is bounded, which other tests are about
    assert [error["message"] for error in answer.body.get("errors", ())] == errors
    assert answer.body["data"] == expected


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_random_queries(db: None, seed: int) -> None:
    api, oracle = world(seed)

    def check(data: st.DataObject) -> None:
        compare(api, oracle, Writer(data.draw, oracle.model, oracle), seed)

    asked_often(QUERIES, check)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_random_mutations_and_what_is_there_afterwards(db: None, seed: int) -> None:
    api, oracle = world(seed)

    def check(data: st.DataObject) -> None:
        changed = WritingOracle.copy(oracle)
        with transaction.atomic():
            compare(api, changed, MutationWriter(data.draw, oracle.model, changed), seed)
            compare(api, changed, Writer(data.draw, oracle.model, changed), seed)
            transaction.set_rollback(True)

    asked_often(MUTATIONS, check)
