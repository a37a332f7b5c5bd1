"""Where the issuer answers: no token is needed here, as with real ones.

====================================  ==================================================================
``GET /auth/<VO>_auth_config.json``   what panda-client starts with: client id and secret, discovery
``GET /.well-known/openid-configuration``  discovery document
``GET /jwks``                         key set
``POST /token``                       form ``grant_type=refresh_token``: another id token
``POST /devicecode``                  refused: nobody is there to sign in
====================================  ==================================================================
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from cmbot.sandbox.panda.issuer import CLIENT, GROUPS, TokenError

if TYPE_CHECKING:
    from cmbot.sandbox.panda.issuer import Issuer

PATHS = ("/auth/", "/.well-known/", "/jwks", "/token", "/devicecode")
"""Beginnings of the issuer's paths."""

_BODY_LIMIT = 2**16


def router(issuer: Issuer) -> APIRouter:
    """Make the issuer's routes.

    Parameters
    ----------
    issuer : `Issuer`
        The issuer.

    Returns
    -------
    router : `fastapi.APIRouter`
        The routes.
    """
    routes = APIRouter()

    @routes.get("/auth/{name}_auth_config.json")
    def auth_config(name: str) -> dict[str, Any]:
        if name not in GROUPS:
            raise HTTPException(404, f"unknown VO {name}")
        return {
            "client_secret": issuer.secret,
            "audience": issuer.url,
            "client_id": CLIENT,
            "oidc_config_url": f"{issuer.url}/.well-known/openid-configuration",
            "vo": name.replace(".", ":"),
            "no_verify": "True",
            "robot_ids": "NONE",
        }

    @routes.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, Any]:
        return {
            "issuer": issuer.url,
            "jwks_uri": f"{issuer.url}/jwks",
            "token_endpoint": f"{issuer.url}/token",
            "device_authorization_endpoint": f"{issuer.url}/devicecode",
            "grant_types_supported": ["refresh_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    @routes.get("/jwks")
    def jwks() -> dict[str, Any]:
        return issuer.key_set()

    @routes.post("/token")
    async def token(request: Request) -> JSONResponse:
        fields = await _form(request)
        if fields.get("client_id") != CLIENT or not _same(fields.get("client_secret", ""), issuer.secret):
            return _refusal(401, "invalid_client", "Bad client credentials")
        if fields.get("grant_type") != "refresh_token":
            return _refusal(
                400, "unsupported_grant_type", f"Unsupported grant type: {fields.get('grant_type')}"
            )
        try:
            return JSONResponse(issuer.renew(fields.get("refresh_token", "")))
        except TokenError as error:
            return _refusal(400, "invalid_grant", str(error))

    @routes.post("/devicecode")
    def devicecode() -> JSONResponse:
        return _refusal(400, "unauthorized_client", "The sandbox has no device flow; use the token file")

    return routes


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise HTTPException(413, "form too large")
    try:
        return {key: values[-1] for key, values in parse_qs(body.decode(errors="replace")).items()}
    except ValueError as error:
        raise HTTPException(400, str(error)) from error


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), known.encode())


def _refusal(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)
