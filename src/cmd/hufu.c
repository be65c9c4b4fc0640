/*
 * hufu(1): the command of Hufu
 *
 *     hufu init|up|down|status                          a home and its services
 *     hufu request add|import|list|show|review|produce   the registration authority's work (录入、审核、制证)
 *     hufu cert list|show|export|revoke|freeze|unfreeze  the CA operator's
 *     hufu crl show|fetch, hufu ocsp query               what relying parties see
 *     hufu audit list|verify                             the auditor's
 *     hufu token list|show, hufu x509 print|verify       at the workstation
 *     hufu device init|info|keys|generate|export-public|backup|restore|self-test|bench|test-random
 *     hufu sm2 sign|verify|encrypt|decrypt, hufu sm3 hash|hmac, hufu sm4 encrypt|decrypt   files
 *
 * `hufu VERB --help` tells each one's arguments and options; --json gives results for programs; --home names the
 * authority's folder (default: var). Texts are Chinese or English by LC_ALL, LC_MESSAGES, LANG or --lang.
 *
 * EXIT STATUS
 *     0 done or valid; 1 refused, failed or not valid; 2 the command line is wrong
 *
 * FILES
 *     HOME/hufu.conf             where the services are           HOME/tokens/    software tokens and their PINs
 *     HOME/root.crt, ca.crt      what certificates are held against
 *
 * SECURITY
 *     For an authority it holds no key: whatever an operator does is signed by the operator's own token, whose
 *     library (GM/T 0016) is loaded here and nowhere else. `hufu device` and `hufu sm2` open a device (GM/T 0018) or a
 *     key file that the caller names. PINs come from a file (0600) or the terminal, never from arguments or the
 *     environment. What a service answers is not believed but checked: certificates against ca.crt, keys against the
 *     token, OCSP answers and CRLs by their signatures, the audit trail by its chain. Texts of others are made harmless
 *     before a terminal sees them. The demonstration keeps its operators' PINs in HOME/tokens/pins; a real authority
 *     has none there.
 */
#include "cmd/cmd.h"
#include "cmd/request_int.h"

#define END                                                                                                            \
	{                                                                                                              \
		NULL, NULL, HF_MSG_OPT_HELP                                                                            \
	}

