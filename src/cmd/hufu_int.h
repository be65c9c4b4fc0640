/* What the verbs of hufu_*.c share. */
#ifndef HUFU_CMD_HUFU_INT_H
#define HUFU_CMD_HUFU_INT_H

#include "cmd/client.h"
#include "cmd/cmd.h"
#include "cmd/files.h"

/* The client of cmd's home, with the token of --operator or else of this operator; NULL: nobody signs. */
HF_MUST_USE bool hf_cmd_client(
	const struct hf_cmd *cmd, struct hf_client *client, const char *operator_id, struct hf_err *err);
/* The same operator again for a later step: --operator is for the first one only. */
#define HF_OPERATOR_ENTRY   "luru"
#define HF_OPERATOR_REVIEW  "shenhe"
#define HF_OPERATOR_PRODUCE "zhizheng"
#define HF_OPERATOR_CA      "caczy"
#define HF_OPERATOR_AUDIT   "shenji"

/* One of two certificates of the home: whose subject is this issuer: ca.crt, root.crt. Errors: HF_E_MISSING. */
HF_MUST_USE bool hf_home_issuer(
	const char *home, struct hf_bytes issuer, struct hf_loaded_cert *out, struct hf_err *err);

#endif
