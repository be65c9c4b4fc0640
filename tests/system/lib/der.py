"""As much DER as the system tests need: reading what the services answer, writing an OCSP request."""

import base64


class Reader:
    """The elements of a constructed value, one after the other."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def more(self):
        return self.at < len(self.octets)

    def peek(self):
        return self.octets[self.at] if self.more() else None

    def element(self):
        """(tag, content, the whole element)"""
        start = self.at
        tag, length = self.octets[start], self.octets[start + 1]
        at = start + 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(self.octets[at : at + count], "big")
            at += count
        self.at = at + length
        if self.at > len(self.octets):
            raise ValueError("DER: an element runs over its end")
        return tag, self.octets[at : self.at], self.octets[start : self.at]

    def take(self, tag):
        got, content, _ = self.element()
        if got != tag:
            raise ValueError(f"DER: tag {got:#x} where {tag:#x} is due")
        return content

    def into(self, tag):
        return Reader(self.take(tag))


def put(tag, *parts):
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(octets):
    """Of the unsigned number in octets."""
    octets = octets.lstrip(b"\0") or b"\0"
    return put(0x02, (b"\0" if octets[0] & 0x80 else b"") + octets)


def pem(text):
    lines = [line for line in text.splitlines() if line and not line.startswith("-----")]
    return base64.b64decode("".join(lines))


class Certificate:
    """The parts of one: serial (content octets), issuer and subject (whole Name), point (65 octets), der."""

    def __init__(self, der):
        self.der = der
        tbs = Reader(der).into(0x30).into(0x30)
        if tbs.peek() == 0xA0:
            tbs.element()
        self.serial = tbs.take(0x02)
        tbs.element()
        self.issuer = tbs.element()[2]
        tbs.element()
        self.subject = tbs.element()[2]
        key = tbs.into(0x30)
        key.element()
        self.point = key.take(0x03)[1:]
