/*
 * hufu token list|show: what is at the workstation. No PIN is asked: public things only.
 */
#include "api/json.h"
#include "base/clock.h"
#include "base/str.h"
#include "cmd/hufu_int.h"
#include "cmd/show.h"

#include <string.h>

#define NAMES_MAX ((size_t)16 << 20)
#define OUT_MAX   ((size_t)64 << 20)

static const char *application_of(const struct hf_cmd *cmd)
{
	const char *name = hf_cmd_opt(cmd, "application");

	return name ? name : HF_DESK_APPLICATION;
}

/* ---- list ------------------------------------------------------------------------------------------------------- */

static void put_device(const struct hf_cmd *cmd, const struct hf_desk *desk, const char *device,
	struct hf_json_writer *w, struct hf_table *table)
{
	struct hf_token_info info = {0};
	struct hf_token *token = NULL;
	struct hf_err unused;
	char tries[48] = "";
	bool known = hf_token_open(desk->lib, device, application_of(cmd), HF_BYTES_NONE, &token, &unused) &&
		     hf_token_info(token, &info, &unused);

	hf_token_close(token);
	hf_show_safe(info.label);
	hf_show_safe(info.serial);
	if (known)
		hf_fmt_cut(tries, sizeof(tries), "%u/%u", info.user_tries, info.user_tries_max);
	if (!cmd->json) {
		hf_table_cell(table, device);
		hf_table_cell(table, info.label);
		hf_table_cell(table, info.serial);
		hf_table_cell(table, tries);
		return;
	}
	hf_json_write_object(w, NULL);
	hf_json_write_str(w, "device", device);
	hf_json_write_str(w, "label", known ? info.label : NULL);
	hf_json_write_str(w, "serial", known ? info.serial : NULL);
	hf_json_write_str(w, "tries", known ? tries : NULL);
	hf_json_write_end(w);
}

static bool put_devices(const struct hf_cmd *cmd, const struct hf_desk *desk, struct hf_buf *out, struct hf_err *err)
{
	static const enum hf_message heads[] = {
		HF_MSG_COL_DEVICE, HF_MSG_COL_LABEL, HF_MSG_COL_SERIAL, HF_MSG_COL_TRIES};
	struct hf_table *table = hf_table_new(4);
	struct hf_json_writer w;
	struct hf_buf names;
	bool ok;

	hf_buf_init(&names, NAMES_MAX);
	hf_json_writer_init(&w, out);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "tokens");
	for (size_t i = 0; i < 4; i++)
		hf_table_cell(table, hf_cmd_text(cmd, heads[i]));
	ok = hf_token_list(desk->lib, &names, err);
	for (size_t at = 0; ok && at < names.len; at += strlen((const char *)names.p + at) + 1)
		put_device(cmd, desk, (const char *)names.p + at, &w, table);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	(void)hf_buf_put_u8(out, '\n');
	if (!cmd->json) {
		hf_buf_reset(out);
		hf_table_print(table, out);
	}
	hf_table_free(table);
	hf_buf_clear(&names);
	return ok;
}

