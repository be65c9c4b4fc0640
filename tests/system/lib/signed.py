"""
Signed calls (src/access/operation.h) made without the project's client: the canonical form is put together here, and
the operator's token signs it through libhufuskf.so, loaded as any GM/T 0016 library. So a test may send what the
client never would.
"""

import base64
import datetime
import hashlib
import http.client
import json
import os
import secrets

from . import der, skf

CURVE = "".join(
    (
        "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC",
        "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93",
        "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7",
        "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0",
    )
)


def sm3(octets):
    return hashlib.new("sm3", octets).digest()


class Token:
    """An operator's token: public key and signatures."""

    def __init__(self, home, name):
        self.name = name
        self.device = skf.Device(home, f"operator-{name}")
        self.device.log_in(pin_of(home, f"operator-{name}"))
        self.container = self.device.container(b"sign")
        self.public = self.device.public_key(self.container)

    def sign(self, message):
        """DER of the SM2Signature (GM/T 0009) over message with the default id."""
        user = b"1234567812345678"
        z = sm3((len(user) * 8).to_bytes(2, "big") + user + bytes.fromhex(CURVE) + self.public)
        r, s = self.device.sign(self.container, sm3(z + message))
        return der.put(0x30, der.integer(r), der.integer(s))


def pin_of(home, device):
    with open(os.path.join(home.folder, "tokens", "pins"), encoding="ascii") as file:
        for line in file:
            name, pin, _ = line.split()
            if name == device:
                return pin.encode()
    raise KeyError(device)


class Answer:
    def __init__(self, status, body):
        self.status, self.body = status, body

    def json(self):
        return json.loads(self.body)

    def error(self):
        try:
            return self.json().get("error", "")
        except ValueError:
            return ""


class Call:
    """One call. Every part may be changed between sign() and send()."""

    def __init__(self, home, service, method, path, body=b"", kind="application/json"):
        self.home, self.service, self.method, self.path = home, service, method, path
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.kind, self.headers = kind, {}

    def sign(self, token, operator=None, operation=None, ago=0):
        """ago: seconds; negative is the future."""
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=ago)
        time = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        operation = operation or secrets.token_hex(12)
        operator = operator or token.name
        lines = ["HUFU-OPERATION-1", self.service, f"{self.method} {self.path}", sm3(self.body).hex()]
        canonical = "".join(f"{line}\n" for line in lines + [operation, time, operator])
        self.headers = {
            "Hufu-Operator": operator,
            "Hufu-Operation": operation,
            "Hufu-Time": time,
            "Hufu-Signature": base64.b64encode(token.sign(canonical.encode())).decode(),
        }
        return self

    def announce(self, length):
        """Only the head, with this Content-Length: what a server can refuse before it reads the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.home.ports[self.service], timeout=60)
        try:
            connection.putrequest(self.method, self.path)
            for name, value in {**self.headers, "Content-Type": self.kind, "Content-Length": str(length)}.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

    def send(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.home.ports[self.service], timeout=60)
        headers = dict(self.headers)
        if self.body:
            headers["Content-Type"] = self.kind
        try:
            connection.request(self.method, self.path, self.body or None, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()


def get(home, token, service, path):
    """A signed reading call; the JSON of its answer."""
    answer = Call(home, service, "GET", path).sign(token).send()
    if answer.status != 200:
        raise OSError(f"{service} {path}: {answer.status} {answer.body[:300]!r}")
    return answer.json()
