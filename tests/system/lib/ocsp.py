"""
A small OCSP client (RFC 6960) that asks about many serials at once. It reads the states and does not verify the
signature: the outside verifiers and `hufu ocsp query` do that.
"""

import hashlib
import http.client

from . import der

SM3 = bytes.fromhex("06082a811ccf55018311")  # OBJECT IDENTIFIER 1.2.156.10197.1.401
STATES = {0x80: "good", 0xA1: "revoked", 0x82: "unknown"}
MOST = 64  # CertIDs that the responder takes in one request


class Client:
    def __init__(self, port, issuer):
        """issuer: the der.Certificate that issued what is asked about."""
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        algorithm = der.put(0x30, SM3)
        names = [hashlib.new("sm3", part).digest() for part in (issuer.subject, issuer.point)]
        self.prefix = algorithm + b"".join(der.put(0x04, name) for name in names)

    def close(self):
        self.http.close()

    def request(self, serials):
        ids = [der.put(0x30, der.put(0x30, self.prefix, der.integer(serial))) for serial in serials]
        return der.put(0x30, der.put(0x30, der.put(0x30, *ids)))

    def ask(self, serials):
        """{serial in hex: "good", "revoked", "unknown"} of serials in hex, asked in as few requests as it takes."""
        states = {}
        for at in range(0, len(serials), MOST):
            states.update(self._ask_some([bytes.fromhex(serial) for serial in serials[at : at + MOST]]))
        return states

    def _ask_some(self, serials):
        headers = {"Content-Type": "application/ocsp-request"}
        self.http.request("POST", "/ocsp", self.request(serials), headers)
        answer = self.http.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise OSError(f"OCSP: HTTP {answer.status}")
        return read_states(body)


def read_states(body):
    response = der.Reader(body).into(0x30)
    status = response.take(0x0A)
    if status != b"\0":
        raise OSError(f"OCSP: responseStatus {status[0]}")
    response = response.into(0xA0).into(0x30)
    response.element()
    data = der.Reader(response.take(0x04)).into(0x30).into(0x30)
    if data.peek() == 0xA0:
        data.element()
    data.element()  # responderID
    data.element()  # producedAt
    singles, states = data.into(0x30), {}
    while singles.more():
        single = singles.into(0x30)
        cert_id = single.into(0x30)
        for _ in range(3):
            cert_id.element()
        serial = cert_id.take(0x02).lstrip(b"\0").hex()
        states[serial] = STATES[single.element()[0]]
    return states
