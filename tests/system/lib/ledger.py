"""
Reads keyd's ledger (src/keyd/ledger.h) by its documented format and no code of the project's: an account of what was
signed that the database has to match.
"""

import hashlib
import struct

RECORD = 128
KINDS = {1: "certificate", 2: "crl"}


class Entry:
    def __init__(self, octets):
        self.number, self.at, kind = struct.unpack(">QqB", octets[:17])
        self.kind = KINDS[kind]
        self.key = octets[17:32].rstrip(b"\0").decode()
        self.serial = octets[32:52].lstrip(b"\0")
        self.tbs_hash = octets[52:84]
        self.chain = octets[96:128]


def read(path):
    """The entries, the chain verified. Octets behind the last whole record were cut by a crash and are left out."""
    with open(path, "rb") as file:
        octets = file.read()
    head = octets[:RECORD]
    if head[:8] != b"HUFULDGR" or struct.unpack(">I", head[8:12]) != (1,):
        raise ValueError(f"{path}: not a ledger")
    chain = sm3(head[:96])
    if head[96:] != chain:
        raise ValueError(f"{path}: record 0: its hash does not match")
    entries = []
    for at in range(RECORD, len(octets) - RECORD + 1, RECORD):
        record = octets[at : at + RECORD]
        entry = Entry(record)
        chain = sm3(chain + record[:96])
        if entry.chain != chain or entry.number != len(entries) + 1:
            raise ValueError(f"{path}: record {len(entries) + 1} does not chain")
        entries.append(entry)
    return entries


def sm3(octets):
    return hashlib.new("sm3", octets).digest()
