-- One row a commit; the columns beside frame repeat what the frame says, for reading without decoding it.
CREATE TABLE journal (
	name TEXT NOT NULL,
	number BIGINT NOT NULL,
	at BIGINT NOT NULL,
	previous BYTEA NOT NULL,
	hash BYTEA NOT NULL,
	frame BYTEA NOT NULL,
	PRIMARY KEY (name, number)
);

-- Signed heads: head is the DER of a SignedHead for the frame of that number.
CREATE TABLE journal_head (
	name TEXT NOT NULL,
	number BIGINT NOT NULL,
	head BYTEA NOT NULL,
	PRIMARY KEY (name, number)
);
