#!/usr/bin/env python3
# torture.py: requests as no honest client writes them, by hand and by chance, sent to the built server: each is refused as RFC 9112
# asks or cut off, none is taken for two, and the server answers the next honest one.
import json
import os
import re
import socket

from campaign import Campaign

campaign = Campaign("torture", mutants=2000)
HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /v1/GetCallerIdentity HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST

# What is sent, and how the first answer may begin; None where a connection that is closed without a word is right too.
CASES = {
    "an honest request": (GET + b"\r\n", [200]),
    "an empty line before it": (b"\r\n" + GET + b"\r\n", [200]),
    "HTTP/1.0": (b"GET /healthz HTTP/1.0\r\n\r\n", [200, 505, 400]),
    "HTTP/2.0": (b"GET /healthz HTTP/2.0\r\n" + HOST + b"\r\n", [505, 400]),
    "HTTP/1.2": (b"GET /healthz HTTP/1.2\r\n" + HOST + b"\r\n", [200, 505, 400]),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505, 400]),
    "no version": (b"GET /healthz\r\n\r\n", [400, 505]),
    "a small version": (b"GET /healthz http/1.1\r\n" + HOST + b"\r\n", [400, 505]),
    "two blanks": (b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "a tab for a blank": (b"GET\t/healthz HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", [400]),
    "two hosts": (GET + HOST + b"\r\n", [400]),
    "a host with a blank": (b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", [400]),
    "a blank before the colon": (GET + b"X-A : b\r\n\r\n", [400]),
    "a field without a colon": (GET + b"nonsense\r\n\r\n", [400]),
    "a folded field": (GET + b"X-A: b\r\n c\r\n\r\n", [400]),
    "a blank before the first field": (b"GET /healthz HTTP/1.1\r\n X: y\r\n" + HOST + b"\r\n", [400]),
    "NUL in a field": (GET + b"X-A: b\0c\r\n\r\n", [400]),
    "a bare CR in a field": (GET + b"X-A: b\rX-B: c\r\n\r\n", [400]),
    "an empty name": (GET + b": b\r\n\r\n", [400]),
    "a name of bytes above 127": (GET + b"X-\xff: b\r\n\r\n", [400]),
    "bytes above 127 in the target": (b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", [400, 404]),
    "NUL in the target": (b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "a target of 9,000 bytes": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", [414]),
    "a field of 40,000 bytes": (GET + b"X-A: " + b"a" * 40000 + b"\r\n\r\n", [431]),
    "200 fields": (GET + b"X-A: b\r\n" * 200 + b"\r\n", [431]),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", [400]),
    "two lengths in one": (POST + b"Content-Length: 2, 3\r\n\r\n{}", [400]),
    "a negative length": (POST + b"Content-Length: -2\r\n\r\n{}", [400]),
    "a length with a sign": (POST + b"Content-Length: +2\r\n\r\n{}", [400]),
    "a length in hexadecimal": (POST + b"Content-Length: 0x2\r\n\r\n{}", [400]),
    "a length beyond 64 bits": (POST + b"Content-Length: 99999999999999999999\r\n\r\n{}", [400, 413]),
    "a length of 2 GB": (POST + b"Content-Length: 2147483648\r\n\r\n{}", [413]),
    "a length and chunks": (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
    "chunks twice": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", [400, 501]),
    "chunks that are hidden": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", [400, 501]),
    "chunks last but one": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", [400, 501]),
    "chunks in HTTP/1.0": (b"POST /v1/X HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400, 501, 505]),
    "a chunk of no number": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", [400, 501]),
    "a chunk beyond 64 bits": (POST + b"Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", [400, 413, 501]),
    "a chunk that goes on": (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n", [400, 501]),
    "a wish that nobody knows": (POST + b"Content-Length: 2\r\nExpect: a miracle\r\n\r\n{}", [417, 400]),
    "a method that nobody knows": (b"FROB /healthz HTTP/1.1\r\n" + HOST + b"\r\n", [400, 404, 405, 501]),
    "CONNECT": (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n" + HOST + b"\r\n", [400, 404, 405, 501]),
    "TRACE": (b"TRACE /healthz HTTP/1.1\r\n" + HOST + b"\r\n", [400, 404, 405, 501]),
    "the beginning of TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32), [400, None]),
    "nothing but NUL": (bytes(4096), [400, 414, None]),
}


def send(server, request):
    """All answers on a new connection to which a request was written whole and which was then half closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def statuses(answer):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) [A-Z]", answer)]


def body(campaign):
    server, random = campaign.serve(), campaign.random
    for name, (request, right) in CASES.items():
        found = statuses(send(server, request))
        campaign.expect((found[0] if found else None) in right, f"{name} was answered {found}, not {right}")
        # Whoever is refused gets one answer: what follows on the connection is no request any more.
        if found and found[0] >= 400 and found[0] not in (404, 405):
            twice = statuses(send(server, request + GET + b"\r\n"))
            campaign.expect(len(twice) <= 1, f"{name} and an honest request got {len(twice)} answers: {twice}")
    honest = [request for request, right in CASES.values() if len(request) < 2000]
    for number in range(campaign.given.mutants):
        request = bytearray(random.choice(honest))
        for _ in range(random.randrange(1, 6)):
            at = random.randrange(len(request) + 1)
            request[at:at + random.randrange(3)] = random.choice(
                [b"", b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\xff", random.randbytes(2), b"Content-Length: 1\r\n"])
        try:
            for status in statuses(send(server, bytes(request))):
                campaign.expect(200 <= status < 600 and status != 500, f"mutant {number} was answered {status}: {bytes(request)}")
        except TimeoutError:
            campaign.wrong(f"mutant {number} got no answer and was not cut off: {bytes(request)}")
        if number % 100 == 0:
            campaign.expect(statuses(send(server, GET + b"\r\n")) == [200], f"after mutant {number} nobody answers")
    with open(server.log) as log:
        for line in log:
            # The log stays a log: one JSON object a line, whatever was sent.
            campaign.expect(isinstance(json.loads(line), dict), f"the log has a line that is no object: {line[:80]}")
    size = os.path.getsize(server.log)
    campaign.expect(server.end() == 0, "the server did not end in peace")
    return f"{len(CASES)} cases and {campaign.given.mutants} mutants, {size} bytes of log"


campaign.run(body)
