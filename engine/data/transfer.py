"""Bring one file from the network to the disk: with patience, resumed where it broke off.

The bytes go to a .part file beside the target. Whether they are right is for the caller to say.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request

from engine.data.dataset import Cancelled
from engine.data.limits import writing
from engine.problems import ProblemError

TIMEOUT = 20.0
ATTEMPTS = 3
FIRST_WAIT = 1.0
CHUNK = 1 << 16
TICK = 0.1
WORTH_RETRYING = {408, 425, 429, 500, 502, 503, 504}
OTHERWISE = ' Try again, or choose "use files I already have".'

Opener = Callable[..., Any]
"""Opens a Request as urllib.request.urlopen does, with a timeout in seconds."""


Received = Callable[[int], None]
"""Hears how many bytes of the file are here. Raises Cancelled to cancel."""


class UnreachableError(ProblemError):
    """An address does not give the file; another may."""


class BrokenOffError(UnreachableError):
    """The connection failed in a way that may pass."""


@dataclass(frozen=True)
class Transfer:
    """One file to fetch: from where, to which .part file, and at most how many bytes."""

    url: str
    part: Path
    limit: int
    opener: Opener
    wait: Callable[[float], None]

    @property
    def host(self) -> str:
        """The computer that is asked, for messages."""
        return urlsplit(self.url).netloc

    def run(self, received: Received) -> None:
        """Fetch the file, retrying what may pass and going on where it broke off.

        Raises:
            UnreachableError: this address does not give the file.
            ProblemError: it cannot be written here.
            Cancelled: raised by `received`; the .part file is gone then.
        """
        try:
            self._attempts(received)
        except Cancelled:
            self.part.unlink(missing_ok=True)
            raise

    def _attempts(self, received: Received) -> None:
        for attempt in range(ATTEMPTS):
            try:
                return self._attempt(received)
            except BrokenOffError:
                if attempt == ATTEMPTS - 1:
                    raise
                self._pause(FIRST_WAIT * 2**attempt, received)
        return None

    def _pause(self, seconds: float, received: Received) -> None:
        """Wait, and hear Cancel meanwhile."""
        for _ in range(round(seconds / TICK)):
            received(self._have())
            self.wait(TICK)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self, received: Received) -> None:
        have = self._have()
        headers = {"User-Agent": "Layerscope"} | ({"Range": f"bytes={have}-"} if have else {})
        try:
            with self.opener(Request(self.url, headers=headers), timeout=TIMEOUT) as response:
                self._receive(response, have, received)
        except HTTPError as error:
            error.close()
            if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise self._refused(error.code) from error
            self.part.unlink(missing_ok=True)  # it was no beginning of this file
            raise self._broken("the server has less than was already received") from error
        except (OSError, http.client.HTTPException) as error:
            raise self._failed(error) from error

    def _receive(self, response: Any, have: int, received: Received) -> None:
        have = have if response.status == http.client.PARTIAL_CONTENT else 0
        length = response.headers.get("Content-Length")
        expected = have + int(length) if length else 0
        with _opened(self.part, "ab" if have else "wb") as file:
            while chunk := response.read1(CHUNK):
                have += len(chunk)
                self._check_limit(have)
                _write(file, self.part, chunk)
                received(have)
        if have < expected:
            raise self._broken(f"only {have:,} of {expected:,} bytes arrived")

    def _check_limit(self, have: int) -> None:
        if have > self.limit:
            self.part.unlink(missing_ok=True)
            raise UnreachableError(
                "{host} sends more than {limit} bytes for {url}, which cannot be the file that is "
                "expected." + OTHERWISE,
                host=self.host,
                limit=self.limit,
                url=self.url,
            )

    def _refused(self, code: int) -> UnreachableError:
        kind = BrokenOffError if code in WORTH_RETRYING else UnreachableError
        return kind(
            "{host} answered {code} ({meaning}) instead of sending {url}." + OTHERWISE,
            host=self.host,
            code=str(code),
            meaning=http.client.responses.get(code, "no known meaning"),
            url=self.url,
        )

    def _broken(self, reason: str) -> BrokenOffError:
        return BrokenOffError(
            "The connection to {host} broke off: {reason}." + OTHERWISE,
            host=self.host,
            reason=reason,
        )

    def _failed(self, error: Exception) -> UnreachableError:
        reason = error.reason if isinstance(error, URLError) else error
        match reason:
            case socket.gaierror():
                return UnreachableError(
                    "{host} was not found: is this computer connected to the internet?" + OTHERWISE,
                    host=self.host,
                )
            case ssl.SSLCertVerificationError():
                return UnreachableError(
                    "{host} could not prove who it is ({reason}): check this computer's clock, or "
                    "ask whoever runs your network." + OTHERWISE,
                    host=self.host,
                    reason=reason.verify_message,
                )
            case TimeoutError():
                return BrokenOffError(
                    "{host} did not answer within {seconds} seconds." + OTHERWISE,
                    host=self.host,
                    seconds=TIMEOUT,
                )
            case _:
                return self._broken(_described(reason))


def _opened(part: Path, mode: str) -> BinaryIO:
    with writing(part):
        return cast("BinaryIO", part.open(mode))


def _write(file: BinaryIO, part: Path, chunk: bytes) -> None:
    """Write and flush, so that a full disk is noticed here and not when the file is closed."""
    try:
        with writing(part):
            file.write(chunk)
            file.flush()
    except ProblemError:
        part.unlink(missing_ok=True)  # frees what it took of a full disk
        raise


def _described(reason: object) -> str:
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return text[:1].lower() + text[1:]
