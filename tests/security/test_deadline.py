"""The time a request's work has, and what ends it early."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.errors import ClientGone, DeadlineExceeded
from config.http import deadline
from config.http.observability import RequestMiddleware
from core.sql.execute import fetch, fetch_one
from core.sql.fragment import Sql


@pytest.fixture
def begun():
    """Begins a deadline that ends with the test."""
    tokens = []
    yield lambda *arguments: tokens.append(deadline.begin(*arguments))
    for token in reversed(tokens):
        deadline.end(token)


def test_work_within_its_time_goes_on(begun):
    begun(60)
    deadline.check()
    assert 59 < deadline.current().left_s() <= 60


def test_work_beyond_its_time_is_ended(begun):
    begun(0)
    with pytest.raises(DeadlineExceeded, match="longer than 0 s"):
        deadline.check()
    assert deadline.current().left_s() == 0


def test_work_nobody_waits_for_is_ended(begun):
    gone = []
    begun(60, lambda: bool(gone))
    deadline.check()
    gone.append(True)
    with pytest.raises(ClientGone):
        deadline.check()


def test_work_that_is_long_by_its_nature_gets_its_own_time(begun):
    begun(0, lambda: False)
    given = deadline.allow(120)
    deadline.check()
    assert given is deadline.current()
    assert given.seconds == 120


SLEEPY = Sql("SELECT 1 FROM pg_sleep(20)")
TIMEOUT = Sql("SELECT current_setting('statement_timeout')")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_inside", [False, True], ids=["alone", "in a transaction"])
def test_a_statement_has_what_is_left_of_the_requests_time(begun, is_inside):
    ordinary = fetch_one(TIMEOUT, "default")
    begun(60)
    assert fetch_one(TIMEOUT, "default") == ordinary
    late = deadline.current()
    late.ends_at_s -= 59.5
    too_long = pytest.raises(DeadlineExceeded, match="The request took longer than 60 s")
    with too_long, transaction.atomic() if is_inside else nullcontext():
        fetch(SLEEPY, "default")
    assert late.left_s() == 0
    assert fetch_one(TIMEOUT, "default") == ordinary  # what still has to be done is done


@pytest.mark.django_db(transaction=True)
def test_a_late_write_is_there_and_the_connection_as_before(begun):
    ordinary = fetch_one(TIMEOUT, "default")
    begun(60)
    deadline.current().ends_at_s -= 40
    text = "UPDATE auth_group SET name = name || current_setting('statement_timeout') RETURNING name"
    Group.objects.create(name="Late ")
    [[name]] = fetch(Sql(text), "default")
    assert Group.objects.get().name == name
    assert 0 < int(name.removeprefix("Late ").removesuffix("ms").removesuffix("s")) <= 20_000
    with connection.cursor() as cursor:
        cursor.execute(TIMEOUT.text)
        assert cursor.fetchone() == ordinary


def test_outside_requests_nothing_is_bounded():
    assert deadline.current() is None
    deadline.check()
    deadline.allow(5).check()
    assert deadline.current() is None


def test_the_middleware_begins_and_ends_it(settings):
    settings.REQUEST_DEADLINE_S = 7.0
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(deadline.current())
        return HttpResponse()

    request = RequestFactory().get("/")
    request.META[deadline.IS_GONE] = is_gone = lambda: False
    RequestMiddleware(view)(request)
    assert (seen[0].seconds, seen[0].is_gone) == (7.0, is_gone)
    assert deadline.current() is None
