"""How BPS and pipetask are called; pure (reference/bps.md section 5, panda.md sections 9 and 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.bps.submission import WMS_CLASSES
from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.settings import PandaSettings


def submit(file: str) -> tuple[str, ...]:
    """Give the command that submits a BPS YAML file.

    Parameters
    ----------
    file : `str`
        Path of the file.

    Returns
    -------
    argv : `tuple` [`str`, ...]
        Program and arguments.
    """
    return ("bps", "submit", file)


def data_report(butler: str, graphs: Sequence[str], output: str) -> tuple[str, ...]:
    """Give the command that counts quanta and datasets of graphs that were executed.

    Parameters
    ----------
    butler : `str`
        Path or URI of the Butler repository.
    graphs : `~collections.abc.Sequence` [`str`]
        Graph files of all attempts, oldest first.
    output : `str`
        JSON file that it writes.

    Returns
    -------
    argv : `tuple` [`str`, ...]
        Program and arguments.
    """
    return ("pipetask", "report", butler, *graphs, "--force-v2", "--full-output-filename", output)


def panda_variables(settings: PandaSettings, *, user: str, token_file: str) -> Mapping[str, str]:
    """Give what the PanDA plugin needs in its environment; nothing of it is secret.

    The token goes through a file and not through PANDA_AUTH_ID_TOKEN, because bps writes its whole
    environment into the submit directory. panda-client reads the file for each request, so that a token
    may be renewed while a long graph is being made.

    Parameters
    ----------
    settings : `~cmbot.settings.PandaSettings`
        Where PanDA is.
    user : `str`
        Name for USER, which the plugin looks for.
    token_file : `str`
        Path of a file made by `cmbot.bps.tokens.place_token`.

    Returns
    -------
    variables : `~collections.abc.Mapping` [`str`, `str`]
        Names and values.
    """
    relay = settings.relay.rstrip("/")
    variables = {
        "PANDA_URL": relay,
        "PANDA_URL_SSL": relay,
        "PANDACACHE_URL": relay,
        # Without it panda-client looks up host names when it is imported.
        "PANDA_BEHIND_REAL_LB": "1",
        "PANDA_AUTH": "oidc",
        "PANDA_AUTH_VO": settings.vo,
        "OIDC_AUTH_TOKEN_FILE": token_file,
        "IDDS_MAX_NAME_LENGTH": "30000",
        "BPS_WMS_SERVICE_CLASS": WMS_CLASSES[System.PANDA],
        "USER": user,
    }
    # The ssl module's own variable: panda-client's contexts are its default ones.
    return variables | ({"SSL_CERT_FILE": settings.ca_bundle} if settings.ca_bundle else {})
