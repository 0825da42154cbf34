"""Signing keys: every form of a token that is taken, forged ones, rotation, and a SECRET_KEY that changed."""

from __future__ import annotations

import base64
import json
import time
from io import StringIO
from typing import Any

import jwt
import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.utils import timezone

from apikeys import keys, signing_keys
from apikeys.authentication import principal_of_member_id
from apikeys.models import ApiKey, Member, Role, SigningKey
from apikeys.services.api_keys import apikey_create
from apikeys.services.members import member_create
from apikeys.services.tokens import apikey_token, apikey_token_issued, playground_token
from config.principal import Principal
from config.server.secret import fingerprint
from metadata.models import Workspace
from tests.factories import Api, principal_of, workspace_with

ME = "/rest/metadata/apiKeys/me"
INVALID = (401, "UNAUTHENTICATED", "Token invalid.")
NO_PAYLOAD = (401, "UNAUTHENTICATED", "No payload")


@pytest.fixture
def admin(acme: Workspace) -> Principal:
    return principal_of(acme)


@pytest.fixture
def key(admin: Principal) -> ApiKey:
    role = Role.objects.get(workspace_id=admin.workspace_id, label="Admin")
    return apikey_create(admin, name="Nightly sync", expires_at=None, role_id=role.id)


@pytest.fixture
def token(admin: Principal, key: ApiKey) -> str:
    return apikey_token(admin, key_id=key.id).token


def claims_of(key: ApiKey, **changed: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "sub": str(key.workspace_id),
        "workspaceId": str(key.workspace_id),
        "type": "API_KEY",
        "jti": str(key.id),
        "iat": now,
        "exp": now + 600,
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}


def asked(token: str) -> tuple[int, str, str]:
    """(status, error, message) of a request with the token; (200, "", name of the key) when it is taken."""
    answer = Api(token).get(ME)
    if answer.status == 200:
        return 200, "", answer.body["name"]
    [message] = answer.body["messages"]
    return answer.status, answer.body["error"], message


TAKEN = (200, "", "Nightly sync")


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("signing_keys", *arguments, stdout=out)
    return out.getvalue()


# What a token looks like -------------------------------------------------------------------------------


def test_a_token_names_its_signing_key_and_is_signed_with_a_secret_of_its_own(
    token: str, key: ApiKey, settings: Any
) -> None:
    kid = signing_keys.current_kid()
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": kid}
    secret = keys.signing_secret(settings.SECRET_KEY, str(key.workspace_id), "API_KEY", kid)
    assert jwt.decode(token, secret, algorithms=["HS256"])["jti"] == str(key.id)
    assert asked(token) == TAKEN


def test_the_database_holds_nothing_that_signs(token: str, settings: Any) -> None:
    [row] = SigningKey.objects.values()
    assert set(row) == {"kid", "secret_key_fingerprint", "created_at", "revoked_at"}
    assert row["secret_key_fingerprint"] == fingerprint(settings.SECRET_KEY)
    assert row["secret_key_fingerprint"] not in settings.SECRET_KEY


def test_secrets_of_two_signing_keys_workspaces_kinds_and_servers_differ() -> None:
    made = {
        keys.signing_secret(server, workspace, kind, kid)
        for server in ("a", "b")
        for workspace in ("v", "w")
        for kind in ("API_KEY", "PLAYGROUND")
        for kid in (keys.WITHOUT_KID, "0" * 16, "1" * 16)
    }
    assert len(made) == 24


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        pytest.param({}, "API_KEY", id="type API_KEY, its own secret"),
        pytest.param({}, "ACCESS", id="type API_KEY, secret of ACCESS"),
        pytest.param({"workspaceId": None}, "API_KEY", id="workspace in sub only"),
        pytest.param({"type": None, "workspaceId": None}, "ACCESS", id="oldest form, secret of ACCESS"),
        pytest.param({"type": None, "workspaceId": None}, "API_KEY", id="oldest form, its own secret"),
    ],
)
def test_forms_from_before_signing_keys_are_taken(
    key: ApiKey, settings: Any, changed: dict[str, Any], kind: str
) -> None:
    secret = keys.signing_secret(settings.SECRET_KEY, str(key.workspace_id), kind)
    assert asked(jwt.encode(claims_of(key, **changed), secret, algorithm="HS256")) == TAKEN


