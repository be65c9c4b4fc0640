/*
 * The demonstration of `hufu up`: three applicants go from application to token, one is then revoked, one frozen, and
 * what an outside verifier needs is left in <home>/demo (the README lists the files). Everything goes over the wire to
 * the running services, by the operators' own tokens.
 */
#ifndef HUFU_CMD_DEMO_H
#define HUFU_CMD_DEMO_H

#include "cmd/cmd.h"

/* Errors: whatever failed first, with the step's name in front. */
HF_MUST_USE bool hf_demo_run(const struct hf_cmd *cmd, const char *home, const char *skf, struct hf_err *err);

#endif