/* clang-format off */
static const struct hf_option home_options[] = {
	{"config", "FILE", HF_MSG_OPT_CONFIG},
	{"port", "N", HF_MSG_OPT_PORT},
	{"iterations", "N", HF_MSG_OPT_ITERATIONS},
	END,
};
static const struct hf_option up_options[] = {
	{"once", NULL, HF_MSG_OPT_ONCE},
	{"config", "FILE", HF_MSG_OPT_CONFIG},
	{"port", "N", HF_MSG_OPT_PORT},
	{"iterations", "N", HF_MSG_OPT_ITERATIONS},
	END,
};
static const struct hf_option import_options[] = {
	{"batch", "ID", HF_MSG_OPT_BATCH},
	{"no-produce", NULL, HF_MSG_OPT_NO_PRODUCE},
	{"jobs", "N", HF_MSG_OPT_JOBS},
	{"reviewer", "NAME", HF_MSG_OPT_REVIEWER},
	{"producer", "NAME", HF_MSG_OPT_PRODUCER},
	END,
};
static const struct hf_option request_list_options[] = {
	{"state", "STATE", HF_MSG_OPT_STATE},
	{"batch", "ID", HF_MSG_OPT_BATCH_FILTER},
	{"after", "ID", HF_MSG_OPT_AFTER},
	{"limit", "N", HF_MSG_OPT_LIMIT},
	END,
};
static const struct hf_option review_options[] = {
	{"reject", NULL, HF_MSG_OPT_REJECT},
	{"reason", "TEXT", HF_MSG_OPT_REASON_TEXT},
	END,
};
static const struct hf_option produce_options[] = {
	{"jobs", "N", HF_MSG_OPT_JOBS},
	{"token", "DEVICE", HF_MSG_OPT_TOKEN},
	{"token-pin", "FILE", HF_MSG_OPT_TOKEN_PIN},
	{"application", "NAME", HF_MSG_OPT_APPLICATION},
	{"container", "NAME", HF_MSG_OPT_CONTAINER},
	END,
};
static const struct hf_option cert_list_options[] = {
	{"state", "STATE", HF_MSG_OPT_STATE},
	{"request", "ID", HF_MSG_OPT_REQUEST},
	{"subject", "TEXT", HF_MSG_OPT_SUBJECT},
	{"after", "SERIAL", HF_MSG_OPT_AFTER},
	{"limit", "N", HF_MSG_OPT_LIMIT},
	END,
};
static const struct hf_option export_options[] = {
	{"out", "FILE", HF_MSG_OPT_OUT},
	{"der", NULL, HF_MSG_OPT_DER},
	END,
};
static const struct hf_option revoke_options[] = {
	{"reason", "REASON", HF_MSG_OPT_REASON},
	{"only", NULL, HF_MSG_OPT_ONLY},
	END,
};
static const struct hf_option freeze_options[] = {
	{"only", NULL, HF_MSG_OPT_ONLY},
	END,
};
static const struct hf_option crl_show_options[] = {
	{"issuer", "FILE", HF_MSG_OPT_ISSUER},
	END,
};
static const struct hf_option crl_fetch_options[] = {
	{"out", "FILE", HF_MSG_OPT_OUT},
	{"issuer", "FILE", HF_MSG_OPT_ISSUER},
	END,
};
static const struct hf_option ocsp_options[] = {
	{"hash", "NAME", HF_MSG_OPT_HASH},
	{"nonce", NULL, HF_MSG_OPT_NONCE},
	{"get", NULL, HF_MSG_OPT_GET},
	{"issuer", "FILE", HF_MSG_OPT_ISSUER},
	{"out", "FILE", HF_MSG_OPT_OUT_DER},
	END,
};
static const struct hf_option audit_list_options[] = {
	{"service", "NAME", HF_MSG_OPT_SERVICE},
	{"by", "OPERATOR", HF_MSG_OPT_FILTER_OPERATOR},
	{"operation", "NAME", HF_MSG_OPT_FILTER_OPERATION},
	{"result", "NAME", HF_MSG_OPT_FILTER_RESULT},
	{"object", "NAME", HF_MSG_OPT_FILTER_OBJECT},
	{"from", "TIME", HF_MSG_OPT_FROM},
	{"to", "TIME", HF_MSG_OPT_TO},
	{"after", "FRAME", HF_MSG_OPT_AFTER},
	{"limit", "N", HF_MSG_OPT_LIMIT},
	END,
};
static const struct hf_option audit_verify_options[] = {
	{"service", "NAME", HF_MSG_OPT_SERVICE},
	{"all", NULL, HF_MSG_OPT_ALL},
	END,
};
static const struct hf_option token_options[] = {
	{"application", "NAME", HF_MSG_OPT_APPLICATION},
	END,
};
static const struct hf_option x509_verify_options[] = {
	{"anchor", "FILE", HF_MSG_OPT_ANCHOR},
	{"intermediate", "FILE", HF_MSG_OPT_INTERMEDIATE},
	{"crl", "FILE", HF_MSG_OPT_CRL},
	{"require-crl", NULL, HF_MSG_OPT_REQUIRE_CRL},
	{"issuer", "FILE", HF_MSG_OPT_ISSUER},
	{"cert", "FILE", HF_MSG_OPT_CERT_ASKED},
	{"content", "FILE", HF_MSG_OPT_CONTENT},
	{"at", "TIME", HF_MSG_OPT_AT},
	{"time", "TIME", HF_MSG_OPT_AT},
	{"policy", "OID", HF_MSG_OPT_PATH_POLICY},
	{"explicit-policy", NULL, HF_MSG_OPT_EXPLICIT_POLICY},
	{"inhibit-mapping", NULL, HF_MSG_OPT_INHIBIT_MAPPING},
	{"inhibit-any", NULL, HF_MSG_OPT_INHIBIT_ANY},
	END,
};

