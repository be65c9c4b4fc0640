#include "cmd/hufu_int.h"

#include "x509/name.h"

static void tell_waiting(void *ctx, const char *service, const struct hf_err *why)
{
	hf_cmd_note(ctx, HF_MSG_WAITING_FOR, service, why->text);
}

bool hf_cmd_client(const struct hf_cmd *cmd, struct hf_client *client, const char *operator_id, struct hf_err *err)
{
	const char *given = hf_cmd_opt(cmd, "operator");

	*client = (struct hf_client){0};
	if (!hf_client_open(client, cmd->home, hf_cmd_opt(cmd, "skf"), hf_cmd_opt(cmd, "pin-file"), err))
		return false;
	client->waiting = tell_waiting;
	client->waiting_ctx = (void *)(uintptr_t)cmd;
	return !operator_id || hf_client_operator(client, given ? given : operator_id, err);
}

bool hf_home_issuer(const char *home, struct hf_bytes issuer, struct hf_loaded_cert *out, struct hf_err *err)
{
	static const char *const names[] = {"ca.crt", "root.crt"};

	for (size_t i = 0; i < 2; i++) {
		if (!hf_home_cert(home, names[i], out, err))
			return false;
		if (hf_name_equal(out->cert.tbs.subject, issuer))
			return true;
		hf_loaded_cert_clear(out);
	}
	return hf_fail(err, HF_E_MISSING,
		"its issuer is neither the CA nor the root of %s: give the issuer's certificate by --issuer", home);
}
