/*
 * The `hufu` command: one table of verbs, one parser, one way to speak.
 *
 *     hufu [GROUP] VERB [ARGUMENT…] [--option [VALUE]]…
 *
 * A row of the table (struct hf_verb) names the verb, its arguments, its options and the function; --help, the parser
 * and the checks walk the table. Every option's value and every text that people read comes through here:
 *
 *     int hf_cmd_request_show(struct hf_cmd *cmd, int argc, char **argv)
 *     {
 *             const char *state = hf_cmd_opt(cmd, "state");            NULL: not given
 *             if (!…(…, &err))
 *                     return hf_cmd_fail(cmd, &err);                   what, where, clause, what to do; exit 1
 *             …
 *             return HF_EXIT_OK;
 *     }
 *
 * Results go to standard output, everything else to standard error. With --json the result is one JSON value and an
 * error is {"error":"<code>","text":"…"} on standard error. JSON is the same in every language.
 */
#ifndef HUFU_CMD_CMD_H
#define HUFU_CMD_CMD_H

#include "base/buf.h"
#include "cmd/messages.h"

enum hf_exit {
	HF_EXIT_OK = 0,
	HF_EXIT_REFUSED = 1, /* refused, failed, or what was asked about is not valid */
	HF_EXIT_MISUSE = 2,  /* the command line is wrong: nothing was tried */
};

struct hf_option {
	const char *name;     /* without "--"; NULL ends a list */
	const char *value;    /* its placeholder, "FILE"; NULL: a switch */
	enum hf_message help; /* one line */
};

struct hf_cmd;

struct hf_verb {
	const char *group, *name;        /* group NULL: "up", "status" */
	const char *args;                /* "FILE", "ID…", "" */
	int min_args, max_args;          /* max_args < 0: any number */
	enum hf_message help;            /* one line */
	const struct hf_option *options; /* besides the common ones; ends with a row without name; may be NULL */
	/* Without verb and options: argv[0] is the first argument. Gives enum hf_exit. */
	int (*fn)(struct hf_cmd *cmd, int argc, char **argv);
};

#define HF_CMD_GIVEN_MAX 128

struct hf_cmd {
	const char *home; /* --home; "var" */
	bool json;        /* --json */
	enum hf_lang lang;
	const char *program;        /* argv[0] */
	const struct hf_verb *verb; /* that runs */
	struct {
		const char *name, *value; /* value "" for a switch */
	} given[HF_CMD_GIVEN_MAX];        /* options as they came, the common ones among them */
	size_t num_given;
};

/* The whole command: parses, answers --help, runs the verb. verbs are num rows. Gives the exit status. */
int hf_cmd_main(const struct hf_verb *verbs, size_t num, int argc, char **argv);
/*
 * Only the parser: fills cmd, moves the arguments to args[0 … *num_args - 1] (room for argc). *help: print the help of
 * cmd->verb (all verbs when it is NULL). Errors: HF_E_INPUT with the text for the user.
 */
HF_MUST_USE bool hf_cmd_parse(struct hf_cmd *cmd, const struct hf_verb *verbs, size_t num, int argc, char **argv,
	char **args, int *num_args, bool *help, struct hf_err *err);

/* The value of an option (the last given), "" for a switch, NULL when it was not given. */
const char *hf_cmd_opt(const struct hf_cmd *cmd, const char *name);
/* The i-th value of an option that may be given several times, or NULL. */
const char *hf_cmd_opt_nth(const struct hf_cmd *cmd, const char *name, size_t i);
/* A number. dflt when not given. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_cmd_opt_i64(const struct hf_cmd *cmd, const char *name, int64_t min, int64_t max, int64_t dflt,
	int64_t *out, struct hf_err *err);

/* The message in the user's language. */
const char *hf_cmd_text(const struct hf_cmd *cmd, enum hf_message id);
/* A line on standard output; one on standard error. The format is the message's. */
void hf_cmd_say(const struct hf_cmd *cmd, enum hf_message id, ...);
void hf_cmd_note(const struct hf_cmd *cmd, enum hf_message id, ...);
/* Prints the error and gives HF_EXIT_REFUSED. */
int hf_cmd_fail(const struct hf_cmd *cmd, const struct hf_err *err);
/* The same for a wrong command line; gives HF_EXIT_MISUSE and points to --help. */
int hf_cmd_misuse(const struct hf_cmd *cmd, const struct hf_err *err);
/* Writes all of out to standard output. False: it could not be written (HF_E_STORE). */
HF_MUST_USE bool hf_cmd_print(const struct hf_buf *out, struct hf_err *err);
/* The same, as a file that --out names: "-" or NULL is standard output. */
HF_MUST_USE bool hf_cmd_write(const char *path, struct hf_bytes content, struct hf_err *err);

/* ---- the verbs -------------------------------------------------------------------------------------------------- */

#define HF_CMD_VERB_FN(name) int hf_cmd_##name(struct hf_cmd *cmd, int argc, char **argv)

/* init.c, up.c */
HF_CMD_VERB_FN(init);
HF_CMD_VERB_FN(up);
HF_CMD_VERB_FN(down);
HF_CMD_VERB_FN(status);
/* hufu_request.c */
HF_CMD_VERB_FN(request_add);
HF_CMD_VERB_FN(request_import);
HF_CMD_VERB_FN(request_list);
HF_CMD_VERB_FN(request_show);
HF_CMD_VERB_FN(request_review);
HF_CMD_VERB_FN(request_produce);
/* hufu_cert.c */
HF_CMD_VERB_FN(cert_list);
HF_CMD_VERB_FN(cert_show);
HF_CMD_VERB_FN(cert_export);
HF_CMD_VERB_FN(cert_revoke);
HF_CMD_VERB_FN(cert_freeze);
HF_CMD_VERB_FN(cert_unfreeze);
/* hufu_crl.c */
HF_CMD_VERB_FN(crl_show);
HF_CMD_VERB_FN(crl_fetch);
HF_CMD_VERB_FN(ocsp_query);
/* hufu_audit.c */
HF_CMD_VERB_FN(audit_list);
HF_CMD_VERB_FN(audit_verify);
/* hufu_token.c */
HF_CMD_VERB_FN(token_list);
HF_CMD_VERB_FN(token_show);
/* hufu_x509.c */
HF_CMD_VERB_FN(x509_print);
HF_CMD_VERB_FN(x509_verify);
/* hufu_device.c, hufu_random.c */
HF_CMD_VERB_FN(device_init);
HF_CMD_VERB_FN(device_info);
HF_CMD_VERB_FN(device_keys);
HF_CMD_VERB_FN(device_generate);
HF_CMD_VERB_FN(device_export_public);
HF_CMD_VERB_FN(device_backup);
HF_CMD_VERB_FN(device_restore);
HF_CMD_VERB_FN(device_self_test);
HF_CMD_VERB_FN(device_bench);
HF_CMD_VERB_FN(device_test_random);
/* hufu_sm2.c, hufu_sm3.c, hufu_sm4.c */
HF_CMD_VERB_FN(sm2_sign);
HF_CMD_VERB_FN(sm2_verify);
HF_CMD_VERB_FN(sm2_encrypt);
HF_CMD_VERB_FN(sm2_decrypt);
HF_CMD_VERB_FN(sm3_hash);
HF_CMD_VERB_FN(sm3_hmac);
HF_CMD_VERB_FN(sm4_encrypt);
HF_CMD_VERB_FN(sm4_decrypt);

#endif
