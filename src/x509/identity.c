/* The identity extensions of GM/T 0015 as a table: docs/decisions/0002-identity-extensions.md. */
#include "x509/ext.h"

#include "base/str.h"

#define TAG_UTF8      0x0C
#define TAG_PRINTABLE 0x13

static const char *const names[HF_NUM_IDENTITIES] = {
	[HF_IDENTITY_RESIDENT] = "resident",
	[HF_IDENTITY_MILITARY] = "military",
	[HF_IDENTITY_PASSPORT] = "passport",
	[HF_IDENTITY_INSURANCE] = "insurance",
	[HF_IDENTITY_REGISTRATION] = "registration",
	[HF_IDENTITY_ORGANIZATION] = "organization",
	[HF_IDENTITY_TAXATION] = "taxation",
	[HF_IDENTITY_USCC] = "uscc",
};

/* How an edition writes a kind: a bare string with this tag, or an alternative of IdentifyCode. */
struct form {
	enum hf_oid oid; /* HF_OID_UNKNOWN: the edition has no such kind */
	uint8_t tag;
	bool is_choice;
	int which;
};
static const struct form forms[HF_NUM_IDENTITY_EDITIONS][HF_NUM_IDENTITIES] =
	{
		[HF_IDENTITY_2012] =
			{
				[HF_IDENTITY_RESIDENT] = {HF_OID_IDENTIFY_CODE, 0, true, HF_IDENTIFY_RESIDENT},
				[HF_IDENTITY_MILITARY] = {HF_OID_IDENTIFY_CODE, 0, true, HF_IDENTIFY_MILITARY},
				[HF_IDENTITY_PASSPORT] = {HF_OID_IDENTIFY_CODE, 0, true, HF_IDENTIFY_PASSPORT},
				[HF_IDENTITY_INSURANCE] = {HF_OID_INSURANCE_NUMBER, TAG_PRINTABLE, false, 0},
				[HF_IDENTITY_REGISTRATION] = {HF_OID_IC_REGISTRATION_NUMBER, TAG_PRINTABLE, false, 0},
				[HF_IDENTITY_ORGANIZATION] = {HF_OID_ORGANIZATION_CODE, TAG_PRINTABLE, false, 0},
				[HF_IDENTITY_TAXATION] = {HF_OID_TAXATION_NUMBER, TAG_PRINTABLE, false, 0},
				[HF_IDENTITY_USCC] = {HF_OID_ORGANIZATION_CODE, TAG_PRINTABLE, false, 0},
			},
		[HF_IDENTITY_2023] =
			{
				[HF_IDENTITY_RESIDENT] = {HF_OID_RESIDENT_ID, TAG_PRINTABLE, false, 0},
				[HF_IDENTITY_PASSPORT] = {HF_OID_PASSPORT, TAG_UTF8, false, 0},
				[HF_IDENTITY_INSURANCE] = {HF_OID_INSURANCE_NUMBER, TAG_PRINTABLE, false, 0},
				[HF_IDENTITY_REGISTRATION] = {HF_OID_IC_REGISTRATION_NUMBER, TAG_PRINTABLE, false, 0},
				[HF_IDENTITY_ORGANIZATION] = {HF_OID_ORGANIZATION_CODE, TAG_PRINTABLE, false, 0},
				[HF_IDENTITY_TAXATION] = {HF_OID_TAXATION_NUMBER, TAG_PRINTABLE, false, 0},
				[HF_IDENTITY_USCC] = {HF_OID_UNIFIED_SOCIAL_CREDIT_CODE, TAG_PRINTABLE, false, 0},
			},
};

const char *hf_identity_name(enum hf_identity_kind kind)
{
	return (unsigned)kind < HF_NUM_IDENTITIES ? names[kind] : NULL;
}

static bool put_form(struct hf_buf *content, const struct form *form, struct hf_bytes text, struct hf_err *err)
{
	struct hf_identify_code code = {.which = form->which, .number = text};

	if (form->is_choice)
		return hf_ext_put(content, form->oid, false, &hf_IdentifyCode, &code, err);
	return hf_ext_put(content, form->oid, false,
		form->tag == TAG_UTF8 ? &hf_der_Utf8String : &hf_der_PrintableString, &text, err);
}

bool hf_identity_put(struct hf_buf *content, enum hf_identity_edition edition, enum hf_identity_kind kind,
	const char *value, struct hf_err *err)
{
	struct hf_bytes text = hf_bytes_str(value);
	const char *name = hf_identity_name(kind);

	if (!name || (unsigned)edition >= HF_NUM_IDENTITY_EDITIONS || forms[edition][kind].oid == HF_OID_UNKNOWN)
		return hf_fail(err, HF_E_INPUT, "GM/T 0015-%s has no identity extension for %s",
			edition == HF_IDENTITY_2023 ? "2023" : "2012", name ? name : "this kind");
	if (text.len == 0 || !hf_utf8_is_line(text) || hf_utf8_len(text) > 64)
		return hf_fail(err, HF_E_INPUT, "identity %s: 1 to 64 characters of one line are needed", name);
	if (!put_form(content, &forms[edition][kind], text, err))
		return hf_fail_in(err, "identity %s", name);
	return true;
}

static bool is_string(uint8_t tag)
{
	return tag == TAG_UTF8 || tag == TAG_PRINTABLE || tag == 0x16;
}

static bool read_form(const struct hf_der_list *extensions, const struct form *form, struct hf_bytes *value)
{
	struct hf_extension extension;
	struct hf_der_tlv outer, inner;

	if (form->oid == HF_OID_UNKNOWN || !hf_ext_find(extensions, form->oid, &extension) ||
		!hf_der_next(&extension.extnValue, &outer, NULL))
		return false;
	*value = outer.content;
	/* A bare string where the CHOICE belongs is a resident card by all that is known of such CAs. */
	if (is_string(outer.tag))
		return !form->is_choice || form->which == HF_IDENTIFY_RESIDENT;
	if (!form->is_choice)
		return false;
	if (outer.tag == HF_DER_CTX(form->which))
		return true;
	if (outer.tag != (HF_DER_CTX(form->which) | 0x20) || !hf_der_next(&outer.content, &inner, NULL) ||
		!is_string(inner.tag))
		return false;
	*value = inner.content;
	return true;
}

bool hf_identity_get(const struct hf_der_list *extensions, enum hf_identity_kind kind, struct hf_bytes *value)
{
	for (unsigned edition = 0; edition < HF_NUM_IDENTITY_EDITIONS; edition++)
		if (read_form(extensions, &forms[edition][kind], value))
			return true;
	return false;
}
