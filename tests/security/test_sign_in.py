"""Signing in: how often it may be tried, that nobody learns which accounts there are, and that the APIs do not wait."""

from __future__ import annotations

import fcntl
import os
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apikeys import sign_in
from apikeys.models import Member
from config.http.request_kinds import hashes_password
from tests.factories import api_of, workspace_with
from tests.security.rates import Clock
from tests.security.scene import PASSWORD

pytestmark = pytest.mark.usefixtures("few_tries")

HOME = "/settings"
TOO_MANY = "There were too many attempts to sign in. Try again in "
WRONG = "E-mail or password is wrong."


def attempt(email: str = "ada@example.com", password: str = "wrong", address: str = "203.0.113.7") -> Any:
    return Client(REMOTE_ADDR=address).post("/settings/login", {"email": email, "password": password})


def attempt_admin(name: str = "ada@example.com", password: str = "wrong", address: str = "203.0.113.7") -> Any:
    form = {"username": name, "password": password, "next": "/admin/"}
    return Client(REMOTE_ADDR=address).post("/admin/login/", form)


def refused(answer: Any) -> bool:
    return answer.status_code == 429 and TOO_MANY in answer.content.decode()


def test_the_nth_try_is_looked_at_and_the_next_is_not_even_with_the_right_password(ada: Member, clock: Clock) -> None:
    for _ in range(3):
        answer = attempt()
        assert (answer.status_code, WRONG in answer.content.decode()) == (422, True)
    answer = attempt(password=PASSWORD)
    assert refused(answer)
    assert "Try again in 5 minutes." in answer.content.decode()
    assert answer["Retry-After"] == "300"
    assert 'value="ada@example.com"' in answer.content.decode(), "the form keeps what was typed"
    clock.go(299)
    assert refused(attempt(password=PASSWORD))
    clock.go(1.1)
    assert attempt(password=PASSWORD)["Location"] == HOME


def test_spelling_of_the_account_is_no_way_around(ada: Member) -> None:
    for email in ("ada@example.com", "ADA@example.com", " ada@EXAMPLE.com "):
        assert attempt(email).status_code == 422
    assert refused(attempt("Ada@Example.Com", PASSWORD))


def test_a_stranger_does_not_lock_anybody_out_from_one_address(ada: Member) -> None:
    for _ in range(10):
        attempt(address="198.51.100.1")
    assert attempt(password=PASSWORD, address="203.0.113.7")["Location"] == HOME


def test_one_account_from_anywhere(ada: Member) -> None:
    assert [attempt(address=f"198.51.100.{each}").status_code for each in range(6)] == [422] * 5 + [429]
    assert refused(attempt(password=PASSWORD))


def test_one_address_for_any_account(ada: Member) -> None:
    assert [attempt(f"user{each}@example.com").status_code for each in range(8)] == [422] * 7 + [429]
    assert refused(attempt(password=PASSWORD))
    assert attempt(password=PASSWORD, address="203.0.113.8")["Location"] == HOME


def test_addresses_of_one_ipv6_network_are_one(ada: Member) -> None:
    assert [attempt(address=f"2001:db8::{each}").status_code for each in range(1, 5)] == [422] * 3 + [429]


def test_the_admin_counts_with_the_pages(ada: Member) -> None:
    User.objects.filter(id=ada.user_id).update(is_staff=True)
    attempt()
    for _ in range(2):
        assert attempt_admin().status_code == 200
    answer = attempt_admin(password=PASSWORD)
    assert refused(answer)
    assert answer["Retry-After"] == "300"
    assert refused(attempt(password=PASSWORD))


