/*
 * What the files of HTTP share: taking a request target apart (http_target.c).
 */
#ifndef HUFU_NET_HTTP_INT_H
#define HUFU_NET_HTTP_INT_H

#include "net/http.h"

/*
 * Decodes percent signs. only holds the characters that may stand for themselves beside letters and digits. out is a
 * new string. Errors: HF_E_INPUT (what names the part in the text).
 */
HF_MUST_USE bool hf_percent_decode(
	struct hf_bytes in, const char *only, bool plus_is_blank, const char *what, char **out, struct hf_err *err);

#define HF_PATH_MARKS "-._~!$&'()*+,;=:@/"

/* The decoded path; refuses what does not begin with '/', and "." and ".." segments. */
HF_MUST_USE bool hf_target_path(struct hf_bytes raw, char **path, struct hf_err *err);
/* Fills ex->query from what follows the '?'. */
HF_MUST_USE bool hf_target_query(struct hf_bytes raw, struct hf_exchange *ex, struct hf_err *err);

#endif
