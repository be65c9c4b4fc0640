/*
 * Name constraints (RFC 5280 4.2.1.10, 6.1.3 b, c, 6.1.4 g). Instead of intersecting permitted sets on the way down, a
 * certificate's names are held against each set above it: inside the intersection is inside every one of them.
 *
 *     directoryName  RDN prefix, folded      rfc822Name  mailbox, host, or .domain
 *     dNSName        name and below          URI         host, or .domain; a URI without a host name is refused
 *     iPAddress      address and mask        others      are refused where a constraint of their type exists
 */
#include "x509/path_int.h"

#include "base/str.h"

enum verdict { INSIDE, OUTSIDE, UNCLEAR };

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 0x20) : c;
}

static bool equal_folded(struct hf_bytes a, struct hf_bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static bool ends_folded(struct hf_bytes text, struct hf_bytes end)
{
	return text.len > end.len && equal_folded((struct hf_bytes){text.p + text.len - end.len, end.len}, end);
}

/* The position of the last one, or len. */
static size_t find_last(struct hf_bytes text, uint8_t c)
{
	for (size_t i = text.len; i > 0; i--)
		if (text.p[i - 1] == c)
			return i - 1;
	return text.len;
}

static struct hf_bytes behind(struct hf_bytes text, size_t at)
{
	return (struct hf_bytes){text.p + at, text.len - at};
}

/* "example.com." is the same host. */
static struct hf_bytes without_root_dot(struct hf_bytes host)
{
	if (host.len > 1 && host.p[host.len - 1] == '.')
		host.len--;
	return host;
}

/* ".example.com": hosts below it; "example.com": that host. */
static enum verdict match_host(struct hf_bytes host, struct hf_bytes base)
{
	host = without_root_dot(host);
	if (base.len > 0 && base.p[0] == '.')
		return ends_folded(host, base) ? INSIDE : OUTSIDE;
	return equal_folded(host, base) ? INSIDE : OUTSIDE;
}

static enum verdict match_dns(struct hf_bytes name, struct hf_bytes base)
{
	name = without_root_dot(name);
	if (base.len == 0 || equal_folded(name, base))
		return INSIDE;
	if (!ends_folded(name, base))
		return OUTSIDE;
	return base.p[0] == '.' || name.p[name.len - base.len - 1] == '.' ? INSIDE : OUTSIDE;
}

static enum verdict match_mailbox(struct hf_bytes name, struct hf_bytes base)
{
	size_t at = find_last(name, '@'), base_at = find_last(base, '@');

	if (at == name.len)
		return UNCLEAR;
	if (base_at == base.len)
		return match_host(behind(name, at + 1), base);
	/* The local part is its host's business: case counts (RFC 5280 7.5). */
	if (!hf_bytes_equal((struct hf_bytes){name.p, at}, (struct hf_bytes){base.p, base_at}))
		return OUTSIDE;
	return equal_folded(behind(name, at), behind(base, base_at)) ? INSIDE : OUTSIDE;
}

static bool is_address(struct hf_bytes host)
{
	if (host.len == 0 || host.p[0] == '[')
		return true;
	for (size_t i = 0; i < host.len; i++)
		if (host.p[i] != '.' && (host.p[i] < '0' || host.p[i] > '9'))
			return false;
	return true;
}

/* scheme://user@HOST:port/path?query#fragment */
static bool host_of(struct hf_bytes uri, struct hf_bytes *host)
{
	size_t from = 0, end;

	while (from + 2 < uri.len && !(uri.p[from] == ':' && uri.p[from + 1] == '/' && uri.p[from + 2] == '/'))
		from++;
	if (from + 2 >= uri.len)
		return false;
	*host = behind(uri, from + 3);
	for (end = 0; end < host->len && host->p[end] != '/' && host->p[end] != '?' && host->p[end] != '#';)
		end++;
	host->len = end;
	end = find_last(*host, '@');
	if (end < host->len)
		*host = behind(*host, end + 1);
	if (!is_address(*host))
		host->len = find_last(*host, ':');
	return !is_address(*host);
}

static enum verdict match_uri(struct hf_bytes name, struct hf_bytes base)
{
	struct hf_bytes host;

	return host_of(name, &host) ? match_host(host, base) : UNCLEAR;
}

static enum verdict match_address(struct hf_bytes name, struct hf_bytes base)
{
	if ((name.len != 4 && name.len != 16) || (base.len != 8 && base.len != 32))
		return UNCLEAR;
	if (base.len != 2 * name.len)
		return OUTSIDE;
	for (size_t i = 0; i < name.len; i++)
		if ((name.p[i] ^ base.p[i]) & base.p[name.len + i])
			return OUTSIDE;
	return INSIDE;
}

static enum verdict match_directory(struct hf_bytes name, struct hf_bytes base)
{
	return hf_name_within(name, base) ? INSIDE : OUTSIDE;
}

static enum verdict (*const matchers[])(struct hf_bytes name, struct hf_bytes base) = {
	[HF_GN_RFC822_NAME] = match_mailbox,
	[HF_GN_DNS_NAME] = match_dns,
	[HF_GN_DIRECTORY_NAME] = match_directory,
	[HF_GN_URI] = match_uri,
	[HF_GN_IP_ADDRESS] = match_address,
	[HF_GN_REGISTERED_ID] = NULL,
};

/* Is the name in one of these? *any: there is one of its type. */
static enum verdict match_list(
	struct hf_path_state *s, struct hf_der_list list, const struct hf_general_name *name, bool *any)
{
	struct hf_general_subtree tree;

	*any = false;
	while (hf_der_list_next(&list, &hf_GeneralSubtree, &tree)) {
		if (!hf_path_spend(s->work, 1, s->err))
			return UNCLEAR;
		if (tree.base.which != name->which)
			continue;
		*any = true;
		if (!matchers[name->which] || tree.minimum != 0 || tree.has_maximum)
			return UNCLEAR;
		enum verdict verdict = matchers[name->which](name->value, tree.base.value);
		if (verdict != OUTSIDE)
			return verdict;
	}
	return OUTSIDE;
}

static bool refuse_name(
	struct hf_path_state *s, const char *clause, const struct hf_general_name *name, const char *why)
{
	struct hf_buf text;

	if (s->work->left == 0)
		return false; /* the error is there already: too much work */
	hf_buf_init(&text, 65536);
	hf_general_name_text(name, &text);
	hf_path_refuse(s, clause, "name %.200s %s", hf_buf_cstr(&text) ? hf_buf_cstr(&text) : "", why);
	hf_buf_clear(&text);
	return false;
}

static bool check_name(
	struct hf_path_state *s, const struct hf_name_constraints *constraints, const struct hf_general_name *name)
{
	enum verdict verdict;
	bool any;

	verdict = match_list(s, constraints->permittedSubtrees, name, &any);
	if (verdict == UNCLEAR)
		return refuse_name(
			s, "RFC 5280 4.2.1.10", name, "cannot be held against a permitted subtree of its type");
	if (any && verdict == OUTSIDE)
		return refuse_name(s, "RFC 5280 6.1.3 b", name, "is not within the permitted subtrees");
	verdict = match_list(s, constraints->excludedSubtrees, name, &any);
	if (verdict == UNCLEAR)
		return refuse_name(
			s, "RFC 5280 4.2.1.10", name, "cannot be held against an excluded subtree of its type");
	if (verdict == INSIDE)
		return refuse_name(s, "RFC 5280 6.1.3 c", name, "is within an excluded subtree");
	return true;
}

/* emailAddress in the subject is held against rfc822Name, alternative names or not. */
static bool check_mail(struct hf_path_state *s, const struct hf_name_constraints *constraints, struct hf_bytes subject)
{
	struct hf_general_name mail = {.which = HF_GN_RFC822_NAME};
	struct hf_name_attribute attribute;
	struct hf_der_list rdns, rdn;
	struct hf_der_tlv value;

	if (!hf_der_decode(&hf_RDNSequence, subject, &rdns, s->err))
		return false;
	while (hf_der_list_next(&rdns, &hf_RelativeDistinguishedName, &rdn))
		while (hf_der_list_next(&rdn, &hf_AttributeTypeAndValue, &attribute)) {
			if (!hf_oid_is(attribute.type, HF_OID_EMAIL_ADDRESS))
				continue;
			if (!hf_der_next(&attribute.value, &value, s->err))
				return false;
			mail.value = value.content;
			if (!check_name(s, constraints, &mail))
				return false;
		}
	return true;
}

static bool check_against(struct hf_path_state *s, const struct hf_cert *above)
{
	const struct hf_tbs_cert *tbs = &s->certs[s->i]->tbs;
	struct hf_name_constraints constraints;
	struct hf_general_name name = {.which = HF_GN_DIRECTORY_NAME, .value = tbs->subject};
	struct hf_der_list names;
	bool there;

	if (!hf_ext_get(
		    &above->tbs.extensions, HF_OID_NAME_CONSTRAINTS, &hf_NameConstraints, &constraints, &there, s->err))
		return false;
	if (!there)
		return true;
	if (!hf_name_is_empty(tbs->subject) &&
		(!check_name(s, &constraints, &name) || !check_mail(s, &constraints, tbs->subject)))
		return false;
	if (!hf_ext_get(&tbs->extensions, HF_OID_SUBJECT_ALT_NAME, &hf_SubjectAltName, &names, &there, s->err))
		return false;
	while (there && hf_der_list_next(&names, &hf_GeneralName, &name))
		if (!check_name(s, &constraints, &name))
			return false;
	return true;
}

bool hf_path_check_names(struct hf_path_state *s)
{
	if (s->i + 1 < s->num && hf_path_self_issued(s->certs[s->i]))
		return true;
	if (!check_against(s, s->anchor))
		return false;
	for (size_t i = 0; i < s->i; i++)
		if (!check_against(s, s->certs[i]))
			return false;
	return true;
}
