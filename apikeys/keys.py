"""Tokens: how they are made and what makes one genuine. Pure: no Django, no database.

A token is a JWT (RFC 7519) signed with HS256 (RFC 7515, RFC 7518 §3.2). Its header names the signing key
(`kid`); each signing key, workspace and kind of token has a secret of its own, derived from the server's, so
none is stored. Tokens without `kid`, of the time before signing keys, are read too.

Making goes through PyJWT; reading is written out here, because it runs on every request: a quarter of PyJWT's
time, with the same checks. The server's secrets are given newest first: all of them read, the first one makes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast
from uuid import UUID

import jwt
import orjson

from config.errors import InvalidTokenType, Unauthenticated, UnknownToken
from config.http.inputs import uuid_of

API_KEY = "API_KEY"
PLAYGROUND = "PLAYGROUND"
ACCESS = "ACCESS"  # acts as a member who signed in over the API
LOGIN = "LOGIN"  # says that a password was right, and is given for the two others
REFRESH = "REFRESH"  # is given for new ones
PLAYGROUND_LIFETIME_S = 2 * 60 * 60
CLOCK_LEEWAY_S = 60
MAX_TOKEN_LENGTH = 4096
WITHOUT_KID = "none"  # what the tokens without `kid` are called where signing keys are listed and revoked

_OF_APIS = frozenset((API_KEY, PLAYGROUND, ACCESS))  # kinds that the APIs take
_OF_MEMBERS = frozenset((PLAYGROUND, ACCESS, LOGIN, REFRESH))

_KID = re.compile(r"[0-9a-f]{16}")
_BASE64URL = bytes.maketrans(b"-_+/=", b"+/!!!")  # to the alphabet that binascii reads; `!` is in none

_TIMES = ("exp", "nbf", "iat")

# Which tokens were found genuine: a signature is right for ever. They are told by a keyed digest, so that no token
# stays in memory, under the secrets that were asked with.
KEPT_GENUINE = 4096
_marking = secrets.token_bytes(32)
_genuine: dict[tuple[tuple[str, ...], bytes], tuple[Token, Mapping[str, object]]] = {}

# Kinds whose secret may have signed a token of that kind, in the order they are tried. Clients hold
# key tokens that were signed with the ACCESS secret.
_SIGNERS: Mapping[str, tuple[str, ...]] = {API_KEY: (API_KEY, "ACCESS"), PLAYGROUND: (PLAYGROUND,)}


@dataclass(frozen=True, slots=True)
class Token:
    """A genuine, unexpired token. `subject` is the id of the key, or of the member for all other kinds.

    `kid` is the signing key it was made with, WITHOUT_KID for none. `stamp`: see make_member_token. `id` is what one
    refresh token is told from another by; those of before have none. The times are Unix seconds, 0 when it names none
    or no whole ones; they tell a key's tokens apart.
    """

    kind: Literal["API_KEY", "PLAYGROUND", "ACCESS", "LOGIN", "REFRESH"]
    workspace_id: UUID
    subject: str
    generation: int
    kid: str = WITHOUT_KID
    stamp: str = ""
    id: str = ""
    issued_at: int = 0
    expires_at: int = 0

    @property
    def mark(self) -> str:
        """What tells a token among those of its key."""
        return mark_of(self.generation, self.kid, self.issued_at, self.expires_at)


def mark_of(generation: int, kid: str, issued_at: int, expires_at: int) -> str:
    """The same of what is known of a token that was issued; times are Unix seconds."""
    return f"{generation}.{kid}.{issued_at}.{expires_at}"


def new_kid() -> str:
    """The name of a new signing key."""
    return secrets.token_hex(8)


@lru_cache(maxsize=10_000)
def signing_secret(secret_key: str, workspace_id: str, kind: str, kid: str = WITHOUT_KID) -> bytes:
    """The HMAC secret of one workspace, kind of token and signing key.

    Without one, as it was before there were any: the hex SHA-256 of the three texts joined. With one, 32 bytes
    of HKDF (RFC 5869) over the server's secret, where the key's name is the salt.
    """
    if kid == WITHOUT_KID:
        return hashlib.sha256(f"{secret_key}{workspace_id}{kind}".encode()).hexdigest().encode()
    extracted = hmac.digest(kid.encode(), secret_key.encode(), "sha256")
    return hmac.digest(extracted, f"token {workspace_id} {kind}".encode() + b"\x01", "sha256")


def make_api_key_token(
    secret_key: str,
    *,
    workspace_id: UUID,
    api_key_id: UUID,
    generation: int,
    issued_at: int,
    expires_at: int,
    kid: str = WITHOUT_KID,
) -> str:
    """A key's token; times are Unix seconds."""
    claims = {
        "sub": str(workspace_id),
        "workspaceId": str(workspace_id),
        "type": API_KEY,
        "jti": str(api_key_id),
        "gen": generation,
        "iat": issued_at,
        "exp": expires_at,
    }
    return _signed(claims, secret_key, API_KEY, kid)


