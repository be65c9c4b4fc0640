/* The table of jails: one row a kind of process. What each set of calls holds is in jail_calls.c. */
#include "proc/jail.h"

#include "base/str.h"

#define OWN_FOLDER                                                                                                     \
	{                                                                                                              \
		"@", HF_JAIL_WRITE, false                                                                              \
	}

const struct hf_jail_profile hf_jails[] = {
	/* The device process: its folder (ledger, keys at rest) and descriptors handed to it. No socket of any kind. */
	{"keyd", HF_JAIL_FILES | HF_JAIL_THREADS, {OWN_FOLDER}},
	/* With a vendor's SDF library, which opens TCP, threads and files, and reconnects: its paths and ports are
	   extra. */
	{"keyd-vendor", HF_JAIL_FILES | HF_JAIL_THREADS | HF_JAIL_TCP_CLIENT | HF_JAIL_VENDOR, {OWN_FOLDER}},
	{"cad", HF_JAIL_FILES | HF_JAIL_THREADS | HF_JAIL_TCP_SERVER | HF_JAIL_TCP_CLIENT, {OWN_FOLDER}},
	{"rad", HF_JAIL_FILES | HF_JAIL_THREADS | HF_JAIL_TCP_SERVER | HF_JAIL_TCP_CLIENT, {OWN_FOLDER}},
	/* The KM only answers: GM/T 0014 requests come to it, it asks nobody. */
	{"kmd", HF_JAIL_FILES | HF_JAIL_THREADS | HF_JAIL_TCP_SERVER, {OWN_FOLDER}},
	/* Reads the CA's feed over HTTP. */
	{"ocspd", HF_JAIL_FILES | HF_JAIL_THREADS | HF_JAIL_TCP_SERVER | HF_JAIL_TCP_CLIENT, {OWN_FOLDER}},
};
const size_t hf_num_jails = sizeof(hf_jails) / sizeof(hf_jails[0]);

const struct hf_jail_profile *hf_jail_find(const char *name)
{
	for (size_t i = 0; i < hf_num_jails; i++)
		if (hf_str_equal(hf_jails[i].name, name))
			return &hf_jails[i];
	return NULL;
}