#define DEVICE_OPTIONS {"device", "DIR", HF_MSG_OPT_DEVICE}, {"sdf", "LIBRARY", HF_MSG_OPT_SDF}
static const struct hf_option device_options[] = {
	DEVICE_OPTIONS,
	END,
};
static const struct hf_option device_init_options[] = {
	DEVICE_OPTIONS,
	{"iterations", "N", HF_MSG_OPT_ITERATIONS},
	END,
};
static const struct hf_option device_keys_options[] = {
	DEVICE_OPTIONS,
	{"limit", "N", HF_MSG_OPT_INDEX_LIMIT},
	END,
};
static const struct hf_option device_generate_options[] = {
	DEVICE_OPTIONS,
	{"use", "USE", HF_MSG_OPT_USE},
	END,
};
static const struct hf_option device_export_options[] = {
	DEVICE_OPTIONS,
	{"use", "USE", HF_MSG_OPT_USE},
	{"out", "FILE", HF_MSG_OPT_OUT},
	{"der", NULL, HF_MSG_OPT_DER},
	END,
};
static const struct hf_option device_bench_options[] = {
	DEVICE_OPTIONS,
	{"index", "N", HF_MSG_OPT_INDEX},
	{"seconds", "N", HF_MSG_OPT_SECONDS},
	END,
};
static const struct hf_option test_random_options[] = {
	{"set", "NAME", HF_MSG_OPT_RANDOM_SET},
	END,
};
#define PRIVATE_OPTIONS {"key", "FILE", HF_MSG_OPT_KEY}, {"index", "N", HF_MSG_OPT_INDEX}, DEVICE_OPTIONS
#define PUBLIC_OPTIONS {"cert", "FILE", HF_MSG_OPT_KEY_CERT}, {"public", "FILE", HF_MSG_OPT_PUBLIC}, PRIVATE_OPTIONS
static const struct hf_option sm2_sign_options[] = {
	PRIVATE_OPTIONS,
	{"id", "TEXT", HF_MSG_OPT_SM2_ID},
	{"out", "FILE", HF_MSG_OPT_OUT},
	END,
};
static const struct hf_option sm2_verify_options[] = {
	{"signature", "FILE", HF_MSG_OPT_SIGNATURE},
	PUBLIC_OPTIONS,
	{"id", "TEXT", HF_MSG_OPT_SM2_ID},
	END,
};
static const struct hf_option sm2_encrypt_options[] = {
	PUBLIC_OPTIONS,
	{"out", "FILE", HF_MSG_OPT_OUT},
	END,
};
static const struct hf_option sm2_decrypt_options[] = {
	PRIVATE_OPTIONS,
	{"out", "FILE", HF_MSG_OPT_OUT},
	END,
};
static const struct hf_option sm3_hash_options[] = {
	{"expect", "HEX", HF_MSG_OPT_EXPECT},
	END,
};
static const struct hf_option sm3_hmac_options[] = {
	{"key-file", "FILE", HF_MSG_OPT_KEY_FILE},
	{"hex", NULL, HF_MSG_OPT_HEX},
	{"expect", "HEX", HF_MSG_OPT_EXPECT},
	END,
};
static const struct hf_option sm4_options[] = {
	{"key-file", "FILE", HF_MSG_OPT_KEY_FILE},
	{"hex", NULL, HF_MSG_OPT_HEX},
	{"mode", "MODE", HF_MSG_OPT_MODE},
	{"iv", "HEX", HF_MSG_OPT_IV},
	{"out", "FILE", HF_MSG_OPT_OUT},
	END,
};

