-- Who may sign calls to this service. One key, one operator, one role.
CREATE TABLE operator (
	id TEXT NOT NULL PRIMARY KEY,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	active BIGINT NOT NULL,
	pub BYTEA NOT NULL UNIQUE,
	certificate BYTEA,
	cert_hash BYTEA NOT NULL,
	not_before BIGINT NOT NULL,
	not_after BIGINT NOT NULL
);

-- Signed calls that were done, and what was answered: the identical call gets the same answer again.
CREATE TABLE operation (
	id TEXT NOT NULL PRIMARY KEY,
	operator TEXT NOT NULL,
	at BIGINT NOT NULL,
	hash BYTEA NOT NULL,
	status BIGINT NOT NULL,
	answer BYTEA NOT NULL
);
