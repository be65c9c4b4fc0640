#include "token_int.h"

#include "base/alloc.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct function {
	const char *name;
	size_t offset;
	bool needed;
};

static const struct function functions[] = {
#define HF_SKF_ROW(name, needed) {#name, offsetof(struct hf_token_lib, name), needed},
	HF_SKF_FUNCTIONS(HF_SKF_ROW)
#undef HF_SKF_ROW
};

LPSTR hf_skf_text(const char *text)
{
	return (LPSTR)(uintptr_t)text;
}

BYTE *hf_skf_bytes(const void *p)
{
	return (BYTE *)(uintptr_t)p;
}

static bool load_functions(struct hf_token_lib *lib, const char *path, struct hf_err *err)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		const struct function *f = &functions[i];
		void *symbol = dlsym(lib->handle, f->name);
		if (!symbol && f->needed)
			return hf_fail(err, HF_E_DEVICE, "%s: has no %s: not a GM/T 0016 library for SM2 tokens", path,
				f->name);
		/* POSIX lets a data pointer carry a function; C does not, hence the copy. */
		memcpy((uint8_t *)lib + f->offset, &symbol, sizeof(symbol));
	}
	return true;
}

bool hf_token_lib_open(const char *path, struct hf_token_lib **out, struct hf_err *err)
{
	struct hf_token_lib *lib = hf_alloc(1, sizeof(*lib));

	lib->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle) {
		const char *why = dlerror();
		free(lib);
		return hf_fail(err, HF_E_DEVICE, "%s: cannot be loaded: %s", path, why ? why : "no reason given");
	}
	if (!load_functions(lib, path, err)) {
		hf_token_lib_close(lib);
		return false;
	}
	*out = lib;
	return true;
}

void hf_token_lib_close(struct hf_token_lib *lib)
{
	if (!lib)
		return;
	dlclose(lib->handle);
	free(lib);
}

bool hf_token_lib_makes(const struct hf_token_lib *lib)
{
	return lib->SKFX_CreateDevice != NULL;
}

bool hf_token_lib_decrypts(const struct hf_token_lib *lib)
{
	return lib->SKF_ECCPrvKeyDecrypt != NULL;
}

bool hf_token_pin_copy(struct hf_bytes pin, char out[HF_TOKEN_PIN_MAX], struct hf_err *err)
{
	if (pin.len == 0 || pin.len >= HF_TOKEN_PIN_MAX || memchr(pin.p, 0, pin.len))
		return hf_fail(err, HF_E_INPUT, "a PIN has 6 to 64 octets, none of them zero (GM/T 0016 8.2)");
	memset(out, 0, HF_TOKEN_PIN_MAX);
	memcpy(out, pin.p, pin.len);
	return true;
}
