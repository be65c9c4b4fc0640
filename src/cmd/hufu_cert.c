/*
 * hufu cert list|show|export|revoke|freeze|unfreeze
 */
#include "api/json.h"
#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"
#include "cmd/hufu_int.h"
#include "cmd/show.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct hf_column columns[] = {
	{"serial", HF_COLUMN_TEXT, HF_MSG_COL_SERIAL, true},
	{"kind", HF_COLUMN_TEXT, HF_MSG_COL_KIND, true},
	{"state", HF_COLUMN_TEXT, HF_MSG_COL_STATE, true},
	{"not_after", HF_COLUMN_TIME, HF_MSG_COL_NOT_AFTER, true},
	{"subject", HF_COLUMN_TEXT, HF_MSG_COL_SUBJECT, true},
	{"ca", HF_COLUMN_TEXT, HF_MSG_COL_ID, false},
	{"request_id", HF_COLUMN_TEXT, HF_MSG_COL_REQUEST, false},
	{"not_before", HF_COLUMN_TIME, HF_MSG_COL_AT, false},
	{"reason", HF_COLUMN_TEXT, HF_MSG_REASON, false},
	{"state_at", HF_COLUMN_TIME, HF_MSG_COL_AT, false},
	{"pair", HF_COLUMN_TEXT, HF_MSG_COL_SERIAL, false},
};
/* clang-format on */
#define NUM_COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define NUM_LISTED  (NUM_COLUMNS - 1) /* the pair is told of one certificate only */

int hf_cmd_cert_list(struct hf_cmd *cmd, int argc, char **argv)
{
	static const struct hf_filter filters[] = {
		{"state", "state"}, {"request", "request"}, {"subject", "subject"}, {NULL, NULL}};
	const struct hf_listing listing = {.service = "ca",
		.path = "/v1/certs",
		.filters = filters,
		.array = "certs",
		.next = "next",
		.columns = columns,
		.num_columns = NUM_LISTED,
		.operator_id = HF_OPERATOR_CA};

	(void)argc, (void)argv;
	return hf_show_listing(cmd, &listing);
}

/* ---- one certificate -------------------------------------------------------------------------------------------- */

struct one {
	struct hf_client client;
	struct hf_buf answer, der;
	struct hf_cert cert; /* views into der */
	char serial[HF_SERIAL_TEXT_MAX], pair[HF_SERIAL_TEXT_MAX];
};

static bool is_serial(const char *text)
{
	const size_t len = strlen(text);

	return len > 0 && len % 2 == 0 && len < HF_SERIAL_TEXT_MAX && strspn(text, "0123456789abcdefABCDEF") == len;
}

static bool read_one(struct one *one, struct hf_err *err)
{
	const char *serial, *pair = NULL;
	struct hf_json doc;
	bool ok;

	if (!hf_json_parse(hf_buf_bytes(&one->answer), &doc, err))
		return false;
	ok = hf_json_str(&doc, "serial", HF_SERIAL_TEXT_MAX - 1, &serial, err) &&
	     hf_json_str_opt(&doc, "pair", HF_SERIAL_TEXT_MAX - 1, &pair, err) &&
	     hf_json_base64(&doc, "der", &one->der, err) && hf_decode_cert(hf_buf_bytes(&one->der), &one->cert, err);
	if (ok) {
		hf_fmt_cut(one->serial, sizeof(one->serial), "%s", serial);
		hf_fmt_cut(one->pair, sizeof(one->pair), "%s", pair ? pair : "");
	}
	hf_json_free(&doc);
	return ok;
}

static void one_init(struct one *one)
{
	*one = (struct one){0};
	hf_buf_init(&one->answer, 1 << 20);
	hf_buf_init(&one->der, HF_CERT_MAX);
}

static void one_clear(struct one *one)
{
	hf_buf_clear(&one->der);
	hf_buf_clear(&one->answer);
	hf_client_close(&one->client);
}

static bool fetch_one(struct one *one, const char *serial, struct hf_err *err)
{
	char path[128];
	const struct hf_client_ask ask = {.service = "ca", .method = "GET", .path = path};

	if (!is_serial(serial))
		return hf_fail(
			err, HF_E_INPUT, "%.64s is no serial number in hex (`hufu cert list` shows them)", serial);
	hf_fmt_cut(path, sizeof(path), "/v1/certs/%s", serial);
	return hf_client_call(&one->client, &ask, &one->answer, err) && read_one(one, err);
}

static bool print_cert(const struct hf_cert *cert, struct hf_err *err)
{
	struct hf_buf out;
	bool ok;

	hf_buf_init(&out, 1 << 20);
	hf_cert_print(cert, &out);
	ok = hf_cmd_print(&out, err);
	hf_buf_clear(&out);
	return ok;
}

