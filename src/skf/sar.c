#include "sar.h"

#include <stddef.h>

struct sar {
	ULONG code;
	const char *name;
	enum hf_code ours;
	const char *advice;
};

static const char removed[] = "the token is not there: insert it, or check its name";
static const char again[] = "the device failed: try again, then ask its maker";
static const char login[] = "give the PIN (or the device authentication) first";

static const struct sar table[] = {
	{SAR_FAIL, "SAR_FAIL", HF_E_DEVICE, "the device refused: check keys and parameters"},
	{SAR_UNKNOWNERR, "SAR_UNKNOWNERR", HF_E_DEVICE, again},
	{SAR_NOTSUPPORTYETERR, "SAR_NOTSUPPORTYETERR", HF_E_DEVICE,
		"this token does not have the function or algorithm"},
	{SAR_FILEERR, "SAR_FILEERR", HF_E_DEVICE, "the token's storage is damaged or was changed: replace the token"},
	{SAR_INVALIDHANDLEERR, "SAR_INVALIDHANDLEERR", HF_E_DEVICE, "the connection is closed: open the token again"},
	{SAR_INVALIDPARAMERR, "SAR_INVALIDPARAMERR", HF_E_INPUT, "check the parameters"},
	{SAR_READFILEERR, "SAR_READFILEERR", HF_E_DEVICE, again},
	{SAR_WRITEFILEERR, "SAR_WRITEFILEERR", HF_E_DEVICE, "the token could not store: check its free space"},
	{SAR_NAMELENERR, "SAR_NAMELENERR", HF_E_INPUT, "choose a shorter name without control characters"},
	{SAR_KEYUSAGEERR, "SAR_KEYUSAGEERR", HF_E_DENIED, "this key may not be used so"},
	{SAR_MODULUSLENERR, "SAR_MODULUSLENERR", HF_E_INPUT, "the key's length is not 256 bits"},
	{SAR_NOTINITIALIZEERR, "SAR_NOTINITIALIZEERR", HF_E_DEVICE,
		"initialise the token first (a software token: set HUFU_SKF_HOME)"},
	{SAR_OBJERR, "SAR_OBJERR", HF_E_MISSING, "there is no such container: list them"},
	{SAR_MEMORYERR, "SAR_MEMORYERR", HF_E_MEMORY, "no memory: close other programs"},
	{SAR_TIMEOUTERR, "SAR_TIMEOUTERR", HF_E_DEVICE, "another program holds the token: wait or end it"},
	{SAR_INDATALENERR, "SAR_INDATALENERR", HF_E_INPUT, "the data's length is not allowed here"},
	{SAR_INDATAERR, "SAR_INDATAERR", HF_E_INPUT, "the data are damaged or meant for another key"},
	{SAR_GENRANDERR, "SAR_GENRANDERR", HF_E_DEVICE, "the random source failed: do not use the token"},
	{SAR_HASHOBJERR, "SAR_HASHOBJERR", HF_E_DEVICE, again},
	{SAR_HASHERR, "SAR_HASHERR", HF_E_DEVICE, again},
	{SAR_GENRSAKEYERR, "SAR_GENRSAKEYERR", HF_E_DEVICE, again},
	{SAR_RSAMODULUSLENERR, "SAR_RSAMODULUSLENERR", HF_E_INPUT, "the RSA key's length is not allowed"},
	{SAR_CSPIMPRTPUBKEYERR, "SAR_CSPIMPRTPUBKEYERR", HF_E_DEVICE, again},
	{SAR_RSAENCERR, "SAR_RSAENCERR", HF_E_DEVICE, again},
	{SAR_RSADECERR, "SAR_RSADECERR", HF_E_DEVICE, again},
	{SAR_HASHNOTEQUALERR, "SAR_HASHNOTEQUALERR", HF_E_VERIFY, "the signature or digest is wrong"},
	{SAR_KEYNOTFOUNTERR, "SAR_KEYNOTFOUNTERR", HF_E_MISSING, "the container does not hold that key"},
	{SAR_CERTNOTFOUNTERR, "SAR_CERTNOTFOUNTERR", HF_E_MISSING, "the container does not hold that certificate"},
	{SAR_NOTEXPORTERR, "SAR_NOTEXPORTERR", HF_E_DENIED, "the token does not let this out"},
	{SAR_DECRYPTPADERR, "SAR_DECRYPTPADERR", HF_E_INPUT, "the padding is wrong: damaged, or another key"},
	{SAR_MACLENERR, "SAR_MACLENERR", HF_E_INPUT, "the MAC's length is wrong"},
	{SAR_BUFFER_TOO_SMALL, "SAR_BUFFER_TOO_SMALL", HF_E_LIMIT, "the answer is larger than expected"},
	{SAR_KEYINFOTYPEERR, "SAR_KEYINFOTYPEERR", HF_E_INPUT, "this kind of key is not allowed here"},
	{SAR_NOT_EVENTERR, "SAR_NOT_EVENTERR", HF_E_DEVICE, again},
	{SAR_DEVICE_REMOVED, "SAR_DEVICE_REMOVED", HF_E_DEVICE, removed},
	{SAR_PIN_INCORRECT, "SAR_PIN_INCORRECT", HF_E_DENIED, "the PIN is wrong: enter it again with care"},
	{SAR_PIN_LOCKED, "SAR_PIN_LOCKED", HF_E_DENIED, "too many wrong PINs: have the administrator unblock it"},
	{SAR_PIN_INVALID, "SAR_PIN_INVALID", HF_E_DENIED, "the PIN is not allowed: choose another"},
	{SAR_PIN_LEN_RANGE, "SAR_PIN_LEN_RANGE", HF_E_INPUT, "a PIN has 6 to 64 octets"},
	{SAR_USER_ALREADY_LOGGED_IN, "SAR_USER_ALREADY_LOGGED_IN", HF_E_STATE, "log out first"},
	{SAR_USER_PIN_NOT_INITIALIZED, "SAR_USER_PIN_NOT_INITIALIZED", HF_E_STATE,
		"the administrator sets the PIN first"},
	{SAR_USER_TYPE_INVALID, "SAR_USER_TYPE_INVALID", HF_E_INPUT, "the PIN type is 0 or 1"},
	{SAR_APPLICATION_NAME_INVALID, "SAR_APPLICATION_NAME_INVALID", HF_E_INPUT, "choose another application name"},
	{SAR_APPLICATION_EXISTS, "SAR_APPLICATION_EXISTS", HF_E_EXISTS, "the application is there already"},
	{SAR_USER_NOT_LOGGED_IN, "SAR_USER_NOT_LOGGED_IN", HF_E_DENIED, login},
	{SAR_APPLICATION_NOT_EXISTS, "SAR_APPLICATION_NOT_EXISTS", HF_E_MISSING,
		"there is no such application: list them"},
	{SAR_FILE_ALREADY_EXIST, "SAR_FILE_ALREADY_EXIST", HF_E_EXISTS, "it is there already: choose another name"},
	{SAR_NO_ROOM, "SAR_NO_ROOM", HF_E_LIMIT, "the token is full: delete what is not needed"},
	{SAR_FILE_NOT_EXIST, "SAR_FILE_NOT_EXIST", HF_E_MISSING, "there is no such file: list them"},
	{SAR_REACH_MAX_CONTAINER_COUNT, "SAR_REACH_MAX_CONTAINER_COUNT", HF_E_LIMIT,
		"the token has all the containers it can hold: delete one"},
};

static const struct sar *find(ULONG code)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

const char *hf_sar_name(ULONG code)
{
	const struct sar *sar = find(code);

	return code == SAR_OK ? "SAR_OK" : sar ? sar->name : "SAR_?";
}

bool hf_sar_fail(struct hf_err *err, ULONG code, const char *call, const char *where)
{
	const struct sar *sar = find(code);

	return hf_fail(err, sar ? sar->ours : HF_E_DEVICE, "%s: %s: %s (0x%08X, GM/T 0016): %s", where, call,
		hf_sar_name(code), (unsigned)code, sar ? sar->advice : "a code of the device's maker: ask him");
}
