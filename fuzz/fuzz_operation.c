/*
 * Signed operations as they come over HTTP. The input is lines: method, path, operator, operation id, time, signature;
 * what follows is the body. Whatever is read has one canonical form, of seven lines, that nothing in it can forge.
 */
#include "access/operation.h"
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NUM_LINES 6

static void canonical(const struct hf_call *call)
{
	struct hf_bytes text = hf_call_canonical(call);
	char again[HF_CALL_SIG_TEXT];
	uint8_t signature[HF_SM2_SIG];
	size_t lines = 0;

	HF_ASSERT(text.len > 0 && text.len < HF_CALL_CANON_MAX);
	HF_ASSERT(hf_bytes_start_with(text, HF_BYTES_LIT("HUFU-OPERATION-1\nra\n")));
	for (size_t i = 0; i < text.len; i++)
		lines += text.p[i] == '\n';
	HF_ASSERT(lines == 7 && text.p[text.len - 1] == '\n');
	hf_call_signature_text(call->signature, again);
	HF_ASSERT(hf_call_signature_read(again, signature, NULL));
	HF_ASSERT(memcmp(signature, call->signature, sizeof(signature)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = hf_strndup((const char *)data, size);
	char *lines[NUM_LINES];
	char *at = text;
	struct hf_call *call = hf_alloc(1, sizeof(*call));

	for (size_t i = 0; i < NUM_LINES; i++) {
		lines[i] = at;
		at = at ? strchr(at, '\n') : NULL;
		if (at)
			*at++ = '\0';
	}
	*call = (struct hf_call){.service = "ra", .method = lines[0], .path = lines[1] ? lines[1] : ""};
	if (at)
		call->body = hf_bytes_str(at);
	if (hf_call_read(call, lines[2], lines[3], lines[4], lines[5], NULL))
		canonical(call);
	free(call);
	free(text);
	return 0;
}
