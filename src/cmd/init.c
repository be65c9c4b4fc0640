#include "cmd/init.h"

#include "access/operator.h"
#include "base/alloc.h"
#include "base/hex.h"
#include "base/str.h"
#include "ca/enrol.h"
#include "cmd/ca_settings.h"
#include "cmd/desk.h"
#include "keyd/keyd.h"
#include "km/km.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct hf_init_operator hf_init_operators[] = {
	{"luru", "录入员", "ra-entry", "ra"},
	{"shenhe", "审核员", "ra-review", "ra"},
	{"zhizheng", "制证员", "ra-produce", "ra"},
	{"caczy", "CA业务操作员", "ca-operator", "ca"},
	{"kmczy", "KM业务操作员", "km-operator", "km"},
	{"shenji", "审计员", "auditor", "ca ra km ocsp"},
};
const size_t hf_num_init_operators = sizeof(hf_init_operators) / sizeof(hf_init_operators[0]);

enum { CA, RA, KM, OCSP, NUM_SERVICES };
static const char *const services[NUM_SERVICES] = {"ca", "ra", "km", "ocsp"};

/* Where each service's own keys are in its device, and what they may sign. */
static const struct {
	int service;
	const char *name;
	unsigned index;
	int64_t kinds;
} keys[] = {
	{CA, "root", 1, HF_SIGN_ROOT | HF_SIGN_CA | HF_SIGN_END | HF_SIGN_CRL},
	{CA, "ca", 2, HF_SIGN_END | HF_SIGN_CRL},
	{CA, "service", 3, HF_SIGN_OPERATION | HF_SIGN_KM_ASK},
	{CA, "audit", 4, HF_SIGN_JOURNAL},
	{RA, "service", 1, HF_SIGN_OPERATION},
	{RA, "audit", 2, HF_SIGN_JOURNAL},
	{KM, "km", 1, HF_SIGN_KM_GIVE},
	{KM, "audit", 2, HF_SIGN_JOURNAL},
	{OCSP, "ocsp", 1, HF_SIGN_OCSP},
	{OCSP, "audit", 2, HF_SIGN_JOURNAL},
};
#define NUM_KEYS (sizeof(keys) / sizeof(keys[0]))

#define SERVICE_DAYS  1825
#define OPERATOR_DAYS 1825

struct making {
	char home[HF_PATH_MAX]; /* HOME.new */
	const struct hf_settings *settings;
	const char *skf;
	char library[HF_PATH_MAX]; /* SDF */
	uint8_t pubs[NUM_KEYS][64];
	struct hf_buf root_name, ca_name, ocsp_name;
	struct hf_buf root, ca, service, km, ra, ocsp; /* certificates, DER */
	struct hf_keyd *keyd;                          /* of the CA */
	struct hf_dev dev;
	struct hf_store *store; /* of the CA */
	struct hf_ca work;
	bool work_open;
	void (*say)(void *ctx, enum hf_message step);
	void *ctx;
};

static void say(const struct making *m, enum hf_message step)
{
	if (m->say)
		m->say(m->ctx, step);
}

bool hf_program_folder(char out[HF_PATH_MAX], struct hf_err *err)
{
	ssize_t n = readlink("/proc/self/exe", out, HF_PATH_MAX - 1);

	if (n <= 0)
		return hf_fail(err, HF_E_INTERNAL, "cannot find this program's folder: %s", strerror(errno));
	out[n] = '\0';
	*strrchr(out, '/') = '\0';
	return true;
}

bool hf_home_is(const char *home)
{
	char path[HF_PATH_MAX];

	return hf_fmt(path, sizeof(path), "%s/" HF_SETTINGS_FILE, home) && hf_file_there(path);
}

static bool path_in(
	const struct making *m, const char *folder, const char *name, char out[HF_PATH_MAX], struct hf_err *err)
{
	return hf_fmt(out, HF_PATH_MAX, "%s/%s%s%s", m->home, folder, folder[0] && name[0] ? "/" : "", name) ||
	       hf_fail(err, HF_E_LIMIT, "%s: the path is too long", m->home);
}

