"""Why a visitor is refused or a session ends: a row for each reason, with the sentence that the visitor reads."""

from __future__ import annotations

import re
import secrets
import signal
from dataclasses import dataclass

from gradtui_engine.core.message import English
from gradtui_engine.core.table import Table

from ...text.language import tr
from ..kiosk.crash import CRASHED
from .zygote_client import End

#: The number that the program itself gives to its crash, in its line for the log.
_NUMBER = re.compile(r'"id": "([0-9a-f]+)"')


@dataclass(frozen=True)
class Reason:
    """A reason by name, as logs and metrics call it. The sentence may have {values}; empty: none is needed."""

    name: str
    sentence: English
    status: int = 1

    def told(self, **values: object) -> str:
        """The sentence in the current language."""
        return tr("gradtui: {sentence}", sentence=tr(self.sentence, **values)) if self.sentence else ""


#: Ends of sessions.
ENDS = Table(
    "end",
    (
        Reason("left", "", 0),
        Reason("idle", "the session has ended, because no key was pressed for {seconds} s; connect again to go on"),
        Reason(
            "total", "the session has ended after {seconds} s, which is as long as one may be; connect again to go on"
        ),
        Reason("crash", "the program has failed; the host finds what happened under the number {id}"),
        Reason("killed", "the session was stopped by the host; the host finds more under the number {id}"),
        Reason("cpu", "the session has used up its {seconds} s of computing; connect again to go on"),
        Reason("closing", "the host has ended the demonstration"),
        Reason("gone", ""),
        Reason("stuck", "the connection has stood still for {seconds} s"),
        Reason("flood", "more came in than anybody can type"),
    ),
)
#: Refusals, of a session or of a connection.
REFUSALS = Table(
    "refusal",
    (
        Reason("full", "every place is taken ({most} in all); please try again later"),
        Reason("address", "this address has as many sessions as one may have ({most})"),
        Reason("launch", "no session can be started at present; please try again later"),
        Reason("closing", "the demonstration is over"),
        Reason("command", "this host runs no commands; connect without one: ssh -t …"),
        Reason("subsystem", "this host has no files to copy, and no subsystems"),
        Reason("terminal", "a terminal is needed: ssh -t …"),
        Reason("second", "one session for each connection"),
        Reason("forwarding", "nothing is forwarded here"),
        Reason("rate", "too many connections from this address; please wait a moment"),
        Reason("handshakes", "too many connections are being made; please try again in a moment"),
        Reason("password", "{most} wrong passwords; connect again"),
        Reason("silent", "no session was asked for"),
        Reason("login", "not logged in within {seconds} s"),
        Reason("host", "this host goes by another name; it may be added with --web-name"),
        Reason("origin", "only this host's own page opens sessions"),
    ),
)


@dataclass(frozen=True)
class Ending:
    """How a session ended: the reason, what the visitor was told, the exit status, and the log's number for it."""

    reason: str
    sentence: str
    status: int
    id: str = ""


@dataclass(frozen=True)
class Refused:
    """No session, and why."""

    reason: str
    sentence: str


def refused(reason: str, **values: object) -> Refused:
    return Refused(reason, REFUSALS[reason].told(**values))


def reason_of(end: End) -> str:
    """What a process's exit status says, where nobody else has ended it."""
    if end.status == CRASHED or end.status in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS):
        return "crash"
    if end.status == -signal.SIGXCPU:
        return "cpu"
    if end.status < 0:
        return "killed"
    # Textual returns 1 for an error of its own; the program's own end is 0, or a signal's 128 + n.
    return "left" if end.status == 0 or end.status > 128 else "crash"


def crash_number(end: End) -> str:
    """The number of a crash: the visitor can tell it the host, who finds it in the log."""
    number = _NUMBER.search(end.log)
    return number[1] if number else secrets.token_hex(4)
