/*
 * <home>/hufu.conf: the settings of all services of a home, one table. What is not in the file has the default of the
 * table; what is in the file and not in the table is an error (base/conf.h). `hufu init` writes the file with
 * hf_settings_print; each service reads all of it at its start and changes nothing.
 */
#ifndef HUFU_CMD_SETTINGS_H
#define HUFU_CMD_SETTINGS_H

#include "base/buf.h"
#include "base/file.h"

#define HF_SETTINGS_FILE "hufu.conf"

struct hf_settings {
	char address[64]; /* numeric; every service listens here */
	int64_t ca_port, ra_port, km_port, ocsp_port;
	char url[128]; /* without a slash at its end; written into certificates: AIA, CRL distribution points */
	char ca_url[128], km_url[128]; /* where rad, ocspd find cad; where cad finds kmd */

	char root_name[65], ca_name[65], organization[65],
		state[129];         /* of the two CA certificates' names; state may be "" */
	int64_t root_days, ca_days; /* validity of the two CA certificates */
	int64_t crl_hours;          /* from thisUpdate to nextUpdate; a new CRL is made after half of it */
	int64_t max_days;           /* the longest validity of a user's certificate */

	int64_t receipt_days; /* an issued certificate without a receipt is revoked after them */

	int64_t spare_low, spare_target; /* KM: refill below low, up to target */

	int64_t ocsp_poll_ms; /* how often ocspd asks for new feed frames */
	int64_t ocsp_minutes; /* from thisUpdate to nextUpdate of an answer */

	char sdf_library[HF_PATH_MAX]; /* a vendor's SDF library; "" is our own libhufusdf.so */
	int64_t pbkdf2;                /* iterations of our own device's and token's PIN derivation */
};

/* The defaults. */
void hf_settings_init(struct hf_settings *settings);
/* Defaults, then <home>/hufu.conf. Errors: HF_E_MISSING (says to run `hufu init`), HF_E_INPUT. */
HF_MUST_USE bool hf_settings_read(const char *home, struct hf_settings *settings, struct hf_err *err);
/* Defaults, then this file. Errors: the same. */
HF_MUST_USE bool hf_settings_read_file(const char *path, struct hf_settings *settings, struct hf_err *err);
/* The file: every setting with its meaning. */
void hf_settings_print(const struct hf_settings *settings, struct hf_buf *out);

/* The port of one of the URLs above ("http://127.0.0.1:8443"), for a jail's list; 80 when it names none. */
uint16_t hf_url_port(const char *url);

#endif