static const uint8_t *pub_of(const struct making *m, int service, const char *name)
{
	for (size_t i = 0; i < NUM_KEYS; i++)
		if (keys[i].service == service && strcmp(keys[i].name, name) == 0)
			return m->pubs[i];
	hf_bug(__FILE__, __LINE__, "no such key in the table");
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool name_of(const struct making *m, const char *unit, const char *cn, struct hf_buf *out, struct hf_err *err)
{
	const struct hf_name_parts parts = {
		.C = "CN", .ST = m->settings->state, .O = m->settings->organization, .OU = {unit}, .CN = cn};

	hf_buf_reset(out);
	return hf_name_build(&parts, out, err);
}

static bool make_names(struct making *m, struct hf_err *err)
{
	return name_of(m, NULL, m->settings->root_name, &m->root_name, err) &&
	       name_of(m, NULL, m->settings->ca_name, &m->ca_name, err) &&
	       name_of(m, NULL, "Hufu OCSP", &m->ocsp_name, err);
}

/* ---- devices and policies --------------------------------------------------------------------------------------- */

static bool keyd_folder(const struct making *m, int service, char out[HF_PATH_MAX], struct hf_err *err)
{
	char name[16];

	hf_fmt_cut(name, sizeof(name), "keyd-%s", services[service]);
	return path_in(m, name, "", out, err);
}

static bool make_device(struct making *m, int service, struct hf_err *err)
{
	char folder[HF_PATH_MAX];
	struct hf_keyd_init init = {.folder = folder,
		.library = m->library,
		.service = services[service],
		.iterations = (unsigned)m->settings->pbkdf2,
		.kek = service == KM};

	if (!keyd_folder(m, service, folder, err))
		return false;
	for (size_t i = 0; i < NUM_KEYS; i++)
		if (keys[i].service == service) {
			init.keys[init.num_keys].name = keys[i].name;
			init.keys[init.num_keys++].index = keys[i].index;
		}
	if (!hf_keyd_make(&init, err))
		return false;
	for (size_t i = 0, n = 0; i < NUM_KEYS; i++)
		if (keys[i].service == service)
			memcpy(m->pubs[i], init.keys[n++].pub, sizeof(m->pubs[i]));
	return true;
}

/* What a key's own certificate allows; the policy repeats it, so that keyd need not ask anybody. */
static void limit_policy(const struct making *m, const char *name, int64_t now, struct hf_key_policy *policy)
{
	if (strcmp(name, "root") == 0) {
		policy->issuer = hf_buf_bytes(&m->root_name);
		policy->maxDays = m->settings->root_days;
		policy->notAfter = now + (m->settings->root_days + 1) * HF_DAY;
	} else if (strcmp(name, "ca") == 0) {
		policy->issuer = hf_buf_bytes(&m->ca_name);
		policy->maxDays = SERVICE_DAYS;
		policy->notAfter = now + m->settings->ca_days * HF_DAY;
	} else if (strcmp(name, "ocsp") == 0) {
		policy->issuer = hf_buf_bytes(&m->ocsp_name);
	}
}

static bool make_policy(const struct making *m, int service, struct hf_err *err)
{
	struct hf_key_policy policies[HF_KEYD_KEYS_MAX] = {0};
	int64_t now = hf_now(&hf_clock_system) / HF_SECOND * HF_SECOND;
	char folder[HF_PATH_MAX];
	size_t num = 0;

	for (size_t i = 0; i < NUM_KEYS; i++) {
		if (keys[i].service != service)
			continue;
		policies[num] = (struct hf_key_policy){.name = hf_bytes_str(keys[i].name),
			.index = keys[i].index,
			.kinds = keys[i].kinds,
			.notAfter = now};
		limit_policy(m, keys[i].name, now, &policies[num++]);
	}
	return keyd_folder(m, service, folder, err) &&
	       hf_keyd_write_policy(folder, services[service], service == KM, policies, num, err);
}

static bool make_devices(struct making *m, struct hf_err *err)
{
	for (int i = 0; i < NUM_SERVICES; i++)
		if (!make_device(m, i, err) || !make_policy(m, i, err))
			return false;
	return true;
}

/* ---- databases --------------------------------------------------------------------------------------------------- */

static bool open_store(
	const struct making *m, int service, const struct hf_schema *own, struct hf_store **store, struct hf_err *err)
{
	const struct hf_schema *schemas[] = {&hf_journal_schema, &hf_access_schema, own};
	char path[HF_PATH_MAX];
	const struct hf_store_options options = {.path = path, .schemas = schemas, .num_schemas = own ? 3 : 2};

	return path_in(m, services[service], "", path, err) && hf_dir_make(path, 0700, err) &&
	       path_in(m, services[service], "db.sqlite", path, err) && hf_store_open(&options, store, err);
}

static bool open_ca(struct making *m, struct hf_err *err)
{
	char folder[HF_PATH_MAX];
	const struct hf_keyd_options options = {.folder = folder, .library = m->library, .clock = &hf_clock_system};

	if (!keyd_folder(m, CA, folder, err) || !hf_keyd_open(&options, &m->keyd, err) ||
		!open_store(m, CA, &hf_ca_schema, &m->store, err))
		return false;
	m->dev = hf_keyd_dev(m->keyd);
	m->work = (struct hf_ca){.store = m->store, .dev = &m->dev, .clock = &hf_clock_system};
	hf_ca_settings_from(m->settings, &m->work.settings);
	pthread_mutex_init(&m->work.ledger_lock, NULL);
	return true;
}

/* ---- certificates ------------------------------------------------------------------------------------------------ */

static bool authority_of(const char *id, const struct hf_buf *der, struct hf_authority *authority, struct hf_err *err)
{
	hf_fmt_cut(authority->id, sizeof(authority->id), "%s", id);
	return hf_decode_cert(hf_buf_bytes(der), &authority->cert, err);
}

static bool make_authorities(struct making *m, struct hf_err *err)
{
	struct hf_authority root = {0};
	struct hf_enrol enrol = {.profile = HF_PROFILE_ROOT,
		.id = "authority/root",
		.subject = hf_buf_bytes(&m->root_name),
		.days = m->settings->root_days,
		.path_len = -1};

	memcpy(enrol.pub, pub_of(m, CA, "root"), sizeof(enrol.pub));
	if (!hf_ca_enrol(&m->work, &enrol, &m->root, err) || !authority_of("root", &m->root, &root, err))
		return false;
	enrol = (struct hf_enrol){.issuer = &root,
		.profile = HF_PROFILE_SUB_CA,
		.id = "authority/ca",
		.subject = hf_buf_bytes(&m->ca_name),
		.days = m->settings->ca_days};
	memcpy(enrol.pub, pub_of(m, CA, "ca"), sizeof(enrol.pub));
	return hf_ca_enrol(&m->work, &enrol, &m->ca, err) &&
	       hf_ca_authority_put(&m->work, "root", hf_buf_bytes(&m->root), err) &&
	       hf_ca_authority_put(&m->work, "ca", hf_buf_bytes(&m->ca), err);
}

/* A certificate for a service's key: under the root (the KM: GM/T 0034 6.3.2) or the operating CA. */
static bool enrol_service(struct making *m, const char *issuer, enum hf_profile profile, const char *cn,
	const uint8_t *pub, struct hf_buf *der, struct hf_err *err)
{
	struct hf_authority authority = {0};
	struct hf_enrol enrol = {
		.issuer = &authority, .profile = profile, .id = cn, .days = SERVICE_DAYS, .path_len = -1};
	struct hf_buf name;

	hf_buf_init(&name, HF_NAME_MAX);
	memcpy(enrol.pub, pub, sizeof(enrol.pub));
	bool ok = authority_of(issuer, strcmp(issuer, "root") == 0 ? &m->root : &m->ca, &authority, err) &&
		  name_of(m, NULL, cn, &name, err);
	enrol.subject = hf_buf_bytes(&name);
	ok = ok && hf_ca_enrol(&m->work, &enrol, der, err);
	hf_buf_clear(&name);
	return ok;
}

static bool make_services(struct making *m, struct hf_err *err)
{
	return enrol_service(m, "root", HF_PROFILE_SERVICE, "Hufu KM", pub_of(m, KM, "km"), &m->km, err) &&
	       enrol_service(
		       m, "ca", HF_PROFILE_SERVICE, "Hufu CA service", pub_of(m, CA, "service"), &m->service, err) &&
	       enrol_service(m, "ca", HF_PROFILE_SERVICE, "Hufu RA service", pub_of(m, RA, "service"), &m->ra, err) &&
	       enrol_service(m, "ca", HF_PROFILE_OCSP, "Hufu OCSP", pub_of(m, OCSP, "ocsp"), &m->ocsp, err) &&
	       hf_ca_tell_authority(&m->work, "root", "ca", hf_buf_bytes(&m->root), err) &&
	       hf_ca_tell_authority(&m->work, "ca", "ca", hf_buf_bytes(&m->ca), err) &&
	       hf_ca_tell_authority(&m->work, "ca", "responder", hf_buf_bytes(&m->ocsp), err);
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

struct registering {
	const struct hf_operator *op;
	struct hf_bytes der;
};

static bool register_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct registering *r = ctx;

	return hf_operator_add(tx, r->op, r->der, err);
}

static bool register_operator(struct hf_store *store, const char *id, const char *name, const char *role,
	const struct hf_buf *der, struct hf_err *err)
{
	struct hf_operator op = {.active = true};
	struct registering r = {&op, hf_buf_bytes(der)};
	struct hf_cert cert;

	if (!hf_decode_cert(r.der, &cert, err) || !hf_role_named(role, &op.role, err))
		return false;
	hf_fmt_cut(op.id, sizeof(op.id), "%s", id);
	hf_fmt_cut(op.name, sizeof(op.name), "%s", name);
	memcpy(op.pub, cert.pub, sizeof(op.pub));
	op.not_before = cert.tbs.validity.notBefore;
	op.not_after = cert.tbs.validity.notAfter;
	return hf_store_write(store, register_tx, &r, err);
}

static bool enrol_operator(struct making *m, struct hf_desk *desk, const struct hf_init_operator *op,
	struct hf_buf *der, struct hf_err *err)
{
	struct hf_authority ca = {0};
	struct hf_enrol enrol = {.issuer = &ca, .profile = HF_PROFILE_OPERATOR, .days = OPERATOR_DAYS, .path_len = -1};
	struct hf_token *token = NULL;
	struct hf_buf name;
	char id[80];

	hf_buf_init(&name, HF_NAME_MAX);
	hf_fmt_cut(id, sizeof(id), "operator/%s", op->id);
	enrol.id = id;
	bool ok = authority_of("ca", &m->ca, &ca, err) && hf_desk_make_operator(desk, op->id, enrol.pub, &token, err) &&
		  name_of(m, "操作员", op->name, &name, err);
	enrol.subject = hf_buf_bytes(&name);
	ok = ok && hf_ca_enrol(&m->work, &enrol, der, err) &&
	     hf_token_import_cert(token, HF_DESK_OPERATOR, HF_TOKEN_SIGN, hf_buf_bytes(der), err);
	hf_token_close(token);
	hf_buf_clear(&name);
	return ok || hf_fail_in(err, "operator %s", op->id);
}

/* Is the word among the blanks-joined ones? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += len)
		if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return true;
	return false;
}

static bool register_all(struct hf_store *stores[NUM_SERVICES], const struct hf_init_operator *op,
	const struct hf_buf *der, struct hf_err *err)
{
	for (int i = 0; i < NUM_SERVICES; i++)
		if (has_word(op->services, services[i]) &&
			!register_operator(stores[i], op->id, op->name, op->role, der, err))
			return false;
	return true;
}

static bool make_operators(struct making *m, struct hf_store *stores[NUM_SERVICES], struct hf_err *err)
{
	struct hf_desk desk = {0};
	struct hf_buf der;
	bool ok = hf_desk_open(&desk, m->home, m->skf, (uint32_t)m->settings->pbkdf2, err);

	hf_buf_init(&der, HF_CERT_MAX);
	for (size_t i = 0; ok && i < hf_num_init_operators; i++) {
		hf_buf_reset(&der);
		ok = enrol_operator(m, &desk, &hf_init_operators[i], &der, err) &&
		     register_all(stores, &hf_init_operators[i], &der, err);
	}
	ok = ok && register_operator(stores[CA], "ra", "RA", "service", &m->ra, err);
	hf_buf_clear(&der);
	hf_desk_close(&desk);
	return ok;
}

static bool make_registers(struct making *m, struct hf_err *err)
{
	struct hf_store *stores[NUM_SERVICES] = {m->store, NULL, NULL, NULL};
	const struct hf_km_peer peer = {"ca", hf_buf_bytes(&m->service)};
	bool ok = open_store(m, RA, NULL, &stores[RA], err) && open_store(m, KM, &hf_km_schema, &stores[KM], err) &&
		  open_store(m, OCSP, NULL, &stores[OCSP], err) &&
		  hf_km_init(stores[KM], &hf_clock_system, &peer, 1, err) && make_operators(m, stores, err);

	for (int i = RA; i < NUM_SERVICES; i++)
		hf_store_close(stores[i]);
	return ok;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static bool write_pem(
	const struct making *m, const char *folder, const char *name, const struct hf_buf *der, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	struct hf_buf pem;

	hf_buf_init(&pem, 2 * HF_CERT_MAX);
	hf_pem_put(&pem, "CERTIFICATE", hf_buf_bytes(der));
	bool ok = path_in(m, folder, name, path, err) && hf_file_write(path, hf_buf_bytes(&pem), 0644, err);
	hf_buf_clear(&pem);
	return ok;
}

static bool write_pub(
	const struct making *m, const char *folder, const char *name, const uint8_t pub[64], struct hf_err *err)
{
	char path[HF_PATH_MAX];
	char text[130];

	hf_hex((struct hf_bytes){pub, 64}, text);
	text[128] = '\n';
	return path_in(m, folder, name, path, err) &&
	       hf_file_write(path, (struct hf_bytes){(const uint8_t *)text, 129}, 0644, err);
}

static bool write_public(struct making *m, struct hf_err *err)
{
	for (int i = 0; i < NUM_SERVICES; i++)
		if (!write_pub(m, services[i], "audit.pub", pub_of(m, i, "audit"), err))
			return false;
	return write_pub(m, "ocsp", "feed.pub", pub_of(m, CA, "audit"), err) &&
	       write_pem(m, "ca", "service.crt", &m->service, err) && write_pem(m, "ca", "km.crt", &m->km, err) &&
	       write_pem(m, "ra", "service.crt", &m->ra, err) && write_pem(m, "ra", "ca.crt", &m->ca, err) &&
	       write_pem(m, "km", "km.crt", &m->km, err) && write_pem(m, "ocsp", "ocsp.crt", &m->ocsp, err) &&
	       write_pem(m, "", "root.crt", &m->root, err) && write_pem(m, "", "ca.crt", &m->ca, err) &&
	       write_pem(m, "", "ocsp.crt", &m->ocsp, err);
}

static bool write_settings(const struct making *m, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	struct hf_buf text;

	hf_buf_init(&text, 65536);
	hf_settings_print(m->settings, &text);
	bool ok = path_in(m, "", HF_SETTINGS_FILE, path, err) && hf_file_write(path, hf_buf_bytes(&text), 0644, err);
	hf_buf_clear(&text);
	return ok;
}

static bool first_crls(struct making *m, struct hf_err *err)
{
	char folder[HF_PATH_MAX];

	pthread_mutex_destroy(&m->work.ledger_lock);
	m->work_open = true;
	return path_in(m, services[CA], "", folder, err) && hf_ca_open(&m->work, folder, err) &&
	       hf_ca_crl_issue(&m->work, &m->work.root, NULL, err) && hf_ca_crl_issue(&m->work, &m->work.ca, NULL, err);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static bool make_all(struct making *m, struct hf_err *err)
{
	char programs[HF_PATH_MAX];

	if (!hf_program_folder(programs, err) || !hf_dir_make(m->home, 0700, err))
		return false;
	if (!(m->settings->sdf_library[0] ? hf_fmt(m->library, sizeof(m->library), "%s", m->settings->sdf_library)
					  : hf_fmt(m->library, sizeof(m->library), "%s/libhufusdf.so", programs)))
		return hf_fail(err, HF_E_LIMIT, "the SDF library's path is too long");
	say(m, HF_MSG_INIT_DEVICES);
	if (!make_names(m, err) || !make_devices(m, err) || !open_ca(m, err))
		return false;
	say(m, HF_MSG_INIT_AUTHORITIES);
	if (!make_authorities(m, err))
		return false;
	say(m, HF_MSG_INIT_SERVICES);
	if (!make_services(m, err))
		return false;
	say(m, HF_MSG_INIT_OPERATORS);
	if (!make_registers(m, err) || !write_public(m, err))
		return false;
	say(m, HF_MSG_INIT_CRLS);
	return first_crls(m, err) && write_settings(m, err);
}

static void making_init(struct making *m)
{
	struct hf_buf *names[] = {&m->root_name, &m->ca_name, &m->ocsp_name};
	struct hf_buf *certs[] = {&m->root, &m->ca, &m->service, &m->km, &m->ra, &m->ocsp};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		hf_buf_init(names[i], HF_NAME_MAX);
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		hf_buf_init(certs[i], HF_CERT_MAX);
}

static void making_clear(struct making *m)
{
	struct hf_buf *bufs[] = {
		&m->root_name, &m->ca_name, &m->ocsp_name, &m->root, &m->ca, &m->service, &m->km, &m->ra, &m->ocsp};

	if (m->work_open)
		hf_ca_close(&m->work);
	hf_store_close(m->store);
	hf_keyd_close(m->keyd);
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		hf_buf_clear(bufs[i]);
}

bool hf_home_make(const char *home, const struct hf_settings *settings, const char *skf,
	void (*say_fn)(void *ctx, enum hf_message step), void *ctx, struct hf_err *err)
{
	struct making *m;

	if (hf_home_is(home))
		return hf_fail(err, HF_E_EXISTS, "%s is a home already", home);
	if (rmdir(home) != 0 && errno != ENOENT)
		return hf_fail(
			err, HF_E_EXISTS, "%s: there is something already that is no home: %s", home, strerror(errno));
	m = hf_alloc(1, sizeof(*m));
	*m = (struct making){.settings = settings, .skf = skf, .say = say_fn, .ctx = ctx};
	making_init(m);
	bool ok = hf_fmt(m->home, sizeof(m->home), "%s.new", home) ||
		  hf_fail(err, HF_E_LIMIT, "%s: the path is too long", home);
	if (ok) {
		nftw(m->home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
		ok = make_all(m, err);
	}
	making_clear(m);
	if (ok && (rename(m->home, home) != 0))
		ok = hf_fail(err, HF_E_STORE, "%s: %s", home, strerror(errno));
	if (!ok)
		nftw(m->home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(m);
	return ok || hf_fail_in(err, "init");
}
