/*
 * hufu audit list|verify
 */
#include "access/operation.h"
#include "api/journal_page.h"
#include "api/json.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "cmd/hufu_int.h"
#include "cmd/show.h"

#include <stdlib.h>
#include <string.h>

static const char *const services[] = {"ca", "ra", "km", "ocsp"};
#define NUM_SERVICES (sizeof(services) / sizeof(services[0]))
#define HEAD_WITHIN  (5 * HF_SECOND) /* a busy service may sign its newest head so late */
#define PAGE_FRAMES  1000

static bool is_service(const char *name)
{
	for (size_t i = 0; i < NUM_SERVICES; i++)
		if (strcmp(services[i], name) == 0)
			return true;
	return false;
}

/* ---- list ------------------------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct hf_column columns[] = {
	{"frame", HF_COLUMN_NUMBER, HF_MSG_COL_NUMBER, true},
	{"started_at", HF_COLUMN_TIME, HF_MSG_COL_AT, true},
	{"operator", HF_COLUMN_TEXT, HF_MSG_COL_OPERATOR, true},
	{"role", HF_COLUMN_TEXT, HF_MSG_COL_ROLE, true},
	{"operation", HF_COLUMN_TEXT, HF_MSG_COL_OPERATION, true},
	{"object", HF_COLUMN_TEXT, HF_MSG_COL_OBJECT, true},
	{"result", HF_COLUMN_TEXT, HF_MSG_COL_RESULT, true},
	{"text", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, true},
	{"operation_id", HF_COLUMN_TEXT, HF_MSG_COL_ID, false},
	{"code", HF_COLUMN_NUMBER, HF_MSG_COL_NUMBER, false},
	{"code_name", HF_COLUMN_TEXT, HF_MSG_COL_TEXT, false},
	{"serial", HF_COLUMN_TEXT, HF_MSG_COL_SERIAL, false},
	{"ended_at", HF_COLUMN_TIME, HF_MSG_COL_AT, false},
	{"signed", HF_COLUMN_BOOL, HF_MSG_COL_TEXT, false},
};
/* clang-format on */

int hf_cmd_audit_list(struct hf_cmd *cmd, int argc, char **argv)
{
	static const struct hf_filter filters[] = {{"operator", "by"}, {"operation", "operation"}, {"result", "result"},
		{"object", "object"}, {"from", "from"}, {"to", "to"}, {NULL, NULL}};
	const char *service = hf_cmd_opt(cmd, "service");
	const struct hf_listing listing = {.service = service ? service : "ra",
		.path = "/v1/audit",
		.filters = filters,
		.array = "records",
		.next = "last",
		.columns = columns,
		.num_columns = sizeof(columns) / sizeof(columns[0]),
		.operator_id = HF_OPERATOR_AUDIT};
	struct hf_err err = {0};

	(void)argc, (void)argv;
	if (!is_service(listing.service)) {
		hf_fail(&err, HF_E_INPUT, "--service %.20s: expected ca, ra, km or ocsp", listing.service);
		return hf_cmd_misuse(cmd, &err);
	}
	return hf_show_listing(cmd, &listing);
}

/* ---- verify ----------------------------------------------------------------------------------------------------- */

/* A signer whose certificate is at hand: an operator's token, or a service's public file. */
struct signer {
	char id[HF_OPERATOR_ID_MAX + 1];
	uint8_t pub[HF_SM2_POINT], cert_hash[HF_SM3_LEN];
};

struct verifying {
	struct hf_cmd *cmd;
	struct hf_client *client;
	const char *service;
	struct signer *signers;
	size_t num_signers;
	uint64_t checked, unchecked;
	struct hf_json_writer *w;
};

static void add_signer(struct verifying *v, const char *id, struct hf_bytes der)
{
	struct hf_cert cert;
	struct hf_err unused;

	if (!hf_decode_cert(der, &cert, &unused) || !cert.is_sm2)
		return;
	v->signers = hf_resize(v->signers, v->num_signers + 1, sizeof(*v->signers));
	struct signer *s = &v->signers[v->num_signers++];
	hf_fmt_cut(s->id, sizeof(s->id), "%s", id);
	memcpy(s->pub, cert.pub, sizeof(s->pub));
	hf_sm3(der, s->cert_hash);
}

/* Public things only: no PIN is given. A token without a certificate just is not a signer. */
static void add_token(struct verifying *v, const char *device)
{
	struct hf_token *token = NULL;
	struct hf_err unused;
	struct hf_buf der;

	hf_buf_init(&der, HF_CERT_MAX);
	if (hf_token_open(v->client->desk.lib, device, HF_DESK_APPLICATION, HF_BYTES_NONE, &token, &unused)) {
		if (hf_token_export_cert(token, HF_DESK_OPERATOR, HF_TOKEN_SIGN, &der, &unused))
			add_signer(v, device + strlen("operator-"), hf_buf_bytes(&der));
		hf_token_close(token);
	}
	hf_buf_clear(&der);
}