int hf_cmd_cert_show(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_err err = {0};
	struct one one;
	bool ok;

	(void)argc;
	one_init(&one);
	ok = hf_cmd_client(cmd, &one.client, HF_OPERATOR_CA, &err) && fetch_one(&one, argv[0], &err) &&
	     hf_show_object(cmd, hf_buf_bytes(&one.answer), columns, NUM_COLUMNS, &err) &&
	     (cmd->json || print_cert(&one.cert, &err));
	one_clear(&one);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

int hf_cmd_cert_export(struct hf_cmd *cmd, int argc, char **argv)
{
	const char *path = hf_cmd_opt(cmd, "out");
	struct hf_err err = {0};
	struct hf_buf pem;
	struct one one;
	bool ok;

	(void)argc;
	one_init(&one);
	hf_buf_init(&pem, 2 * HF_CERT_MAX);
	ok = hf_cmd_client(cmd, &one.client, HF_OPERATOR_CA, &err) && fetch_one(&one, argv[0], &err);
	if (ok) {
		const bool der = hf_cmd_opt(cmd, "der") != NULL;

		(void)hf_pem_put(&pem, "CERTIFICATE", one.cert.der);
		ok = hf_cmd_write(path, der ? one.cert.der : hf_buf_bytes(&pem), &err);
	}
	hf_buf_clear(&pem);
	one_clear(&one);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* ---- revoke, freeze, unfreeze ----------------------------------------------------------------------------------- */

struct change {
	const char *action, *reason;
	const char **serials;
	size_t num, refused;
};

static bool put_change(const struct change *change, struct hf_buf *body, struct hf_err *err)
{
	struct hf_json_writer w;

	hf_json_writer_init(&w, body);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "action", change->action);
	if (change->reason)
		hf_json_write_str(&w, "reason", change->reason);
	hf_json_write_array(&w, "items");
	for (size_t i = 0; i < change->num; i++)
		hf_json_write_str(&w, NULL, change->serials[i]);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	return hf_buf_ok(body) || hf_fail(err, HF_E_LIMIT, "too many certificates at once");
}

static bool say_changed(const struct hf_cmd *cmd, struct change *change, struct hf_bytes answer, struct hf_err *err)
{
	struct hf_json doc, list, item;
	const char *serial, *text;
	size_t num = 0;
	bool ok;

	if (!hf_json_parse(answer, &doc, err))
		return false;
	ok = hf_json_array_opt(&doc, "done", SIZE_MAX, &list, &num, err);
	for (size_t i = 0; ok && i < num && !cmd->json; i++) {
		ok = hf_json_item_str(&list, i, HF_SERIAL_TEXT_MAX, &serial, err);
		if (ok)
			hf_cmd_say(cmd, HF_MSG_STATUS_DONE, change->action, serial);
	}
	ok = ok && hf_json_array_opt(&doc, "refused", SIZE_MAX, &list, &change->refused, err);
	for (size_t i = 0; ok && i < change->refused && !cmd->json; i++) {
		hf_json_at(&list, i, &item);
		ok = hf_json_str(&item, "serial", HF_SERIAL_TEXT_MAX, &serial, err) &&
		     hf_json_text_opt(&item, "text", 1024, &text, err);
		if (ok)
			hf_cmd_note(cmd, HF_MSG_STATUS_REFUSED, change->action, serial, text ? text : "");
	}
	hf_json_free(&doc);
	return ok;
}

static bool send_change(const struct hf_cmd *cmd, struct one *one, struct change *change, struct hf_err *err)
{
	struct hf_buf body;
	bool ok;

	hf_buf_init(&body, 65536);
	ok = put_change(change, &body, err);
	const struct hf_client_ask ask = {
		.service = "ca", .method = "POST", .path = "/v1/status", .body = hf_buf_bytes(&body)};
	ok = ok && hf_client_call(&one->client, &ask, &one->answer, err) &&
	     say_changed(cmd, change, hf_buf_bytes(&one->answer), err) &&
	     (!cmd->json || (hf_buf_put_u8(&one->answer, '\n') && hf_cmd_print(&one->answer, err)));
	hf_buf_clear(&body);
	return ok;
}

/* A dual certificate lives and ends as one (GM/T 0034): both serials, unless --only. */
static bool collect(struct one *one, struct change *change, char (*room)[HF_SERIAL_TEXT_MAX], int argc, char **argv,
	bool only, struct hf_err *err)
{
	for (int i = 0; i < argc; i++) {
		if (!fetch_one(one, argv[i], err))
			return false;
		const char *both[] = {one->serial, only ? "" : one->pair};
		for (size_t k = 0; k < 2; k++) {
			bool known = !both[k][0];

			for (size_t j = 0; j < change->num && !known; j++)
				known = strcmp(change->serials[j], both[k]) == 0;
			if (known)
				continue;
			hf_fmt_cut(room[change->num], HF_SERIAL_TEXT_MAX, "%s", both[k]);
			change->serials[change->num] = room[change->num];
			change->num++;
		}
	}
	return true;
}

static int change_status(struct hf_cmd *cmd, const char *action, int argc, char **argv)
{
	const size_t most = 2 * (size_t)argc;
	struct change change = {.action = action, .serials = hf_alloc(most, sizeof(*change.serials))};
	char(*room)[HF_SERIAL_TEXT_MAX] = hf_alloc(most, sizeof(*room));
	struct hf_err err = {0};
	struct one one;
	int status;

	change.reason = hf_cmd_opt(cmd, "reason");
	one_init(&one);
	if (change.reason && hf_reason_named(change.reason) < 0) {
		hf_fail(&err, HF_E_INPUT, "--reason %.40s: no such reason (RFC 5280 5.3.1)", change.reason);
		status = hf_cmd_misuse(cmd, &err);
	} else if (hf_cmd_client(cmd, &one.client, HF_OPERATOR_CA, &err) &&
		   collect(&one, &change, room, argc, argv, hf_cmd_opt(cmd, "only") != NULL, &err) &&
		   send_change(cmd, &one, &change, &err)) {
		status = change.refused ? HF_EXIT_REFUSED : HF_EXIT_OK;
	} else {
		status = hf_cmd_fail(cmd, &err);
	}
	one_clear(&one);
	free(room);
	free(change.serials);
	return status;
}

int hf_cmd_cert_revoke(struct hf_cmd *cmd, int argc, char **argv)
{
	return change_status(cmd, "revoke", argc, argv);
}

int hf_cmd_cert_freeze(struct hf_cmd *cmd, int argc, char **argv)
{
	return change_status(cmd, "freeze", argc, argv);
}

int hf_cmd_cert_unfreeze(struct hf_cmd *cmd, int argc, char **argv)
{
	return change_status(cmd, "unfreeze", argc, argv);
}
