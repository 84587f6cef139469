#!/usr/bin/env python3
"""Reads an answer of Holdfast, from any cursor and over broken connections. Python 3.9 or newer, nothing to install.

    read_stream.py http://localhost:7071 CONVERSATION [--cursor 1-42]     over HTTP, as server-sent events
    read_stream.py redis://localhost:6379 CONVERSATION [--cursor 1-42]    straight from Redis, by XREAD

The text goes to standard output as it comes. What is worth knowing besides, such as a reconnect, the cursor to go on from,
or that something was withdrawn, goes to standard error.
"""

import argparse
import http.client
import json
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Tuple

SILENCE_SECONDS = 40  # The server gives a sign of life every 15 seconds.
MAX_FAILURES = 60  # Connections in a row that came to nothing.
MAX_WAIT_SECONDS = 10
BLOCK_MILLISECONDS = 5_000


@dataclass(frozen=True)
class Chunk:
    """A piece of text, what withdraws pieces from a cursor on, or the end with the error there may have been."""

    cursor: str
    text: str = ""
    withdrawn_from: Optional[str] = None
    is_done: bool = False
    error: Optional[str] = None


class Gone(Exception):
    """There is no such stream, or no such entry, any more: trying again does not help."""


def read_http(server: str, conversation: str, cursor: Optional[str]) -> Iterator[Chunk]:
    """Everything after the cursor to the end of the latest run; connects again after each cut."""
    address = f"{server.rstrip('/')}/api/agent/stream/{urllib.parse.quote(conversation, safe='')}"
    failures = 0
    while True:
        try:
            for chunk in read_connection(address, cursor):
                failures = 0
                cursor = chunk.cursor
                yield chunk
                if chunk.is_done:
                    return
            return  # Nothing is left to come.
        except urllib.error.HTTPError as refusal:
            if refusal.code < 500 and refusal.code != 429:
                raise Gone(json.loads(refusal.read())["error"]["message"]) from refusal
            failures += 1
        except OSError:
            failures += 1
        if failures > MAX_FAILURES:
            raise Gone("The server cannot be reached.")
        tell(f"cut; goes on after {cursor or 'the beginning'}")
        time.sleep(min(MAX_WAIT_SECONDS, 0.1 * 2 ** (failures - 1)))


def read_connection(address: str, cursor: Optional[str]) -> Iterator[Chunk]:
    """The events of one connection. A stream that closes without saying that it is at its end was cut: OSError."""
    headers = {"accept": "text/event-stream"}
    if cursor is not None:
        headers["last-event-id"] = cursor
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=SILENCE_SECONDS) as response:
        if response.status == 204:
            return
        event: Dict[str, str] = {}
        data: List[str] = []
        for line in lines_of(response):
            if line == "":
                if data:
                    yield from chunks_of(event.get("event", "message"), event.get("id", ""), "\n".join(data))
                event, data = {}, []
            elif line == ": end":
                return
            elif not line.startswith(":"):
                name, _, value = line.partition(":")
                value = value[1:] if value.startswith(" ") else value
                if name == "data":
                    data.append(value)
                else:
                    event[name] = value
    raise ConnectionError("The stream closed before its end.")


def lines_of(response) -> Iterator[str]:
    """The lines of a body; http.client raises errors of its own for one that breaks off."""
    try:
        for line in response:
            # A line without its end was cut in the middle, perhaps of a character.
            if not line.endswith(b"\n"):
                return
            yield line.decode().rstrip("\r\n")
    except http.client.HTTPException as cut:
        raise ConnectionError(str(cut)) from cut


def chunks_of(kind: str, cursor: str, data: str) -> Iterator[Chunk]:
    if kind == "message":
        yield Chunk(cursor, text=data)
    elif kind == "step-reset":
        yield Chunk(cursor, withdrawn_from=json.loads(data)["from"])
    elif kind == "error":
        yield Chunk(cursor, is_done=True, error=json.loads(data)["error"]["message"])
    elif kind == "done":
        yield Chunk(cursor, is_done=True)


