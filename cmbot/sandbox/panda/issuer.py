"""An OIDC issuer: id tokens that expire, and refresh tokens to renew them with.

It has what panda-client uses (``/auth/<VO>_auth_config.json``, discovery, the token endpoint with a refresh
token) and what a relay needs to check a token (the key set). Source: reference/panda.md 7.1 and 15.3.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, ConfigDict, Field

from cmbot.sandbox.panda import schema

if TYPE_CHECKING:
    from cmbot.sandbox.panda.store import Store

CLIENT = "cmbot-sandbox-panda"
GROUPS = {"Rubin": "/Rubin", "Rubin.production": "/Rubin/production", "Rubin:production": "/Rubin/production"}
"""Group a token must name, by the organisation in ``Origin``."""

_KEY, _SECRET = "issuer key", "issuer secret"
_KEY_ID = "sandbox"


class TokenError(Exception):
    """A token or a grant is refused; the message is for the wire."""


class Claims(BaseModel):
    """For whom tokens are made; body of ``POST /sandbox/tokens``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="sandbox", min_length=1, max_length=100)
    """Claim ``name``: PanDA's user name is it with each word capitalised."""
    groups: tuple[str, ...] = Field(default=("/Rubin", "/Rubin/production"), max_length=20)
    """Claim ``groups``."""
    lifetime: int = Field(default=3600, ge=-86400, le=10**9)
    """Seconds by the sandbox's clock until the id token expires; negative for one that has."""

    @property
    def username(self) -> str:
        """Name under which PanDA books what is done with such a token."""
        return " ".join(word.capitalize() for word in self.name.split())


class Issuer:
    """The issuer of one store; its key and its refresh tokens survive a restart.

    Parameters
    ----------
    store : `Store`
        The store.
    url : `str`
        Where it answers.
    """

    def __init__(self, store: Store, url: str) -> None:
        self._store = store
        self.url = url
        with store.transaction() as db:
            pem = schema.kept(db, _KEY)
            if pem is None:
                pem = _new_key()
                schema.keep(db, _KEY, pem)
                schema.keep(db, _SECRET, secrets.token_urlsafe(24))
            self.secret = str(schema.kept(db, _SECRET))
        key = serialization.load_pem_private_key(pem.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    def key_set(self) -> dict[str, Any]:
        """Public key, as a JWKS."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": _KEY_ID, "use": "sig", "alg": "RS256"}]}

    def grant(self, claims: Claims) -> dict[str, Any]:
        """Make an id token and a refresh token.

        Parameters
        ----------
        claims : `Claims`
            For whom.

        Returns
        -------
        tokens : `dict`
            Answer of the token endpoint, and content of panda-client's ``.token`` file.
        """
        refresh = secrets.token_urlsafe(32)
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO refresh_tokens (digest, claims) VALUES (?, ?)",
                (_digest(refresh), claims.model_dump_json()),
            )
        return self._answer(claims, refresh)

    def renew(self, refresh: str) -> dict[str, Any]:
        """Make another id token of a refresh token.

        Parameters
        ----------
        refresh : `str`
            The refresh token.

        Returns
        -------
        tokens : `dict`
            As of `grant`, with the same refresh token.

        Raises
        ------
        TokenError
            If it is not known, or was revoked.
        """
        found = self._store.rows("SELECT claims FROM refresh_tokens WHERE digest = ?", _digest(refresh))
        if not found:
            raise TokenError("Invalid refresh token")
        return self._answer(Claims.model_validate_json(found[0]["claims"]), refresh)

    def revoke(self) -> int:
        """Forget every refresh token; how many there were."""
        with self._store.transaction() as db:
            return db.execute("DELETE FROM refresh_tokens").rowcount

    def check(self, token: str) -> dict[str, Any]:
        """Check an id token.

        Parameters
        ----------
        token : `str`
            The token.

        Returns
        -------
        claims : `dict`
            What it says.

        Raises
        ------
        TokenError
            If it is not one of this issuer's for this client, or has expired by the sandbox's clock.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                audience=CLIENT,
                issuer=self.url,
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "require": ["exp"]},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise TokenError(f"Invalid token. {error}") from error
        if claims["exp"] <= self._store.clock().timestamp():
            raise TokenError("Invalid token. Signature has expired")
        return claims

    def _answer(self, claims: Claims, refresh: str) -> dict[str, Any]:
        now = int(self._store.clock().timestamp())
        payload = {
            "iss": self.url,
            "sub": _digest(claims.name)[:32],
            "aud": CLIENT,
            "name": claims.name,
            "preferred_username": claims.name.replace(" ", "").lower(),
            "groups": list(claims.groups),
            "iat": now,
            "exp": now + claims.lifetime,
        }
        return {
            "access_token": secrets.token_urlsafe(24),
            "token_type": "Bearer",
            "refresh_token": refresh,
            "expires_in": claims.lifetime,
            "scope": "openid offline_access profile email",
            "id_token": jwt.encode(payload, self._key, algorithm="RS256", headers={"kid": _KEY_ID}),
        }


def username(claims: dict[str, Any]) -> str:
    """PanDA's user name for the claims of a token."""
    return Claims(name=str(claims.get("name") or "unknown")[:100]).username


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