static bool find_signers(struct verifying *v, struct hf_err *err)
{
	struct hf_loaded_cert cert;
	struct hf_err unused;
	struct hf_buf names;
	char name[64];

	hf_buf_init(&names, 16 << 20);
	if (!hf_token_list(v->client->desk.lib, &names, err)) {
		hf_buf_clear(&names);
		return false;
	}
	for (size_t at = 0; at < names.len; at += strlen((const char *)names.p + at) + 1)
		if (strncmp((const char *)names.p + at, "operator-", 9) == 0)
			add_token(v, (const char *)names.p + at);
	hf_buf_clear(&names);
	for (size_t i = 0; i < NUM_SERVICES; i++) {
		hf_fmt_cut(name, sizeof(name), "%s/service.crt", services[i]);
		if (!hf_home_cert(v->client->home, name, &cert, &unused))
			continue;
		add_signer(v, services[i], cert.cert.der);
		hf_loaded_cert_clear(&cert);
	}
	return true;
}

static const struct signer *signer_of(const struct verifying *v, const struct hf_audit_record *record)
{
	for (size_t i = 0; i < v->num_signers; i++)
		if (hf_bytes_equal(record->operatorId, hf_bytes_str(v->signers[i].id)) &&
			hf_bytes_equal(record->certificate, HF_BYTES_OF(v->signers[i].cert_hash)))
			return &v->signers[i];
	return NULL;
}

/* For hf_journal_verify_options.record: the record parses, and who is said to have signed it has. */
static bool check_record(void *ctx, struct hf_bytes der, struct hf_err *err)
{
	struct verifying *v = ctx;
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];
	struct hf_audit_record record;
	const struct signer *signer;

	if (!hf_audit_record_check(NULL, der, err) || !hf_audit_decode(der, &record, err))
		return false;
	if (!record.signature.p || !record.call.p)
		return true;
	/* A refused call may carry a wrong signature: that is why it was refused, and it is kept as it came. */
	if (!hf_bytes_equal(record.result, HF_BYTES_LIT("ok")))
		return true;
	signer = signer_of(v, &record);
	if (!signer) {
		v->unchecked++;
		return true;
	}
	if (record.signature.len != HF_SM2_SIG)
		return hf_fail(err, HF_E_VERIFY, "the operator's signature has %zu octets", record.signature.len);
	hf_sm2_z(signer->pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, record.call, e);
	if (!hf_sm2_verify(signer->pub, e, record.signature.p, err))
		return hf_fail(err, HF_E_VERIFY, "operator %s has not signed this call", signer->id);
	v->checked++;
	return true;
}

static void report(void *ctx, const struct hf_journal_fault *fault)
{
	struct verifying *v = ctx;

	if (!v->cmd->json) {
		hf_cmd_say(v->cmd, HF_MSG_AUDIT_FAULT, v->service, (long long)fault->number,
			hf_journal_fault_name(fault->kind), fault->text);
		return;
	}
	hf_json_write_object(v->w, NULL);
	hf_json_write_str(v->w, "fault", hf_journal_fault_name(fault->kind));
	hf_json_write_i64(v->w, "frame", fault->number);
	hf_json_write_str(v->w, "text", fault->text);
	hf_json_write_end(v->w);
}

/* <home>/<service>/audit.pub: the 64 octets of the key in hex, one line. */
static bool read_pub(const char *home, const char *service, uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	char path[HF_PATH_MAX];
	struct hf_buf text;
	bool ok;

	if (!hf_fmt(path, sizeof(path), "%s/%s/audit.pub", home, service))
		return hf_fail(err, HF_E_LIMIT, "--home: the path is too long");
	hf_buf_init(&text, 1024);
	ok = hf_file_read(path, &text, err);
	if (ok) {
		const char *line = hf_buf_cstr(&text);

		ok = line && line[strcspn(line, "\r\n")] == '\n';
		if (ok)
			text.p[strcspn(line, "\r\n")] = '\0';
		ok = (ok && hf_unhex(line, pub, HF_SM2_POINT)) ||
		     hf_fail(err, HF_E_INPUT, "%s: expected one line of 128 hex digits", path);
	}
	hf_buf_clear(&text);
	return ok && hf_sm2_point_check(pub, err);
}

