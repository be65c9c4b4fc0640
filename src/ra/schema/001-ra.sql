-- The registration authority: batches, applications, and the signed acts on them.

CREATE TABLE batch (
	id TEXT PRIMARY KEY,
	body_hash BYTEA NOT NULL,	-- SM3 of the file as it came
	num_rows BIGINT NOT NULL,
	ignored TEXT NOT NULL,		-- columns that were not known, one a line
	entered_by TEXT NOT NULL,
	entered_at BIGINT NOT NULL
);

-- Nothing of a refused row is kept but where it was and why.
CREATE TABLE batch_refusal (
	batch TEXT NOT NULL REFERENCES batch (id),
	row_number BIGINT NOT NULL,
	line_number BIGINT NOT NULL,
	field TEXT NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (batch, row_number)
);

CREATE TABLE application (
	id TEXT PRIMARY KEY,
	state TEXT NOT NULL,		-- of the life cycle (application.h)
	batch TEXT REFERENCES batch (id),
	row_number BIGINT NOT NULL,	-- 0 without a batch
	template TEXT NOT NULL,
	common_name TEXT NOT NULL,
	id_type TEXT NOT NULL,
	id_number TEXT NOT NULL,
	organization TEXT NOT NULL,
	organizational_unit TEXT NOT NULL,
	province TEXT NOT NULL,
	locality TEXT NOT NULL,
	uscc TEXT NOT NULL,
	email TEXT NOT NULL,
	phone TEXT NOT NULL,
	validity_days BIGINT NOT NULL,
	key_algorithm TEXT NOT NULL,
	open_key TEXT UNIQUE,		-- the applicant, as long as nobody else may enter it again
	entered_by TEXT NOT NULL,
	entered_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	reviewed_by TEXT,
	reviewed_at BIGINT,
	reason TEXT,
	claimed_by TEXT,
	claimed_at BIGINT,
	ticket BYTEA,			-- SM3 of the newest ticket's text
	csr BYTEA,
	csr_key BYTEA,			-- the public key inside, 64 octets
	csr_at BIGINT,
	sign_cert BYTEA,
	enc_cert BYTEA,
	chain BYTEA,			-- the CA's certificates from below, DER one behind the other
	envelope BYTEA,
	enc_public BYTEA,
	sign_serial TEXT,
	enc_serial TEXT,
	not_after BIGINT,
	issued_at BIGINT,
	token TEXT,
	receipt BYTEA,			-- r || s by the new signing key
	receipt_text TEXT,		-- what it signs
	installed_at BIGINT,
	revoked_at BIGINT
);
CREATE INDEX application_batch ON application (batch, row_number);
CREATE INDEX application_state ON application (state, changed_at);

-- Every signed act, whole: what was signed, by whom, and the body whose hash the signature covers. A batch's file is
-- not kept (body is empty): it may hold refused rows.
CREATE TABLE act (
	operator_id TEXT NOT NULL,
	operation_id TEXT NOT NULL,
	at BIGINT NOT NULL,
	call BYTEA NOT NULL,
	signature BYTEA NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (operator_id, operation_id)
);

CREATE TABLE act_item (
	operator_id TEXT NOT NULL,
	operation_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	application TEXT NOT NULL REFERENCES application (id),
	event TEXT NOT NULL,
	PRIMARY KEY (operator_id, operation_id, position)
);
CREATE INDEX act_item_application ON act_item (application);