def test_the_admin_lets_staff_in(ada: Member) -> None:
    User.objects.filter(id=ada.user_id).update(is_staff=True)
    assert attempt_admin(password=PASSWORD)["Location"] == "/admin/"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rounds of every password that is looked at."""
    rounds: list[int] = []
    encode = sign_in.PBKDF2PasswordHasher.encode

    def noted(self: Any, password: str, salt: str, iterations: int | None = None) -> str:
        rounds.append(iterations or self.iterations)
        return encode(self, password, salt, iterations)

    monkeypatch.setattr(sign_in.PBKDF2PasswordHasher, "encode", noted)
    return rounds


@pytest.mark.parametrize("try_it", [attempt, attempt_admin])
def test_all_accounts_answer_alike_after_the_same_work(
    ada: Member, work: list[int], try_it: Any, settings: Any
) -> None:
    """A member, somebody unknown, somebody inactive, somebody without a workspace, somebody without a password."""
    User.objects.create_user("inactive@example.com", password=PASSWORD, is_active=False)
    User.objects.create_user("outsider@example.com", password=PASSWORD)
    User.objects.create_user("unusable@example.com")
    settings.SIGN_IN_ADDRESS_LIMIT = 100
    kinds = {}
    for name in ("ada", "nobody", "inactive", "outsider", "unusable"):
        answers = []
        for _ in range(4):
            work.clear()
            answer = try_it(f"{name}@example.com")
            page = answer.content.decode().replace(f"{name}@example.com", "…")
            shown = [each for each in (WRONG, TOO_MANY, "Please enter the correct") if each in page]
            answers.append((answer.status_code, answer.headers.get("Retry-After"), shown, tuple(work)))
        kinds[name] = answers
    assert all(each == kinds["ada"] for each in kinds.values()), kinds
    assert [len(rounds) for *_, rounds in kinds["ada"]] == [1, 1, 1, 0], "a refused try looks at no password"


@pytest.mark.parametrize("try_it", [attempt, attempt_admin])
def test_the_right_password_of_somebody_inactive_is_a_wrong_one(ada: Member, try_it: Any) -> None:
    User.objects.filter(id=ada.user_id).update(is_active=False, is_staff=True)
    right, wrong = (try_it(password=each).content.decode() for each in (PASSWORD, "wrong"))
    assert _same(right) == _same(wrong)


def _same(page: str) -> str:
    """The page without the form's token."""
    return "\n".join(line for line in page.split("\n") if "csrfmiddlewaretoken" not in line)


def test_while_others_are_signing_in_one_is_told_to_wait_and_the_apis_are_not(
    ada: Member, settings: Any, work: list[int]
) -> None:
    settings.SIGN_INS_AT_ONCE = 1
    api = api_of(workspace_with([]))
    place = sign_in._open(0)  # as another process that looks at a password
    fcntl.flock(place, fcntl.LOCK_EX)
    answer = attempt(password=PASSWORD)
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert "Others are signing in at this moment. Try again in a second." in answer.content.decode()
    assert work == []
    assert api.get("/rest/metadata/objects").status == 200
    os.close(place)
    assert attempt(password=PASSWORD)["Location"] == HOME


CHANGED = "another horse battery"


@pytest.fixture
def root(db: Any) -> User:
    return User.objects.create_superuser("root@example.com", password=PASSWORD)


def pages_that_hash(user: User) -> dict[str, dict[str, str]]:
    """Path and form of every page that checks or sets a password."""
    twice = {"password1": CHANGED, "password2": CHANGED}
    return {
        "/settings/login": {"email": "root@example.com", "password": PASSWORD},
        "/admin/login/": {"username": "root@example.com", "password": PASSWORD},
        "/admin/password_change/": {"old_password": PASSWORD, "new_password1": CHANGED, "new_password2": CHANGED},
        "/admin/auth/user/add/": {"username": "grace@example.com", "usable_password": "true", **twice},
        f"/admin/auth/user/{user.pk}/password/": {"usable_password": "true", **twice},
    }


def test_every_page_that_hashes_has_the_place_of_its_own(root: User, work: list[int]) -> None:
    for path, form in pages_that_hash(root).items():
        client = Client()
        if "login" not in path:
            client.force_login(User.objects.get(pk=root.pk))
        work.clear()
        assert client.post(path, form).status_code == 302, path
        assert work, path
        assert hashes_password("POST", path), path
        assert not hashes_password("GET", path), path
    for path in ("/rest/people", "/graphql", "/settings/api-webhooks", "/admin/", "/admin/auth/user/", "/healthz"):
        assert not hashes_password("POST", path)


def test_a_page_of_the_admin_says_that_others_are_signing_in_and_changes_nothing(
    root: User, settings: Any, work: list[int]
) -> None:
    settings.SIGN_INS_AT_ONCE = 1
    client = Client()
    client.force_login(root)
    before = list(User.objects.order_by("id").values_list("username", "password"))
    work.clear()
    place = sign_in._open(0)
    fcntl.flock(place, fcntl.LOCK_EX)
    for path, form in pages_that_hash(root).items():
        if "login" in path:
            continue
        answer = client.post(path, form)
        assert (answer.status_code, answer["Retry-After"]) == (429, "1"), path
        page = answer.content.decode()
        assert "Others are signing in at this moment. Nothing was changed." in page
        assert "Try again in a second." in page
        assert answer["X-Request-Id"] in page
    os.close(place)
    assert work == []
    assert list(User.objects.order_by("id").values_list("username", "password")) == before
    assert client.post("/admin/password_change/", pages_that_hash(root)["/admin/password_change/"]).status_code == 302
