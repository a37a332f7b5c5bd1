"""The iDDS relay of the PanDA server, spoken directly (reference/panda.md section 7).

panda-client is left to ``bps``: it looks host names up at import, ends the process when a setting is
missing, and waits ten minutes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import requests

from cmbot.exceptions import CredentialsError, Limited, OutcomeUnknown, Refused, RemoteError
from cmbot.panda import wire
from cmbot.panda.wire import short

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.panda.wire import Answer, Budget
    from cmbot.settings import PandaSettings

Result = TypeVar("Result")

_SUBJECT = "PanDA"


class Relay:
    """Sends commands to iDDS through the relay.

    Parameters
    ----------
    settings : `~cmbot.settings.PandaSettings`
        Where the relay is and how long to wait for it.
    token : `~collections.abc.Callable`
        Gives the id token; asked for every request, so that a renewed one is used at once.
    budget : `~cmbot.panda.wire.Budget`
        Counts every request; may refuse one by raising.

    Raises
    ------
    UserError
        If the token would cross a network unencrypted.
    """

    def __init__(self, settings: PandaSettings, token: Callable[[], str], budget: Budget) -> None:
        self._url = f"{settings.relay.rstrip('/')}/relay_idds_command"
        wire.require_private("panda.relay", self._url)
        self._host = wire.host_of(self._url)
        self._settings = settings
        self._token = token
        self._budget = budget

    def share(self) -> int:
        """Tell how many requests one look at everything may cost; see `~cmbot.panda.wire.Budget.share`."""
        return self._budget.share(self._host)

    def ask(self, command: str, kind: type[Result], /, **arguments: Any) -> Result:
        """Send a command that changes nothing.

        Parameters
        ----------
        command : `str`
            Name of the command.
        kind : `type`
            Type that its result must have.
        **arguments
            What the command wants.

        Returns
        -------
        result : ``kind``
            What iDDS answered.

        Raises
        ------
        RemoteError
            If there is no sensible answer; nothing is known then.
        """
        return self._send(command, kind, arguments, RemoteError)

    def order(self, command: str, kind: type[Result], /, **arguments: Any) -> Result:
        """Send a command that changes something; as `ask`, but a lost answer is `OutcomeUnknown`."""
        return self._send(command, kind, arguments, OutcomeUnknown)

    def _send(
        self, command: str, kind: type[Result], arguments: dict[str, Any], lost: type[RemoteError]
    ) -> Result:
        auth = wire.Credentials(_SUBJECT, "Bearer", self._token(), Origin=self._settings.vo)
        self._budget.spend(self._host)
        form = {"command_name": command, "kwargs": json.dumps(arguments), "manager": "True"}
        form = {name: value for name, value in form.items() if value != "{}"}
        try:
            answer = wire.send("POST", self._url, self._settings, auth, form=form)
        except requests.RequestException as error:
            raise lost(_SUBJECT, f"{command} got no answer ({wire.cause(error)})") from None
        self._check(answer, command, lost)
        self._budget.answered(self._host)
        return _unwrap(answer.body, kind, command, lost)

    def _check(self, answer: Answer, command: str, lost: type[RemoteError]) -> None:
        status, said = answer.status, answer.said
        if status == requests.codes.ok:
            return
        if status in {401, 403}:
            raise CredentialsError(_SUBJECT, f"the token was refused ({said})", "renew the token")
        if status == requests.codes.too_many_requests:
            self._budget.refused(self._host)
            raise Limited(_SUBJECT, "too many requests")
        if status < 500:
            raise Refused(
                _SUBJECT, f"{command} was answered with HTTP {status} ({said})", "check panda.relay"
            )
        raise lost(_SUBJECT, f"{command} was answered with HTTP {status} ({said})")


def _unwrap(body: bytes, kind: type[Result], command: str, lost: type[RemoteError]) -> Result:
    """Take the result out of its layers, in the order of reference/panda.md section 7.1."""
    try:
        answer = wire.parsed(body)
    except ValueError:
        raise lost(_SUBJECT, f"{command} was answered with something else than JSON") from None
    match answer:
        case [True, [False, *texts]]:
            # iDDS itself failed, or could not be reached, after the relay had accepted the command.
            raise lost(_SUBJECT, f"{command} failed in iDDS ({short(' '.join(map(str, texts)))})")
        case [True, str(text)] if "no permission" in text:
            raise Refused(_SUBJECT, f"{command} is not allowed ({short(text)})", "check panda.vo")
        case [True, result] if isinstance(result, kind) and not isinstance(result, bool):
            return result
        case [False, "SSL secure connection is required"]:
            raise CredentialsError(_SUBJECT, "no credentials were accepted", "check panda.token and panda.vo")
        case [False, text]:
            raise Refused(_SUBJECT, f"{command} was refused ({short(str(text))})")
    raise lost(_SUBJECT, f"{command} was answered with something unexpected ({short(str(answer))})")