int hf_cmd_token_list(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_client client = {0};
	struct hf_err err = {0};
	struct hf_buf out;
	bool ok;

	(void)argc, (void)argv;
	hf_buf_init(&out, OUT_MAX);
	ok = hf_cmd_client(cmd, &client, NULL, &err) && hf_client_desk(&client, &err) &&
	     put_devices(cmd, &client.desk, &out, &err) && hf_cmd_print(&out, &err);
	hf_buf_clear(&out);
	hf_client_close(&client);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* ---- show ------------------------------------------------------------------------------------------------------- */

struct shown {
	const struct hf_cmd *cmd;
	struct hf_token *token;
	struct hf_json_writer w;
	struct hf_table *table;
};

/* One of the two certificates of a container; nothing when there is none. */
static void put_cert(struct shown *s, const char *container, enum hf_token_use use)
{
	char serial[HF_SERIAL_TEXT_MAX], until[HF_TIME_TEXT_MAX];
	struct hf_buf der, name;
	struct hf_cert cert;
	struct hf_err unused;

	hf_buf_init(&der, HF_CERT_MAX);
	hf_buf_init(&name, 65536);
	if (hf_token_export_cert(s->token, container, use, &der, &unused) &&
		hf_decode_cert(hf_buf_bytes(&der), &cert, &unused)) {
		hf_serial_text(cert.tbs.serialNumber, serial);
		hf_time_text(cert.tbs.validity.notAfter, false, until);
		hf_name_text(cert.tbs.subject, HF_NAME_SMALL_FIRST, &name);
		if (s->cmd->json) {
			hf_json_write_object(&s->w, use == HF_TOKEN_SIGN ? "sign" : "enc");
			hf_json_write_str(&s->w, "serial", serial);
			hf_json_write_str(&s->w, "not_after", until);
			hf_json_write_str(&s->w, "subject", hf_buf_cstr(&name));
			hf_json_write_end(&s->w);
		} else {
			hf_table_cell(s->table, container);
			hf_table_cell(
				s->table, hf_cmd_text(s->cmd, use == HF_TOKEN_SIGN ? HF_MSG_USE_SIGN : HF_MSG_USE_ENC));
			hf_table_cell(s->table, serial);
			hf_table_cell(s->table, until);
			hf_table_cell(s->table, hf_buf_cstr(&name));
		}
	}
	hf_buf_clear(&name);
	hf_buf_clear(&der);
}

static bool put_containers(struct shown *s, struct hf_err *err)
{
	static const enum hf_message heads[] = {
		HF_MSG_COL_CONTAINER, HF_MSG_COL_USE, HF_MSG_COL_SERIAL, HF_MSG_COL_NOT_AFTER, HF_MSG_COL_SUBJECT};
	struct hf_buf names;
	bool ok;

	hf_buf_init(&names, NAMES_MAX);
	for (size_t i = 0; i < 5; i++)
		hf_table_cell(s->table, hf_cmd_text(s->cmd, heads[i]));
	hf_json_write_array(&s->w, "containers");
	ok = hf_token_containers(s->token, &names, err);
	for (size_t at = 0; ok && at < names.len; at += strlen((const char *)names.p + at) + 1) {
		const char *container = (const char *)names.p + at;

		hf_json_write_object(&s->w, NULL);
		hf_json_write_str(&s->w, "name", container);
		put_cert(s, container, HF_TOKEN_SIGN);
		put_cert(s, container, HF_TOKEN_ENC);
		hf_json_write_end(&s->w);
	}
	hf_json_write_end(&s->w);
	hf_buf_clear(&names);
	return ok;
}

static void put_info(struct shown *s, const char *device, struct hf_token_info *info, struct hf_buf *text)
{
	hf_show_safe(info->label);
	hf_show_safe(info->serial);
	hf_show_safe(info->manufacturer);
	hf_json_write_str(&s->w, "device", device);
	hf_json_write_str(&s->w, "label", info->label);
	hf_json_write_str(&s->w, "serial", info->serial);
	hf_json_write_str(&s->w, "manufacturer", info->manufacturer);
	hf_json_write_i64(&s->w, "user_tries", info->user_tries);
	hf_json_write_i64(&s->w, "user_tries_max", info->user_tries_max);
	(void)hf_buf_printf(text, "%s: %s\n%s: %s\n%s: %s\n%s: %s\n%s: %u/%u\n\n",
		hf_cmd_text(s->cmd, HF_MSG_COL_DEVICE), device, hf_cmd_text(s->cmd, HF_MSG_COL_LABEL), info->label,
		hf_cmd_text(s->cmd, HF_MSG_COL_SERIAL), info->serial, hf_cmd_text(s->cmd, HF_MSG_COL_MAKER),
		info->manufacturer, hf_cmd_text(s->cmd, HF_MSG_COL_TRIES), info->user_tries, info->user_tries_max);
}

static bool show(struct shown *s, const char *device, struct hf_err *err)
{
	struct hf_token_info info;
	struct hf_buf json, text;
	bool ok;

	hf_buf_init(&json, OUT_MAX);
	hf_buf_init(&text, OUT_MAX);
	hf_json_writer_init(&s->w, &json);
	hf_json_write_object(&s->w, NULL);
	ok = hf_token_info(s->token, &info, err);
	if (ok)
		put_info(s, device, &info, &text);
	ok = ok && put_containers(s, err);
	hf_json_write_end(&s->w);
	(void)hf_buf_put_u8(&json, '\n');
	hf_table_print(s->table, &text);
	ok = ok && hf_cmd_print(s->cmd->json ? &json : &text, err);
	hf_buf_clear(&text);
	hf_buf_clear(&json);
	return ok;
}

int hf_cmd_token_show(struct hf_cmd *cmd, int argc, char **argv)
{
	struct shown s = {.cmd = cmd, .table = hf_table_new(5)};
	struct hf_client client = {0};
	struct hf_err err = {0};
	bool ok;

	(void)argc;
	ok = hf_cmd_client(cmd, &client, NULL, &err) && hf_client_desk(&client, &err) &&
	     hf_token_open(client.desk.lib, argv[0], application_of(cmd), HF_BYTES_NONE, &s.token, &err) &&
	     show(&s, argv[0], &err);
	hf_token_close(s.token);
	hf_table_free(s.table);
	hf_client_close(&client);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}