static const struct hf_verb verbs[] = {
	{NULL, "init", "", 0, 0, HF_MSG_DO_INIT, home_options, hf_cmd_init},
	{NULL, "up", "", 0, 0, HF_MSG_DO_UP, up_options, hf_cmd_up},
	{NULL, "down", "", 0, 0, HF_MSG_DO_DOWN, NULL, hf_cmd_down},
	{NULL, "status", "", 0, 0, HF_MSG_DO_STATUS, NULL, hf_cmd_status},
	{"request", "add", "", 0, 0, HF_MSG_DO_REQUEST_ADD, hf_request_add_options, hf_cmd_request_add},
	{"request", "import", "FILE", 1, 1, HF_MSG_DO_REQUEST_IMPORT, import_options, hf_cmd_request_import},
	{"request", "list", "", 0, 0, HF_MSG_DO_REQUEST_LIST, request_list_options, hf_cmd_request_list},
	{"request", "show", "ID", 1, 1, HF_MSG_DO_REQUEST_SHOW, NULL, hf_cmd_request_show},
	{"request", "review", "ID…", 1, -1, HF_MSG_DO_REQUEST_REVIEW, review_options, hf_cmd_request_review},
	{"request", "produce", "ID…", 1, -1, HF_MSG_DO_REQUEST_PRODUCE, produce_options, hf_cmd_request_produce},
	{"cert", "list", "", 0, 0, HF_MSG_DO_CERT_LIST, cert_list_options, hf_cmd_cert_list},
	{"cert", "show", "SERIAL", 1, 1, HF_MSG_DO_CERT_SHOW, NULL, hf_cmd_cert_show},
	{"cert", "export", "SERIAL", 1, 1, HF_MSG_DO_CERT_EXPORT, export_options, hf_cmd_cert_export},
	{"cert", "revoke", "SERIAL…", 1, 400, HF_MSG_DO_CERT_REVOKE, revoke_options, hf_cmd_cert_revoke},
	{"cert", "freeze", "SERIAL…", 1, 400, HF_MSG_DO_CERT_FREEZE, freeze_options, hf_cmd_cert_freeze},
	{"cert", "unfreeze", "SERIAL…", 1, 400, HF_MSG_DO_CERT_UNFREEZE, freeze_options, hf_cmd_cert_unfreeze},
	{"crl", "show", "FILE|ca|root", 1, 1, HF_MSG_DO_CRL_SHOW, crl_show_options, hf_cmd_crl_show},
	{"crl", "fetch", "ca|root", 1, 1, HF_MSG_DO_CRL_FETCH, crl_fetch_options, hf_cmd_crl_fetch},
	{"ocsp", "query", "CERT|SERIAL", 1, 1, HF_MSG_DO_OCSP_QUERY, ocsp_options, hf_cmd_ocsp_query},
	{"audit", "list", "", 0, 0, HF_MSG_DO_AUDIT_LIST, audit_list_options, hf_cmd_audit_list},
	{"audit", "verify", "", 0, 0, HF_MSG_DO_AUDIT_VERIFY, audit_verify_options, hf_cmd_audit_verify},
	{"token", "list", "", 0, 0, HF_MSG_DO_TOKEN_LIST, token_options, hf_cmd_token_list},
	{"token", "show", "DEVICE", 1, 1, HF_MSG_DO_TOKEN_SHOW, token_options, hf_cmd_token_show},
	{"x509", "print", "FILE…", 1, -1, HF_MSG_DO_X509_PRINT, NULL, hf_cmd_x509_print},
	{"x509", "verify", "FILE", 1, 1, HF_MSG_DO_X509_VERIFY, x509_verify_options, hf_cmd_x509_verify},
	{"device", "init", "", 0, 0, HF_MSG_DO_DEVICE_INIT, device_init_options, hf_cmd_device_init},
	{"device", "info", "", 0, 0, HF_MSG_DO_DEVICE_INFO, device_options, hf_cmd_device_info},
	{"device", "keys", "", 0, 0, HF_MSG_DO_DEVICE_KEYS, device_keys_options, hf_cmd_device_keys},
	{"device", "generate", "INDEX", 1, 1, HF_MSG_DO_DEVICE_GENERATE, device_generate_options, hf_cmd_device_generate},
	{"device", "export-public", "INDEX", 1, 1, HF_MSG_DO_DEVICE_EXPORT, device_export_options,
		hf_cmd_device_export_public},
	{"device", "backup", "FILE", 1, 1, HF_MSG_DO_DEVICE_BACKUP, device_options, hf_cmd_device_backup},
	{"device", "restore", "FILE", 1, 1, HF_MSG_DO_DEVICE_RESTORE, device_options, hf_cmd_device_restore},
	{"device", "self-test", "", 0, 0, HF_MSG_DO_DEVICE_SELF_TEST, device_options, hf_cmd_device_self_test},
	{"device", "bench", "", 0, 0, HF_MSG_DO_DEVICE_BENCH, device_bench_options, hf_cmd_device_bench},
	{"device", "test-random", "FILE", 1, 1, HF_MSG_DO_DEVICE_RANDOM, test_random_options, hf_cmd_device_test_random},
	{"sm2", "sign", "FILE", 1, 1, HF_MSG_DO_SM2_SIGN, sm2_sign_options, hf_cmd_sm2_sign},
	{"sm2", "verify", "FILE", 1, 1, HF_MSG_DO_SM2_VERIFY, sm2_verify_options, hf_cmd_sm2_verify},
	{"sm2", "encrypt", "FILE", 1, 1, HF_MSG_DO_SM2_ENCRYPT, sm2_encrypt_options, hf_cmd_sm2_encrypt},
	{"sm2", "decrypt", "FILE", 1, 1, HF_MSG_DO_SM2_DECRYPT, sm2_decrypt_options, hf_cmd_sm2_decrypt},
	{"sm3", "hash", "FILE…", 1, -1, HF_MSG_DO_SM3_HASH, sm3_hash_options, hf_cmd_sm3_hash},
	{"sm3", "hmac", "FILE…", 1, -1, HF_MSG_DO_SM3_HMAC, sm3_hmac_options, hf_cmd_sm3_hmac},
	{"sm4", "encrypt", "FILE", 1, 1, HF_MSG_DO_SM4_ENCRYPT, sm4_options, hf_cmd_sm4_encrypt},
	{"sm4", "decrypt", "FILE", 1, 1, HF_MSG_DO_SM4_DECRYPT, sm4_options, hf_cmd_sm4_decrypt},
};
/* clang-format on */

int main(int argc, char **argv)
{
	return hf_cmd_main(verbs, sizeof(verbs) / sizeof(verbs[0]), argc, argv);
}
