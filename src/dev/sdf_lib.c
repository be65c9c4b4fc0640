#include "dev/sdf_lib.h"

#include "base/str.h"

#include <dlfcn.h>
#include <string.h>

static const struct {
	const char *name;
	size_t offset;
	bool needed;
} functions[] = {
#define HF_SDF_NEEDED(name)   {#name, offsetof(struct hf_sdf_lib, name), true},
#define HF_SDF_OPTIONAL(name) {#name, offsetof(struct hf_sdf_lib, name), false},
#include "dev/sdf_functions.h"
#undef HF_SDF_NEEDED
#undef HF_SDF_OPTIONAL
};

/* GM/T 0018 Annex A */
static const char *const error_names[] = {"SDR_OK", "SDR_UNKNOWERR", "SDR_NOTSUPPORT", "SDR_COMMFAIL", "SDR_HARDFAIL",
	"SDR_OPENDEVICE", "SDR_OPENSESSION", "SDR_PARDENY", "SDR_KEYNOTEXIST", "SDR_ALGNOTSUPPORT",
	"SDR_ALGMODNOTSUPPORT", "SDR_PKOPERR", "SDR_SKOPERR", "SDR_SIGNERR", "SDR_VERIFYERR", "SDR_SYMOPERR",
	"SDR_STEPERR", "SDR_FILESIZEERR", "SDR_FILENOEXIST", "SDR_FILEOFSERR", "SDR_KEYTYPEERR", "SDR_KEYERR",
	"SDR_ENCDATAERR", "SDR_RANDERR", "SDR_PRKRERR", "SDR_MACERR", "SDR_FILEEXISTS", "SDR_FILEWERR", "SDR_NOBUFFER",
	"SDR_INARGERR", "SDR_OUTARGERR"};

bool hf_sdf_lib_open(struct hf_sdf_lib *lib, const char *path, struct hf_err *err)
{
	*lib = (struct hf_sdf_lib){.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
	if (!lib->handle)
		return hf_fail(err, HF_E_DEVICE, "SDF library: %s", dlerror());
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *symbol = dlsym(lib->handle, functions[i].name);
		if (!symbol && functions[i].needed) {
			hf_sdf_lib_close(lib);
			return hf_fail(
				err, HF_E_DEVICE, "SDF library %s has no %s (GM/T 0018)", path, functions[i].name);
		}
		memcpy((char *)lib + functions[i].offset, &symbol, sizeof(symbol));
	}
	return true;
}

void hf_sdf_lib_close(struct hf_sdf_lib *lib)
{
	if (lib->handle)
		dlclose(lib->handle);
	*lib = (struct hf_sdf_lib){0};
}

const char *hf_sdf_error_name(int code)
{
	unsigned low = (unsigned)code & 0xFFFFFF;

	if (code == 0)
		return error_names[0];
	if (((unsigned)code & 0xFF000000) != 0x01000000 || low >= sizeof(error_names) / sizeof(error_names[0]))
		return "a code of the vendor's own";
	return error_names[low];
}

bool hf_sdf_fail(struct hf_err *err, const char *function, int code)
{
	return hf_fail(err, HF_E_DEVICE, "%s: %s (%08x)", function, hf_sdf_error_name(code), (unsigned)code);
}
