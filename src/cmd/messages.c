#include "cmd/messages.h"

#include "base/err.h"

#include <string.h>

#define HF_MESSAGE_ROW(name, en, zh) [HF_MSG_##name] = {[HF_LANG_EN] = (en), [HF_LANG_ZH] = (zh)},
static const char *const table[HF_NUM_MESSAGES][HF_NUM_LANGS] = {HF_MESSAGES(HF_MESSAGE_ROW)};
#undef HF_MESSAGE_ROW

const char *hf_message(enum hf_lang lang, enum hf_message id)
{
	HF_ASSERT((unsigned)id < HF_NUM_MESSAGES && (unsigned)lang < HF_NUM_LANGS);
	return table[id][lang];
}

enum hf_lang hf_lang_of(const char *locale)
{
	return locale && strncmp(locale, "zh", 2) == 0 ? HF_LANG_ZH : HF_LANG_EN;
}