def test_with_a_kid_only_the_secret_of_its_own_kind_signs(key: ApiKey, settings: Any) -> None:
    kid = signing_keys.current_kid()
    for kind, expected in (("API_KEY", TAKEN), ("ACCESS", INVALID), ("PLAYGROUND", INVALID)):
        secret = keys.signing_secret(settings.SECRET_KEY, str(key.workspace_id), kind, kid)
        forged = jwt.encode(claims_of(key), secret, algorithm="HS256", headers={"kid": kid})
        assert asked(forged) == expected, kind


# Forged ------------------------------------------------------------------------------------------------


def text(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def rs256(key: ApiKey) -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims_of(key), private, algorithm="RS256")


def with_header(token: str, **changed: Any) -> str:
    """The token with another header and its old signature."""
    protected, body, signature = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(protected + "=="))
    kept = {name: value for name, value in {**header, **changed}.items() if value is not None}
    return ".".join((text(kept), body, signature))


FORGED = {
    "alg none, unsigned": (lambda token, key: jwt.encode(claims_of(key), None, algorithm="none"), NO_PAYLOAD),
    "alg none, old signature": (lambda token, key: with_header(token, alg="none"), INVALID),
    "alg nOnE": (lambda token, key: with_header(token, alg="nOnE"), INVALID),
    "alg left out": (lambda token, key: with_header(token, alg=None), INVALID),
    "alg HS512": (lambda token, key: with_header(token, alg="HS512"), INVALID),
    "RS256": (lambda token, key: rs256(key), INVALID),
    "RS256 in name only": (lambda token, key: with_header(token, alg="RS256"), INVALID),
    "the kid as secret": (
        lambda token, key: jwt.encode(
            claims_of(key), signing_keys.current_kid(), headers={"kid": signing_keys.current_kid()}
        ),
        INVALID,
    ),
    "an empty secret": (lambda token, key: jwt.encode(claims_of(key), "x" * 32, headers={"kid": "0" * 16}), INVALID),
    "kid taken away": (lambda token, key: with_header(token, kid=None), INVALID),
    "unknown kid": (lambda token, key: with_header(token, kid="0123456789abcdef"), INVALID),
    "kid of the tokens without one": (lambda token, key: with_header(token, kid="none"), INVALID),
    "kid with SQL": (lambda token, key: with_header(token, kid="' OR 1=1 --"), INVALID),
    "kid that is a path": (lambda token, key: with_header(token, kid="../../../dev/null"), INVALID),
    "kid with a null byte": (lambda token, key: with_header(token, kid="0123456789abcde\x00"), INVALID),
    "kid with a line end": (lambda token, key: with_header(token, kid="0123456789abcdef\n"), INVALID),
    "kid in capitals": (
        lambda token, key: with_header(token, kid=signing_keys.current_kid().upper() + "A"),
        INVALID,
    ),
    "kid is a number": (lambda token, key: with_header(token, kid=7), INVALID),
    "kid is a list": (lambda token, key: with_header(token, kid=[signing_keys.current_kid()]), INVALID),
    "kid is an object": (lambda token, key: with_header(token, kid={"$ne": None}), INVALID),
    "crit": (lambda token, key: with_header(token, crit=["exp"]), INVALID),
    "empty crit": (lambda token, key: with_header(token, crit=[]), INVALID),
    "b64 false": (lambda token, key: with_header(token, b64=False), INVALID),
    "typ at+jwt": (lambda token, key: with_header(token, typ="at+jwt"), INVALID),
    "typ is a list": (lambda token, key: with_header(token, typ=["JWT"]), INVALID),
    "jwk of its own": (lambda token, key: with_header(token, jwk={"kty": "oct", "k": text(b"x" * 32)}), INVALID),
    "jku": (lambda token, key: with_header(token, jku="http://127.0.0.1/keys"), INVALID),
    "padded": (lambda token, key: token + "=", INVALID),
    "a character that is no base64": (lambda token, key: token[:-4] + "!" + token[-4:], INVALID),
    "standard base64": (lambda token, key: token[:-4] + "+/+/", INVALID),
    "a fourth part": (lambda token, key: token + ".x", NO_PAYLOAD),
    "five parts": (lambda token, key: f"{token}.x.x", NO_PAYLOAD),
    "no signature": (lambda token, key: token.rpartition(".")[0] + ".", NO_PAYLOAD),
    "longer than any token": (lambda token, key: token + "A" * 4096, NO_PAYLOAD),
    "a header of 64 KB": (lambda token, key: with_header(token, kid="0" * 48_000), NO_PAYLOAD),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(token: str, key: ApiKey, name: str) -> None:
    forge, expected = FORGED[name]
    assert asked(forge(token, key)) == expected
    answer = Api(forge(token, key)).graphql("{ companies { totalCount } }")
    assert (answer.status, [each["message"] for each in answer.body["errors"]]) == (200, [expected[2]])
    assert "data" not in answer.body
    key.refresh_from_db()
    assert key.last_used_at is None


@pytest.mark.parametrize("secret_of", ["kid", "without"])
def test_a_genuine_signature_does_not_excuse_the_header(key: ApiKey, settings: Any, secret_of: str) -> None:
    """Signed as we would: so it is the header alone that is refused."""
    kid = signing_keys.current_kid()
    named = {"kid": kid} if secret_of == "kid" else {}
    secret = keys.signing_secret(settings.SECRET_KEY, str(key.workspace_id), "API_KEY", named.get("kid", "none"))
    for header in ({"crit": ["x"], "x": 1}, {"typ": "at+jwt"}, {"kid": "none"}, {"kid": "A" * 16}):
        assert asked(jwt.encode(claims_of(key), secret, algorithm="HS256", headers={**named, **header})) == INVALID
    for alg in ("HS384", "HS512"):
        assert asked(jwt.encode(claims_of(key), secret, algorithm=alg, headers=named)) == INVALID
    assert asked(jwt.encode(claims_of(key), secret, algorithm="HS256", headers=named)) == TAKEN


def test_a_public_key_is_no_secret(key: ApiKey) -> None:
    """RS256 confusion: whatever is public is taken for an HMAC secret by careless verifiers."""
    import hmac

    head = ".".join((text({"alg": "HS256", "typ": "JWT"}), text(claims_of(key))))
    signature = text(hmac.digest(public_key(), head.encode(), "sha256"))
    assert asked(f"{head}.{signature}") == INVALID


def test_claims_that_stand_twice_are_read_once_and_only_under_the_signature(key: ApiKey, settings: Any) -> None:
    """The last one counts (RFC 7515 §4), for the choice of the secret as for the caller."""
    other = workspace_with(name="Other")
    claims = json.dumps(claims_of(key))
    twice = claims[:-1] + f', "workspaceId": "{other.id}"}}'
    head = ".".join((text({"alg": "HS256", "typ": "JWT"}), text(twice.encode())))
    import hmac

    for workspace, expected in (
        (key.workspace_id, INVALID),
        (other.id, (403, "FORBIDDEN_EXCEPTION", "This API Key is revoked")),
    ):
        secret = keys.signing_secret(settings.SECRET_KEY, str(workspace), "API_KEY")
        assert asked(f"{head}.{text(hmac.digest(secret, head.encode(), 'sha256'))}") == expected


def test_a_kid_opens_no_other_workspace(key: ApiKey, token: str, settings: Any) -> None:
    """Signing keys are the server's; their secrets are each workspace's own."""
    other = workspace_with(name="Other")
    kid = signing_keys.current_kid()
    mine = keys.signing_secret(settings.SECRET_KEY, str(key.workspace_id), "API_KEY", kid)
    elsewhere = claims_of(key, sub=str(other.id), workspaceId=str(other.id))
    assert asked(jwt.encode(elsewhere, mine, algorithm="HS256", headers={"kid": kid})) == INVALID
    theirs = keys.signing_secret(settings.SECRET_KEY, str(other.id), "API_KEY", kid)
    genuine = jwt.encode(elsewhere, theirs, algorithm="HS256", headers={"kid": kid})
    assert asked(genuine) == (403, "FORBIDDEN_EXCEPTION", "This API Key is revoked")


# Rotating ----------------------------------------------------------------------------------------------


def test_after_a_rotation_new_tokens_bear_the_new_key_and_old_ones_work_until_it_is_revoked(
    admin: Principal, key: ApiKey, token: str, django_assert_num_queries: Any
) -> None:
    first = signing_keys.current_kid()
    second = command("rotate").strip()
    later = apikey_token(admin, key_id=key.id).token
    assert [jwt.get_unverified_header(each)["kid"] for each in (token, later)] == [first, second]
    assert [asked(each) for each in (token, later)] == [TAKEN, TAKEN]

    assert command("revoke", first) == f"{first} is revoked: its tokens answer 401.\n"
    with django_assert_num_queries(1):  # the check is part of the statement that asks for the key
        assert asked(token) == INVALID
    assert asked(later) == TAKEN
    answer = Api(token).graphql("{ companies { totalCount } }")
    assert answer.body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_the_key_that_signs_is_not_revoked_before_there_is_another(token: str) -> None:
    kid = signing_keys.current_kid()
    with pytest.raises(CommandError, match=r"This key signs new tokens\. Make another one first"):
        command("revoke", kid)
    assert asked(token) == TAKEN


def test_a_revocation_is_for_good(token: str) -> None:
    kid = signing_keys.current_kid()
    command("rotate")
    command("revoke", kid)
    at = SigningKey.objects.get(kid=kid).revoked_at
    command("revoke", kid)
    assert SigningKey.objects.get(kid=kid).revoked_at == at


def test_an_unknown_key_cannot_be_revoked(db: Any) -> None:
    with pytest.raises(CommandError, match='No signing key "0123456789abcdef"'):
        command("revoke", "0123456789abcdef")


def test_tokens_without_a_kid_can_be_revoked_all_at_once_and_the_pages_stay(
    key: ApiKey, token: str, acme: Workspace, settings: Any
) -> None:
    secret = keys.signing_secret(settings.SECRET_KEY, str(key.workspace_id), "ACCESS")
    old = jwt.encode(claims_of(key), secret, algorithm="HS256")
    assert asked(old) == TAKEN
    command("revoke", "none")
    assert [asked(old), asked(token)] == [INVALID, TAKEN]
    member = member_create(workspace=acme, email="ada@example.com", password="correct horse")
    assert principal_of_member_id(acme.id, member.id).user_id == member.id


def test_the_list_says_which_key_signs_and_how_many_tokens_run_under_each(
    admin: Principal, key: ApiKey, token: str, settings: Any
) -> None:
    first = signing_keys.current_kid()
    second = signing_keys.rotate().kid
    apikey_token(admin, key_id=key.id)
    apikey_token(admin, key_id=key.id, expires_at="2030-01-01")
    third = signing_keys.rotate().kid
    signing_keys.revoke(first)
    SigningKey.objects.create(kid="f" * 16, secret_key_fingerprint="0" * 16)
    day = timezone.now().strftime("%Y-%m-%d %H:%M")
    lines = [line.split(maxsplit=4) for line in command("list").splitlines()[1:]]
    assert [(line[0], line[-2], line[-1].split(" ")[0]) for line in lines[1:]] == [
        (first, "1", "revoked"),
        (second, "2", "valid"),
        (third, "0", "signs"),
        ("f" * 16, "0", "void:"),
    ]
    assert lines[0][0] == "none"
    assert command("list").count(day[:10]) == 5


def test_a_token_is_shown_again_as_it_was_issued(admin: Principal, key: ApiKey) -> None:
    """The page that shows a token makes it anew, also when the signing key was rotated in between."""
    issued = apikey_token(admin, key_id=key.id)
    signing_keys.rotate()
    assert issued.id is not None
    assert apikey_token_issued(admin, key_id=key.id, token_id=issued.id) == issued


# Another SECRET_KEY ------------------------------------------------------------------------------------


def test_another_secret_key_voids_tokens_and_its_predecessor_brings_them_back(
    admin: Principal, key: ApiKey, token: str, settings: Any
) -> None:
    earlier, kid = settings.SECRET_KEY, signing_keys.current_kid()
    settings.SECRET_KEY = "another secret key of fifty characters and a few more"
    assert asked(token) == INVALID
    [lost] = signing_keys.lost_secrets()
    assert (lost.fingerprint, lost.kids) == (fingerprint(earlier), (kid,))
    said = signing_keys.warning_of(lost)
    for words in ("tokens of API keys", "sign-in", "encrypted secrets", "SECRET_KEYS_OLD", f"revoke {kid}"):
        assert words in said
    assert earlier not in said
    [warning] = [each for each in run_checks(tags=["database"], databases=["default"]) if each.id == "apikeys.W001"]
    assert warning.msg == said
    ready = Api(None).get("/readyz")
    assert (ready.status, ready.body["secretKey"]) == (200, "changed")

    settings.SECRET_KEYS_OLD = [earlier]
    assert signing_keys.lost_secrets() == []
    assert asked(token) == TAKEN
    assert Api(None).get("/readyz").body["secretKey"] == "ok"
    assert [each.id for each in run_checks(tags=["database"], databases=["default"])] == []
    later = apikey_token(admin, key_id=key.id).token
    assert jwt.get_unverified_header(later)["kid"] != kid  # of today's secret
    settings.SECRET_KEYS_OLD = []
    assert [asked(token), asked(later)] == [INVALID, TAKEN]


def test_old_forms_outlive_a_change_of_the_secret_key_too(key: ApiKey, settings: Any) -> None:
    secret = keys.signing_secret(settings.SECRET_KEY, str(key.workspace_id), "ACCESS")
    old = jwt.encode(claims_of(key), secret, algorithm="HS256")
    settings.SECRET_KEY, settings.SECRET_KEYS_OLD = "another secret key", [settings.SECRET_KEY]
    assert asked(old) == TAKEN
    settings.SECRET_KEYS_OLD = []
    assert asked(old) == INVALID


def test_the_warning_ends_when_the_lost_keys_are_revoked(token: str, settings: Any) -> None:
    kid = signing_keys.current_kid()
    settings.SECRET_KEY = "another secret key"
    signing_keys.current_kid()
    assert len(signing_keys.lost_secrets()) == 1
    command("revoke", kid)
    assert signing_keys.lost_secrets() == []


def test_a_secret_that_data_dir_still_holds_is_pointed_at(token: str, settings: Any, tmp_path: Any) -> None:
    (tmp_path / "secret_key").write_text(settings.SECRET_KEY + "\n")
    settings.SECRET_KEY, settings.DATA_DIR = "from the environment", tmp_path
    [lost] = signing_keys.lost_secrets()
    assert lost.is_in_data_dir
    assert f"It is the one in {tmp_path / 'secret_key'}" in signing_keys.warning_of(lost)


# Console tokens ----------------------------------------------------------------------------------------


def member_of(workspace: Workspace) -> Member:
    role = Role.objects.get(workspace_id=workspace.id, label="Admin")
    return member_create(workspace=workspace, email="ada@example.com", password="correct horse", role=role)


ENDED = (403, "FORBIDDEN_EXCEPTION", "This token ended when its member signed out")


def playground(member: Member, workspace: Workspace) -> str:
    return playground_token(principal_of_member_id(workspace.id, member.id)).token


def roles(token: str) -> tuple[int, str, str]:
    answer = Api(token).get("/rest/metadata/apiKeys")
    if answer.status == 200:
        return 200, "", ""
    return answer.status, answer.body["error"], answer.body["messages"][0]


def test_a_console_token_is_signed_with_the_signing_key_and_ends_with_it(acme: Workspace) -> None:
    token = playground(member_of(acme), acme)
    kid = signing_keys.current_kid()
    assert jwt.get_unverified_header(token)["kid"] == kid
    assert roles(token) == (200, "", "")
    signing_keys.rotate()
    signing_keys.revoke(kid)
    assert roles(token) == INVALID


@pytest.mark.parametrize("way", ["/settings/logout", "/admin/logout/"])
def test_signing_out_ends_console_tokens_of_every_workspace(acme: Workspace, client: Any, way: str) -> None:
    other = workspace_with(name="Other")
    here, there = member_of(acme), member_of(other)
    tokens = [playground(here, acme), playground(there, other)]
    stranger = member_create(workspace=acme, email="bob@example.com", password="correct horse")
    theirs = playground(stranger, acme)
    user = here.user
    user.is_staff = True
    user.save()
    client.force_login(user)
    assert client.post(way).status_code == 302
    assert [roles(each) for each in tokens] == [ENDED, ENDED]
    assert roles(theirs)[0] == 403 and roles(theirs) != ENDED  # lacks the right, as before
    assert roles(playground(here, acme)) == (200, "", "")


def test_another_password_ends_console_tokens_and_other_sessions(acme: Workspace, client: Any) -> None:
    member = member_of(acme)
    token = playground(member, acme)
    client.force_login(member.user)
    assert client.get("/settings/api-webhooks").status_code == 200
    member.user.set_password("a better horse")
    member.user.save()
    assert roles(token) == ENDED
    assert client.get("/settings/api-webhooks").status_code == 302
    member.user.refresh_from_db()
    assert roles(playground(member, acme)) == (200, "", "")


def test_an_account_that_is_switched_off_loses_tokens_and_sessions(acme: Workspace, client: Any) -> None:
    member = member_of(acme)
    token = playground(member, acme)
    client.force_login(member.user)
    member.user.is_active = False
    member.user.save()
    assert roles(token) == (403, "FORBIDDEN_EXCEPTION", "User is not a member of the workspace")
    assert client.get("/settings/api-webhooks").status_code == 302


def test_tokens_of_a_switched_off_account_do_not_come_back_with_it(acme: Workspace) -> None:
    member = member_of(acme)
    token = playground(member, acme)
    member.user.save()
    assert roles(token)[0] == 200
    for is_active in (False, True):
        member.user.is_active = is_active
        member.user.save()
    assert roles(token) == ENDED
    assert roles(playground(member, acme))[0] == 200