static bool fetch_all(struct verifying *v, struct hf_journal_verifier *verifier, struct hf_err *err)
{
	struct hf_buf page;
	char path[128];
	int64_t last = 0, was;
	bool ok;

	hf_buf_init(&page, HF_JOURNAL_PAGE_MAX);
	do {
		const struct hf_client_ask ask = {.service = v->service, .method = "GET", .path = path};

		was = last;
		hf_fmt_cut(path, sizeof(path), "/v1/audit/journal?after=%lld&limit=%d", (long long)last, PAGE_FRAMES);
		ok = hf_client_call(v->client, &ask, &page, err) &&
		     hf_journal_page_verify(hf_buf_bytes(&page), verifier, &last, err);
	} while (ok && last > was);
	hf_buf_clear(&page);
	return ok;
}

static void say_sum(const struct verifying *v, const struct hf_journal_verifier *verifier)
{
	if (v->cmd->json) {
		hf_json_write_end(v->w);
		hf_json_write_i64(v->w, "frames", verifier->number);
		hf_json_write_i64(v->w, "records", (int64_t)verifier->num_records);
		hf_json_write_i64(v->w, "heads", (int64_t)verifier->num_heads);
		hf_json_write_i64(v->w, "signed_frame", verifier->signed_number);
		hf_json_write_i64(v->w, "num_faults", (int64_t)verifier->num_faults);
		hf_json_write_i64(v->w, "signatures_verified", (int64_t)v->checked);
		hf_json_write_i64(v->w, "signatures_not_checked", (int64_t)v->unchecked);
		return;
	}
	hf_cmd_say(v->cmd, HF_MSG_AUDIT_SUM, v->service, (long long)verifier->number,
		(unsigned long long)verifier->num_records, (unsigned long long)verifier->num_heads,
		(long long)verifier->signed_number, (unsigned long long)verifier->num_faults);
	hf_cmd_say(v->cmd, HF_MSG_AUDIT_SIGNATURES, v->service, (unsigned long long)v->checked,
		(unsigned long long)v->unchecked);
}

/* One service's journal. *good: no fault was found. */
static bool verify_one(struct verifying *v, const char *service, bool *good, struct hf_err *err)
{
	const struct hf_journal journal = {service, HF_AUDIT_NAME};
	struct hf_journal_verify_options options = {
		.journal = &journal,
		.unsigned_since = hf_now(&hf_clock_system) - HEAD_WITHIN,
		.record = check_record,
		.report = report,
		.ctx = v,
	};
	struct hf_journal_verifier verifier;
	struct hf_err faults = {0};
	uint8_t pub[HF_SM2_POINT];

	v->service = service;
	v->checked = v->unchecked = 0;
	options.pub = pub;
	if (!read_pub(v->client->home, service, pub, err))
		return false;
	if (v->cmd->json) {
		hf_json_write_object(v->w, service);
		hf_json_write_array(v->w, "faults");
	}
	hf_journal_verifier_init(&verifier, &options);
	if (!fetch_all(v, &verifier, err))
		return hf_fail_in(err, "the audit journal of %s", service);
	*good = hf_journal_verifier_end(&verifier, &faults) && *good;
	say_sum(v, &verifier);
	if (v->cmd->json)
		hf_json_write_end(v->w);
	return true;
}

int hf_cmd_audit_verify(struct hf_cmd *cmd, int argc, char **argv)
{
	const char *only = hf_cmd_opt(cmd, "all") ? NULL : hf_cmd_opt(cmd, "service");
	struct hf_client client = {0};
	struct hf_json_writer w;
	struct verifying v = {.cmd = cmd, .client = &client, .w = &w};
	struct hf_err err = {0};
	struct hf_buf out;
	bool ok, good = true;

	(void)argc, (void)argv;
	if (only && !is_service(only)) {
		hf_fail(&err, HF_E_INPUT, "--service %.20s: expected ca, ra, km or ocsp", only);
		return hf_cmd_misuse(cmd, &err);
	}
	hf_buf_init(&out, 64 << 20);
	hf_json_writer_init(&w, &out);
	hf_json_write_object(&w, NULL);
	ok = hf_cmd_client(cmd, &client, HF_OPERATOR_AUDIT, &err) && find_signers(&v, &err);
	for (size_t i = 0; ok && i < NUM_SERVICES; i++)
		if (!only || strcmp(only, services[i]) == 0)
			ok = verify_one(&v, services[i], &good, &err);
	if (ok && cmd->json) {
		hf_json_write_bool(&w, "valid", good);
		hf_json_write_end(&w);
		ok = hf_buf_put_u8(&out, '\n') && hf_cmd_print(&out, &err);
	}
	free(v.signers);
	hf_buf_clear(&out);
	hf_client_close(&client);
	if (!ok)
		return hf_cmd_fail(cmd, &err);
	return good ? HF_EXIT_OK : HF_EXIT_REFUSED;
}
