#include "cmd/settings.h"

#include "base/conf.h"
#include "base/str.h"

#include <string.h>

struct setting {
	struct hf_conf_key key;
	const char *meaning;
	const char *text; /* the default of a string */
	int64_t number;   /* of a number */
};

#define AT(member)   offsetof(struct hf_settings, member)
#define ROOM(member) sizeof(((struct hf_settings *)0)->member)
#define STR(sec, member, dflt, why)                                                                                    \
	{                                                                                                              \
		{sec, #member, HF_CONF_STR, AT(member), ROOM(member), 0, 0, false}, why, dflt, 0                       \
	}
#define NUM(sec, member, least, most, dflt, why)                                                                       \
	{                                                                                                              \
		{sec, #member, HF_CONF_INT, AT(member), 0, least, most, false}, why, NULL, dflt                        \
	}

/* clang-format off */
static const struct setting table[] = {
	STR("network", address, "127.0.0.1", "every service listens on this address"),
	NUM("network", ca_port, 1, 65535, 8441, "cad"),
	NUM("network", ra_port, 1, 65535, 8442, "rad"),
	NUM("network", km_port, 1, 65535, 8443, "kmd"),
	NUM("network", ocsp_port, 1, 65535, 8444, "ocspd"),
	STR("network", url, "http://127.0.0.1:8444", "written into certificates: OCSP, CRLs and CA certificates are there"),
	STR("network", ca_url, "http://127.0.0.1:8441", "where rad and ocspd find cad"),
	STR("network", km_url, "http://127.0.0.1:8443", "where cad finds kmd"),
	STR("ca", root_name, "Hufu Demonstration Root", "common name of the root"),
	STR("ca", ca_name, "Hufu Demonstration CA", "common name of the operating CA"),
	STR("ca", organization, "Hufu", "O of both"),
	STR("ca", state, "", "S of both; empty: none"),
	NUM("ca", root_days, 1, 10950, 7300, "validity of the root"),
	NUM("ca", ca_days, 1, 7300, 3650, "validity of the operating CA"),
	NUM("ca", crl_hours, 1, 8760, 24, "from thisUpdate to nextUpdate of a CRL"),
	NUM("ca", max_days, 1, 1825, 1825, "longest validity of a user's certificate"),
	NUM("ra", receipt_days, 1, 365, 7, "issued and not installed for so long: revoked"),
	NUM("km", spare_low, 1, 1000000, 256, "fewer spare key pairs start a refill"),
	NUM("km", spare_target, 1, 1000000, 1024, "a refill ends here"),
	NUM("ocsp", ocsp_poll_ms, 10, 60000, 200, "how often ocspd asks cad for news"),
	NUM("ocsp", ocsp_minutes, 1, 10080, 60, "from thisUpdate to nextUpdate of an answer"),
	STR("device", sdf_library, "", "a vendor's GM/T 0018 library; empty: libhufusdf.so"),
	NUM("device", pbkdf2, 1, 10000000, 20000, "PBKDF2 iterations for our own device, and for operators' tokens of it"),
};
/* clang-format on */
#define NUM_SETTINGS (sizeof(table) / sizeof(table[0]))

void hf_settings_init(struct hf_settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	for (size_t i = 0; i < NUM_SETTINGS; i++) {
		char *place = (char *)settings + table[i].key.offset;

		if (table[i].key.kind == HF_CONF_STR)
			hf_fmt_cut(place, table[i].key.size, "%s", table[i].text);
		else
			memcpy(place, &table[i].number, sizeof(table[i].number));
	}
}

bool hf_settings_read_file(const char *path, struct hf_settings *settings, struct hf_err *err)
{
	struct hf_conf_key keys[NUM_SETTINGS];

	hf_settings_init(settings);
	for (size_t i = 0; i < NUM_SETTINGS; i++)
		keys[i] = table[i].key;
	if (!hf_conf_read(path, keys, NUM_SETTINGS, settings, err))
		return false;
	return settings->spare_low <= settings->spare_target ||
	       hf_fail(err, HF_E_INPUT, "%s: [km] spare_low is above spare_target", path);
}

bool hf_settings_read(const char *home, struct hf_settings *settings, struct hf_err *err)
{
	char path[HF_PATH_MAX];

	if (!hf_fmt(path, sizeof(path), "%s/" HF_SETTINGS_FILE, home))
		return hf_fail(err, HF_E_LIMIT, "home: the path is longer than %d octets", HF_PATH_MAX);
	if (hf_settings_read_file(path, settings, err))
		return true;
	if (err->code == HF_E_MISSING)
		hf_fail(err, HF_E_MISSING, "%s is not there: is this a home? `hufu init --home DIR` makes one", path);
	return false;
}

void hf_settings_print(const struct hf_settings *settings, struct hf_buf *out)
{
	const char *section = "";

	for (size_t i = 0; i < NUM_SETTINGS; i++) {
		const struct hf_conf_key *key = &table[i].key;
		const char *place = (const char *)settings + key->offset;
		int64_t v;

		if (strcmp(section, key->section) != 0)
			(void)hf_buf_printf(out, "%s[%s]\n", i > 0 ? "\n" : "", key->section);
		section = key->section;
		(void)hf_buf_printf(out, "; %s\n%s = ", table[i].meaning, key->name);
		memcpy(&v, place, sizeof(v));
		if (key->kind == HF_CONF_STR)
			(void)hf_buf_printf(out, "%s\n", place);
		else
			(void)hf_buf_printf(out, "%lld\n", (long long)v);
	}
}

uint16_t hf_url_port(const char *url)
{
	const char *colon = strrchr(url, ':');
	int64_t v;

	return colon && hf_parse_i64(colon + 1, 1, 65535, &v) ? (uint16_t)v : 80;
}