def make_playground_token(
    secret_key: str, *, workspace_id: UUID, member_id: UUID, stamp: str, issued_at: int, kid: str = WITHOUT_KID
) -> str:
    """A token that acts as a signed-in member for two hours."""
    return make_member_token(
        secret_key,
        PLAYGROUND,
        workspace_id=workspace_id,
        member_id=member_id,
        stamp=stamp,
        issued_at=issued_at,
        expires_at=issued_at + PLAYGROUND_LIFETIME_S,
        kid=kid,
    )


def make_member_token(
    secret_key: str,
    kind: str,
    *,
    workspace_id: UUID,
    member_id: UUID,
    stamp: str,
    issued_at: int,
    expires_at: int,
    kid: str = WITHOUT_KID,
) -> str:
    """A token of a signed-in member, as long as the member's stamp stays what it is; times are Unix seconds."""
    claims = {
        "sub": str(member_id),
        "userId": str(member_id),
        "workspaceId": str(workspace_id),
        "type": kind,
        "stamp": stamp,
        "iat": issued_at,
        "exp": expires_at,
        **({"jti": secrets.token_hex(16)} if kind == REFRESH else {}),
    }
    return _signed(claims, secret_key, kind, kid)


def _signed(claims: Mapping[str, object], secret_key: str, kind: str, kid: str) -> str:
    secret = signing_secret(secret_key, claims["workspaceId"], kind, kid)
    return jwt.encode(dict(claims), secret, algorithm="HS256", headers=None if kid == WITHOUT_KID else {"kid": kid})


def digest(secret_key: str, token: str) -> str:
    """What is stored of a token: its HMAC-SHA256, 64 hex characters, under a pepper of the server."""
    pepper = hashlib.sha256(f"{secret_key}token-digest".encode()).digest()
    return hmac.digest(pepper, token.encode(), "sha256").hex()


