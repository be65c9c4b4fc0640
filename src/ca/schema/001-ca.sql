-- The CA's own tables. Serials and hashes are octets; times are microseconds UTC; state numbers are those of
-- src/ca/lifecycle.h. The DER of a certificate lies in its row; the row is found by (ca, serial).

CREATE TABLE authority (
    id TEXT NOT NULL PRIMARY KEY,          -- 'root', 'ca'; the same word names its key in keyd
    certificate BYTEA NOT NULL
);

-- One dual certificate on its way, by the request id that its maker chose (design rule 13). T1 writes the row, T2 fills
-- it: state 0 pending, 1 issued, 2 voided (the next attempt draws new serials).
CREATE TABLE issuance (
    request_id TEXT NOT NULL PRIMARY KEY,
    ca TEXT NOT NULL,
    order_hash BYTEA NOT NULL,             -- SM3 of what was asked: the same id with another order is refused
    state BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    sign_serial BYTEA NOT NULL,
    enc_serial BYTEA NOT NULL,
    task BIGINT NOT NULL,                  -- taskNO of the KM task that carries its key
    envelope BYTEA,                        -- SignedAndEnvelopedData of the encryption key, as the KM gave it
    made_at BIGINT NOT NULL,
    done_at BIGINT
);
CREATE INDEX issuance_enc ON issuance (ca, enc_serial);
CREATE INDEX issuance_sign ON issuance (ca, sign_serial);

-- What was asked of the KM: sent again, octet for octet, until it is answered. kind 0 apply: sent when an order of it
-- is; 1 revoke: open until the KM has answered, and sent by the timer.
CREATE TABLE km_task (
    number BIGINT NOT NULL PRIMARY KEY,
    kind BIGINT NOT NULL,
    request BYTEA NOT NULL,
    open BIGINT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX km_task_open ON km_task (open, kind);

-- Encryption serials whose key the KM must still be told to revoke.
CREATE TABLE km_revoke (
    enc_serial BYTEA NOT NULL PRIMARY KEY
);

CREATE TABLE certificate (
    ca TEXT NOT NULL,
    serial BYTEA NOT NULL,
    kind TEXT NOT NULL,                    -- the profile's name
    request_id TEXT,                       -- of a dual certificate
    subject TEXT NOT NULL,                 -- as text, for people and search
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    state BIGINT NOT NULL,
    reason BIGINT NOT NULL,
    state_at BIGINT NOT NULL,
    tbs_hash BYTEA NOT NULL,
    der BYTEA NOT NULL,
    UNIQUE (ca, serial)
);
CREATE INDEX certificate_request ON certificate (request_id);
CREATE INDEX certificate_state ON certificate (ca, state);
CREATE INDEX certificate_state_at ON certificate (ca, state_at);   -- what makes a new CRL due

-- What the ledger has and the database lacks (design rule 5): signed perhaps, issued never. Listed and revoked.
CREATE TABLE void_serial (
    ca TEXT NOT NULL,
    serial BYTEA NOT NULL,
    is_crl BIGINT NOT NULL,
    at BIGINT NOT NULL,
    UNIQUE (ca, serial, is_crl)
);

CREATE TABLE crl (
    ca TEXT NOT NULL,
    number BIGINT NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    made_at BIGINT NOT NULL,               -- when its entries were read: what changed later makes a new one due
    tbs_hash BYTEA NOT NULL,
    der BYTEA NOT NULL,
    UNIQUE (ca, number)
);

-- The highest ledger entry that this database has accounted for. One row.
CREATE TABLE ledger_seen (
    id BYTEA NOT NULL,
    epoch BIGINT NOT NULL,
    number BIGINT NOT NULL,
    chain BYTEA NOT NULL
);
