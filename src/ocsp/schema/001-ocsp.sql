-- What the responder knows: a snapshot of the CA's feed, and nothing that is not from it. It can be thrown away and is
-- then built again (design rule 10). Serials and hashes are octets; times are microseconds UTC.

-- How far the feed was taken. One row. It is written in the transaction that writes what the frames say.
CREATE TABLE feed_position (
    number BIGINT NOT NULL,                -- the last frame taken
    hash BYTEA NOT NULL,                   -- SM3 of it
    fresh_at BIGINT NOT NULL               -- when this snapshot was known to be all there was; may lag (feed_take.c)
);

CREATE TABLE status (
    ca TEXT NOT NULL,                      -- the issuer's id: 'root', 'ca'
    serial BYTEA NOT NULL,                 -- content octets of the INTEGER
    state BIGINT NOT NULL,                 -- enum hf_ocsp_known (src/ocsp/lifecycle.h)
    reason BIGINT NOT NULL,                -- CRLReason
    at BIGINT NOT NULL,                    -- since when it is in this state
    not_after BIGINT NOT NULL,             -- of the certificate; 0 for a void serial
    UNIQUE (ca, serial)
);

-- The newest CRL of each CA and shard.
CREATE TABLE crl (
    ca TEXT NOT NULL,
    shard TEXT NOT NULL,                   -- '' is the whole
    number BIGINT NOT NULL,
    der BYTEA NOT NULL,
    UNIQUE (ca, shard)
);

-- Certificates that readers need: use is 'ca', 'responder', 'feed'. The newest of each.
CREATE TABLE authority (
    ca TEXT NOT NULL,
    use TEXT NOT NULL,
    der BYTEA NOT NULL,
    UNIQUE (ca, use)
);
