-- The KM's own tables. Serials and task numbers are the content octets of their INTEGER; times are microseconds UTC;
-- state numbers are those of src/km/lifecycle.h.

-- The CAs that this KM serves (GM/T 0038 7.6.1: several at once), each by the certificate of its message key.
CREATE TABLE ca_peer (
    id TEXT NOT NULL PRIMARY KEY,
    name BYTEA NOT NULL,                   -- DER of the subject: entName of its requests
    serial BYTEA NOT NULL,
    pub BYTEA NOT NULL UNIQUE,
    certificate BYTEA NOT NULL,
    added_at BIGINT NOT NULL,
    UNIQUE (name, serial)
);

-- The three libraries, 备用库, 在用库, 历史库 (GM/T 0034 6.3), told apart by the state. pub is unique over all three and
-- a row never goes back to spare: no pair is given twice. The private key is here only as the device wrapped it.
CREATE TABLE escrow_key (
    id BIGINT NOT NULL PRIMARY KEY,
    state BIGINT NOT NULL,
    pub BYTEA NOT NULL UNIQUE,             -- x, y
    wrapped BYTEA NOT NULL,                -- under the device's key-encrypting key
    made_at BIGINT NOT NULL,
    ca TEXT,                               -- all below: NULL while spare
    serial BYTEA,                          -- of the encryption certificate
    task BYTEA,                            -- taskNO that applied for it
    user_pub BYTEA,                        -- the signing key that it was given to at last
    not_before BIGINT,
    not_after BIGINT,
    user_name BYTEA,
    ds_code BYTEA,
    extend_info BYTEA,
    given_at BIGINT,
    closed_at BIGINT,                      -- 作废时间: when it went to the history
    closed_by BYTEA,                       -- taskNO that revoked it; NULL: it expired
    UNIQUE (ca, serial)
);
CREATE INDEX escrow_key_state ON escrow_key (state, not_after);

-- What was asked and what was answered, octet for octet: the same question gets the same answer. respond is NULL from
-- the moment the pairs are set aside until the answer is signed.
CREATE TABLE km_task (
    ca TEXT NOT NULL,
    number BYTEA NOT NULL,                 -- taskNO
    hash BYTEA NOT NULL,                   -- SM3 of the KSRequest
    request BYTEA NOT NULL,                -- CARequest
    respond BYTEA,                         -- KMRespond
    asked_at BIGINT NOT NULL,
    answered_at BIGINT,
    UNIQUE (ca, number)
);
CREATE INDEX km_task_asked ON km_task (asked_at);