def verify(secret_keys: Sequence[str], token: str, now: float, kinds: frozenset[str] = _OF_APIS) -> Token:
    """The token's meaning, when its form, signature and time are right, and it is of one of those kinds.

    Raises Unauthenticated (`No payload`, `No payload sub`, `Token invalid.`, `Token has expired.`),
    UnknownToken or InvalidTokenType. That its key and its signing key still stand is the caller's to check.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        raise Unauthenticated("No payload")
    text = token.encode("utf-8", "replace")
    mark = tuple(secret_keys), hashlib.blake2b(text, key=_marking, digest_size=32).digest()
    known = _genuine.get(mark)
    if known is not None and known[0].kind in kinds:
        _check_times(known[1], now)
        return known[0]
    found, claims = _read(secret_keys, token, now, kinds)
    if len(_genuine) >= KEPT_GENUINE:
        _genuine.clear()
    _genuine[mark] = found, {name: claims[name] for name in _TIMES if name in claims}
    return found


def _read(
    secret_keys: Sequence[str], token: str, now: float, kinds: frozenset[str]
) -> tuple[Token, Mapping[str, object]]:
    """A token's meaning, and its claims."""
    head, _, signature = token.rpartition(".")
    protected, _, body = head.partition(".")
    claims = _object(body)
    header = _object(protected)
    if claims is None or header is None or not signature:
        raise Unauthenticated("No payload")
    subject = claims.get("sub")
    if not subject or not isinstance(subject, str):
        raise Unauthenticated("No payload sub")

    kind = claims.get("type")
    workspace = claims.get("workspaceId")
    if kind is None and workspace is None:
        # The oldest form of a key's token names its workspace as `sub` and its key as `jti` only.
        if not isinstance(claims.get("jti"), str) or uuid_of(subject) is None:
            raise UnknownToken("Unknown token error.")
        kind = API_KEY
    if workspace is None:
        workspace = subject
    is_untyped = kind is None  # with a workspace: not ours, which only one whose signature is right is told
    if is_untyped:
        kind = API_KEY
    if not isinstance(kind, str) or not isinstance(workspace, str):
        raise Unauthenticated("Token invalid.")

    kid = _kid(header)
    _check_signature(secret_keys, head, signature, workspace, kind, kid)
    if is_untyped:
        raise UnknownToken("Unknown token error.")
    _check_times(claims, now)
    workspace_id = uuid_of(workspace)
    if workspace_id is None:
        raise Unauthenticated("Token invalid.")
    generation = claims.get("gen", 1)
    if kind == API_KEY and kind in kinds and isinstance(generation, int):
        times = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
        return Token("API_KEY", workspace_id, str(claims.get("jti")), generation, kid, "", "", *times), claims
    if kind in _OF_MEMBERS and kind in kinds:
        stamp, id = (str(claims.get(name, "")) for name in ("stamp", "jti"))
        return Token(cast(Any, kind), workspace_id, subject, 0, kid, stamp, id), claims
    raise InvalidTokenType("Invalid token type")


def _kid(header: Mapping[str, object]) -> str:
    """The signing key that a header names; WITHOUT_KID for none.

    Only HS256 is ours, and only JWTs: `crit` would name an extension we do not know (RFC 7515 §4.1.11), `b64`
    another signing input (RFC 7797), another `typ` another use of the same signature (RFC 8725 §3.11).
    """
    if header.get("alg") != "HS256" or "crit" in header or "b64" in header:
        raise Unauthenticated("Token invalid.")
    typ = header.get("typ", "JWT")
    if not isinstance(typ, str) or typ.upper() != "JWT":
        raise Unauthenticated("Token invalid.")
    if "kid" not in header:
        return WITHOUT_KID
    kid = header["kid"]
    if not isinstance(kid, str) or _KID.fullmatch(kid) is None:
        raise Unauthenticated("Token invalid.")
    return kid


def _check_signature(
    secret_keys: Sequence[str], head: str, signature: str, workspace: str, kind: str, kid: str
) -> None:
    try:
        given = _decode(signature)
        message = head.encode("ascii")
    except (Base64Error, ValueError):
        raise Unauthenticated("Token invalid.") from None
    # The forms without `kid` were signed with the secret of either kind; those with it only with their own.
    signers = _SIGNERS.get(kind, (kind, API_KEY)) if kid == WITHOUT_KID else (kind,)
    for secret_key in secret_keys:
        for signer in signers:
            secret = signing_secret(secret_key, workspace, signer, kid)
            if hmac.compare_digest(hmac.digest(secret, message, "sha256"), given):
                return
    raise Unauthenticated("Token invalid.")


def _check_times(claims: Mapping[str, object], now: float) -> None:
    for name in _TIMES:
        value = claims.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unauthenticated("Token invalid.")
        if name == "exp":
            if value <= now:
                raise Unauthenticated("Token has expired.")
        elif value > now + CLOCK_LEEWAY_S:
            raise Unauthenticated("Token invalid.")


def _seconds(claim: object) -> int:
    return claim if isinstance(claim, int) and 0 <= claim < 2**53 else 0


def _object(part: str) -> dict[str, object] | None:
    try:
        value = orjson.loads(_decode(part))
    except (Base64Error, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _decode(part: str) -> bytes:
    """Base64url without padding (RFC 7515 §2), and not a character more."""
    return a2b_base64(part.encode().translate(_BASE64URL) + b"=" * (-len(part) % 4), strict_mode=True)