def read_redis(url: str, conversation: str, cursor: Optional[str]) -> Iterator[Chunk]:
    """Everything after the cursor to the next end of a run, as it is written: each wait is one blocked XREAD."""
    key = f"agent-stream:{conversation}"
    cursor = cursor or "0-0"
    failures = 0
    while True:
        try:
            with RedisConnection(url) as redis:
                while True:
                    found = redis.call("XREAD", "COUNT", "100", "BLOCK", str(BLOCK_MILLISECONDS), "STREAMS", key, cursor)
                    failures = 0
                    if not found and not redis.call("EXISTS", key):
                        raise Gone("There is no such stream, or it has expired.")
                    for entry_id, fields in found[0][1] if found else []:
                        cursor = entry_id.decode()
                        chunk = chunk_from_entry(cursor, dict(zip(fields[::2], fields[1::2])))
                        if chunk is None:
                            continue
                        yield chunk
                        if chunk.is_done:
                            return
        except OSError as cut:
            failures += 1
            if failures > MAX_FAILURES:
                raise Gone("Redis cannot be reached.") from cut
            tell(f"cut; goes on after {cursor}")
            time.sleep(min(MAX_WAIT_SECONDS, 0.1 * 2 ** (failures - 1)))


def chunk_from_entry(cursor: str, fields: Dict[bytes, bytes]) -> Optional[Chunk]:
    """The fields that readers need are plain: text, done, error. What withdraws text says so in data."""
    error = fields.get(b"error")
    if error:
        return Chunk(cursor, is_done=True, error=error.decode())
    if fields.get(b"done") == b"true":
        return Chunk(cursor, is_done=True)
    data = fields.get(b"data", b"")
    if data.startswith(b'{"type":"step-reset"'):
        return Chunk(cursor, withdrawn_from=json.loads(data)["from"])
    text = fields.get(b"text")
    return Chunk(cursor, text=text.decode()) if text else None


class RedisConnection:
    """As much of a Redis client as reading a stream takes: RESP2 over one socket."""

    def __init__(self, url: str) -> None:
        address = urllib.parse.urlsplit(url)
        host, port = address.hostname or "localhost", address.port or 6379
        # A blocked XREAD answers after its own time; what takes much longer is no connection any more.
        self.socket = socket.create_connection((host, port), timeout=2 * BLOCK_MILLISECONDS / 1000)
        self.reader = self.socket.makefile("rb")
        if address.password is not None:
            credentials = [urllib.parse.unquote(part) for part in (address.username, address.password) if part]
            self.call("AUTH", *credentials)
        if address.path.strip("/"):
            self.call("SELECT", address.path.strip("/"))

    def __enter__(self) -> "RedisConnection":
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self.socket.close()

    def call(self, *words: str):
        encoded = [word.encode() for word in words]
        lengths = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)
        self.socket.sendall(b"*%d\r\n%b" % (len(encoded), lengths))
        return self.read_reply()

    def read_reply(self):
        kind, rest = self.read_line()
        if kind == b"-":
            raise Gone(f"Redis refuses: {rest.decode()}")
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        length = int(rest)
        if length < 0:
            return None
        if kind == b"*":
            return [self.read_reply() for _ in range(length)]
        value = self.reader.read(length + 2)
        if len(value) < length + 2:
            raise ConnectionError("Redis closed the connection.")
        return value[:-2]

    def read_line(self) -> Tuple[bytes, bytes]:
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection.")
        return line[:1], line[1:-2]


def tell(message: str) -> None:
    print(f"[{message}]", file=sys.stderr, flush=True)


def position(cursor: str) -> Tuple[int, int]:
    """A cursor is a position in the log: <attempt>-<sequence>."""
    attempt, sequence = cursor.split("-")
    return int(attempt), int(sequence)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", help="http://… or redis://…")
    parser.add_argument("conversation", help="the conversation_id of the run's answer")
    parser.add_argument("--cursor", help="go on after this entry; without it, from the beginning")
    parser.add_argument("--whole", action="store_true", help="print nothing before the end, then the answer as it stands")
    options = parser.parse_args()

    read = read_redis if options.server.startswith("redis://") else read_http
    pieces: List[Chunk] = []
    cursor = options.cursor
    try:
        for chunk in read(options.server, options.conversation, options.cursor):
            cursor = chunk.cursor
            if chunk.withdrawn_from is not None:
                kept = [piece for piece in pieces if position(piece.cursor) < position(chunk.withdrawn_from)]
                if len(kept) < len(pieces):
                    tell(f"withdrawn from {chunk.withdrawn_from} on; that step is written again")
                pieces = kept
            if chunk.text:
                pieces.append(chunk)
                if not options.whole:
                    print(chunk.text, end="", flush=True)
            if chunk.error is not None:
                raise Gone(chunk.error)
    except Gone as error:
        tell(f"{error} The last cursor was {cursor}")
        return 1
    except KeyboardInterrupt:
        tell(f"go on with --cursor {cursor}")
        return 130
    if options.whole:
        print("".join(piece.text for piece in pieces), end="")
    tell(f"done at {cursor}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
