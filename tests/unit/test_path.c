/* Path validation with our own small PKIs; PKITS is test_pkits.c. */
#include "path_rig.h"

/* Refused with this word in the text, and this clause. */
#define assert_path_refused(params, target, word, want_clause)                                                         \
	do {                                                                                                           \
		struct hf_path_result refused_;                                                                        \
		assert_refused(hf_path_find((params), (target), &refused_, &err), HF_E_VERIFY, word);                  \
		assert_string_equal(refused_.clause, want_clause);                                                     \
	} while (0)
#define assert_path_ok(params, target)                                                                                 \
	do {                                                                                                           \
		struct hf_path_result found_;                                                                          \
		assert_ok(hf_path_find((params), (target), &found_, &err));                                            \
		assert_null(found_.clause);                                                                            \
	} while (0)

static struct hf_path_params plain(const struct path_cert *anchor, const struct hf_cert *pool, size_t num_pool)
{
	return (struct hf_path_params){.anchors = &anchor->cert,
		.num_anchors = 1,
		.pool = pool,
		.num_pool = num_pool,
		.revocation = HF_PATH_REVOCATION_NONE,
		.at = FIX_NOW};
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* CN of one string type, in one RDN. */
static struct hf_bytes one_name(struct hf_buf *out, uint8_t tag, struct hf_bytes text)
{
	struct hf_buf value, set, rdns;
	struct hf_err err;

	hf_buf_init(out, HF_NAME_MAX);
	hf_buf_init(&value, HF_NAME_MAX);
	hf_buf_init(&set, HF_NAME_MAX);
	hf_buf_init(&rdns, HF_NAME_MAX);
	hf_der_put(&value, tag, text);
	struct hf_name_attribute attribute = {hf_oid_bytes(HF_OID_COMMON_NAME), hf_buf_bytes(&value)};
	assert_ok(hf_der_list_add(&set, &hf_AttributeTypeAndValue, &attribute, &err));
	hf_der_put(&rdns, 0x31, hf_buf_bytes(&set));
	hf_der_put(out, 0x30, hf_buf_bytes(&rdns));
	hf_buf_clear(&rdns);
	hf_buf_clear(&set);
	hf_buf_clear(&value);
	return hf_buf_bytes(out);
}

static void names_match_whatever_their_string_type_case_and_spaces(void **state)
{
	static const struct {
		uint8_t a_tag, b_tag;
		struct hf_bytes a, b;
		bool same;
	} rows[] = {
		{0x0C, 0x13, {(const uint8_t *)"Root CA", 7}, {(const uint8_t *)"ROOT ca", 7}, true},
		{0x0C, 0x13, {(const uint8_t *)"  Root \t  CA ", 13}, {(const uint8_t *)"root ca", 7}, true},
		{0x0C, 0x13, {(const uint8_t *)"RootCA", 6}, {(const uint8_t *)"root ca", 7}, false},
		{0x0C, 0x13, {(const uint8_t *)"Root CA", 7}, {(const uint8_t *)"root cab", 8}, false},
		{0x0C, 0x1E,
			{(const uint8_t *)"\xE8\x99\x8E"
					  "a",
				4},
			{(const uint8_t *)"\x86\x4E\x00"
					  "A",
				4},
			true},
		{0x0C, 0x1E,
			{(const uint8_t *)"\xE8\x99\x8F"
					  "a",
				4},
			{(const uint8_t *)"\x86\x4E\x00"
					  "A",
				4},
			false},
		{0x0C, 0x14, {(const uint8_t *)"M\xC3\xBCller", 7}, {(const uint8_t *)"m\xDCLLER", 6}, true},
		{0x0C, 0x0C, {(const uint8_t *)"\xD0\x96", 2}, {(const uint8_t *)"\xD0\xB6", 2}, true},
		{0x0C, 0x13, {(const uint8_t *)"\xEF\xBC\xA3\xE3\x80\x80\xEF\xBC\xA1", 9}, {(const uint8_t *)"c a", 3},
			true},
		/* not well-formed: equal to itself only */
		{0x0C, 0x0C, {(const uint8_t *)"\xC0\x41", 2}, {(const uint8_t *)"\xC0\x41", 2}, true},
		{0x0C, 0x0C, {(const uint8_t *)"a\xC0\x41", 3}, {(const uint8_t *)"A\xC0\x41", 3}, false},
		{0x1E, 0x0C,
			{(const uint8_t *)"\x00"
					  "a\x00",
				3},
			{(const uint8_t *)"a", 1}, false},
		/* no string type at all */
		{0x04, 0x0C, {(const uint8_t *)"a", 1}, {(const uint8_t *)"a", 1}, false},
	};
	struct hf_buf x, y;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_bytes a = one_name(&x, rows[i].a_tag, rows[i].a), b = one_name(&y, rows[i].b_tag, rows[i].b);

		if (hf_name_match(a, b) != rows[i].same || hf_name_match(b, a) != rows[i].same)
			fail_msg("row %zu", i);
		/* what we issue is compared as octets */
		assert_int_equal(hf_name_equal(a, b), hf_bytes_equal(a, b));
		hf_buf_clear(&x);
		hf_buf_clear(&y);
	}
}

/* ---- building --------------------------------------------------------------------------------------------------- */

static void the_right_one_of_several_issuers_is_found(void **state)
{
	struct path_cert root, other_root, ca, twin, leaf;
	struct hf_path_result result;
	struct hf_err err;

	(void)state;
	path_ca(&root, 1, "Root", NULL);
	path_ca(&other_root, 2, "Other root", NULL);
	path_ca(&twin, 3, "CA", &other_root);
	path_ca(&ca, 4, "CA", &root);
	path_leaf(&leaf, 5, "leaf", &ca);
	struct hf_cert pool[] = {twin.cert, root.cert, ca.cert, leaf.cert};
	struct hf_path_params params = plain(&root, pool, 4);
	assert_ok(hf_path_find(&params, &leaf.cert, &result, &err));
	assert_int_equal(result.num_certs, 2);
	assert_ptr_equal(result.certs[0], &leaf.cert);
	assert_ptr_equal(result.certs[1], &pool[2]);
	assert_ptr_equal(result.anchor, &root.cert);
	/* an anchor is trusted as it stands */
	assert_ok(hf_path_find(&params, &root.cert, &result, &err));
	assert_int_equal(result.num_certs, 0);
	params.num_pool = 1;
	assert_path_refused(&params, &leaf.cert, "signature does not match", "RFC 5280 6.1.3 a.1");
	params.num_pool = 0;
	assert_path_refused(&params, &leaf.cert, "no certificate of its issuer", HF_PATH_CLAUSE_NO_PATH);
	params.at = FIX_NOW + 366 * HF_DAY;
	params.num_pool = 4;
	assert_path_refused(&params, &leaf.cert, "was valid until", "RFC 5280 6.1.3 a.2");
	path_clear(&leaf);
	path_clear(&ca);
	path_clear(&twin);
	path_clear(&other_root);
	path_clear(&root);
}

static void a_bridge_and_a_rolled_over_root_are_crossed(void **state)
{
	struct path_cert old_root, new_root, new_with_old, old_with_new, bridge, far, leaf, old_leaf;
	struct hf_path_result result;
	struct hf_err err;

	(void)state;
	path_ca(&old_root, 1, "Root", NULL);
	path_ca(&new_root, 2, "Root", NULL);
	path_begin(&new_with_old, 2, "Root");
	path_put_ca(&new_with_old, -1);
	path_issue(&new_with_old, &old_root);
	path_begin(&old_with_new, 1, "Root");
	path_put_ca(&old_with_new, -1);
	path_issue(&old_with_new, &new_root);
	path_ca(&bridge, 3, "Bridge", &new_root);
	path_ca(&far, 4, "Far CA", &bridge);
	path_leaf(&leaf, 5, "leaf", &far);
	path_leaf(&old_leaf, 6, "old leaf", &old_root);
	struct hf_cert pool[] = {new_root.cert, old_with_new.cert, far.cert, new_with_old.cert, bridge.cert};
	struct hf_path_params params = plain(&old_root, pool, 5);
	/* anchor: the old key; the path goes over NewWithOld and the bridge */
	assert_ok(hf_path_find(&params, &leaf.cert, &result, &err));
	assert_int_equal(result.num_certs, 4);
	assert_ptr_equal(result.certs[3], &pool[3]);
	params.max_certs = 3;
	assert_path_refused(&params, &leaf.cert, "at most 3 certificates", HF_PATH_CLAUSE_NO_PATH);
	/* anchor: the new key; what the old key issued goes over OldWithNew */
	params = plain(&new_root, pool, 5);
	assert_ok(hf_path_find(&params, &old_leaf.cert, &result, &err));
	assert_int_equal(result.num_certs, 2);
	assert_ptr_equal(result.certs[1], &pool[1]);
	path_clear(&old_leaf);
	path_clear(&leaf);
	path_clear(&far);
	path_clear(&bridge);
	path_clear(&old_with_new);
	path_clear(&new_with_old);
	path_clear(&new_root);
	path_clear(&old_root);
}

#define MESH 8

/* Everybody has certified everybody: the number of paths is factorial. */
static void a_mesh_of_cross_certificates_costs_bounded_work(void **state)
{
	struct path_cert root, mesh[MESH * MESH], leaf;
	struct hf_cert pool[MESH * MESH];
	struct hf_path_result result;
	char names[MESH][8];
	struct hf_err err;

	(void)state;
	path_ca(&root, 99, "Root", NULL);
	for (size_t i = 0; i < MESH; i++) {
		hf_fmt_cut(names[i], sizeof(names[i]), "CA %zu", i);
		path_ca(&mesh[i * MESH + i], (uint8_t)(1 + i), names[i], NULL);
	}
	for (size_t i = 0; i < MESH * MESH; i++) {
		if (i % MESH != i / MESH)
			path_ca(&mesh[i], (uint8_t)(1 + i / MESH), names[i / MESH], &mesh[(i % MESH) * (MESH + 1)]);
		pool[i] = mesh[i].cert;
	}
	path_leaf(&leaf, 50, "leaf", &mesh[0]);
	struct hf_path_params params = plain(&root, pool, MESH * MESH);
	params.max_work = HF_PATH_WORK / 8;
	assert_refused(hf_path_find(&params, &leaf.cert, &result, &err), HF_E_LIMIT, "more work than is allowed");
	assert_true(result.work <= params.max_work);
	path_clear(&leaf);
	for (size_t i = 0; i < MESH * MESH; i++)
		path_clear(&mesh[i]);
	path_clear(&root);
}

static void what_may_not_issue_issues_nothing(void **state)
{
	struct path_cert root, no_ca, no_sign, short_ca, below, leaf, unknown;
	struct hf_err err;

	(void)state;
	path_ca(&root, 1, "Root", NULL);
	path_leaf(&no_ca, 2, "CA", &root);
	path_begin(&no_sign, 2, "CA");
	struct hf_basic_constraints constraints = {.cA = true};
	path_put(&no_sign, HF_OID_BASIC_CONSTRAINTS, true, &hf_BasicConstraints, &constraints);
	assert_ok(hf_ext_put_key_usage(&no_sign.extensions, HF_KU_CRL_SIGN, &err));
	path_issue(&no_sign, &root);
	path_begin(&short_ca, 2, "CA");
	path_put_ca(&short_ca, 0);
	path_issue(&short_ca, &root);
	path_leaf(&leaf, 5, "leaf", &short_ca);
	struct hf_path_params params = plain(&root, &no_ca.cert, 1);
	assert_path_refused(&params, &leaf.cert, "does not say cA", "RFC 5280 6.1.4 k");
	params.pool = &no_sign.cert;
	assert_path_refused(&params, &leaf.cert, "no keyCertSign", "RFC 5280 6.1.4 n");
	params.pool = &short_ca.cert;
	assert_path_ok(&params, &leaf.cert);
	path_clear(&leaf);
	path_ca(&below, 3, "CA below", &short_ca);
	path_leaf(&leaf, 5, "leaf", &below);
	struct hf_cert pool[] = {short_ca.cert, below.cert};
	params = plain(&root, pool, 2);
	assert_path_refused(&params, &leaf.cert, "longer than a pathLenConstraint", "RFC 5280 6.1.4 l");
	path_begin(&unknown, 6, "odd");
	path_put(&unknown, HF_OID_CPS_URI, true, &hf_OcspNoCheck, "");
	path_issue(&unknown, &root);
	assert_path_refused(&params, &unknown.cert, "critical extension that is not known", "RFC 5280 6.1.5 f");
	path_clear(&unknown);
	path_clear(&leaf);
	path_clear(&below);
	path_clear(&short_ca);
	path_clear(&no_sign);
	path_clear(&no_ca);
	path_clear(&root);
}

/* ---- name constraints ------------------------------------------------------------------------------------------- */

#define B(text)                                                                                                        \
	{                                                                                                              \
		(const uint8_t *)(text), sizeof(text) - 1                                                              \
	}

/* Tried as permitted and as excluded subtree; unclear ones are refused both ways. */
static void names_are_held_against_constraints_of_every_type(void **state)
{
	enum { IN, OUT, UNCLEAR };
	static const struct {
		int which;
		struct hf_bytes base, name;
		int verdict;
	} rows[] = {
		{HF_GN_DNS_NAME, B("example.cn"), B("example.cn"), IN},
		{HF_GN_DNS_NAME, B("example.cn"), B("WWW.Example.CN."), IN},
		{HF_GN_DNS_NAME, B("example.cn"), B("myexample.cn"), OUT},
		{HF_GN_DNS_NAME, B(".example.cn"), B("example.cn"), OUT},
		{HF_GN_DNS_NAME, B(""), B("anything"), IN},
		{HF_GN_RFC822_NAME, B("example.cn"), B("Li@EXAMPLE.cn"), IN},
		{HF_GN_RFC822_NAME, B("example.cn"), B("li@mail.example.cn"), OUT},
		{HF_GN_RFC822_NAME, B(".example.cn"), B("li@mail.example.cn"), IN},
		{HF_GN_RFC822_NAME, B(".example.cn"), B("li@example.cn"), OUT},
		{HF_GN_RFC822_NAME, B("li@example.cn"), B("li@Example.cn"), IN},
		{HF_GN_RFC822_NAME, B("li@example.cn"), B("LI@example.cn"), OUT},
		{HF_GN_RFC822_NAME, B("example.cn"), B("no mailbox"), UNCLEAR},
		{HF_GN_URI, B("example.cn"), B("https://example.cn/a"), IN},
		{HF_GN_URI, B("example.cn"), B("https://u:p@EXAMPLE.cn:8443?x=/@b"), IN},
		{HF_GN_URI, B("example.cn"), B("https://www.example.cn/"), OUT},
		{HF_GN_URI, B(".example.cn"), B("https://www.example.cn/"), IN},
		{HF_GN_URI, B("example.cn"), B("https://other.example.cn/@example.cn"), OUT},
		{HF_GN_URI, B("example.cn"), B("https://127.0.0.1/"), UNCLEAR},
		{HF_GN_URI, B("example.cn"), B("https://[::1]/"), UNCLEAR},
		{HF_GN_URI, B("example.cn"), B("urn:example.cn"), UNCLEAR},
		{HF_GN_IP_ADDRESS, B("\x0A\x01\x00\x00\xFF\xFF\x00\x00"), B("\x0A\x01\x09\x09"), IN},
		{HF_GN_IP_ADDRESS, B("\x0A\x01\x00\x00\xFF\xFF\x00\x00"), B("\x0A\x02\x09\x09"), OUT},
		{HF_GN_IP_ADDRESS, B("\x0A\x01\x00\x00\xFF\xFF\x00\x00"),
			B("\x0A\x01\x09\x09\x0A\x01\x09\x09\x0A\x01\x09\x09\x0A\x01\x09\x09"), OUT},
		{HF_GN_IP_ADDRESS, B("\x0A\x01\x00\x00"), B("\x0A\x01\x09\x09"), UNCLEAR},
		{HF_GN_REGISTERED_ID, B("\x2A\x03"), B("\x2A\x03"), UNCLEAR},
	};
	struct path_cert root, ca, leaf;
	struct hf_err err;

	(void)state;
	path_ca(&root, 1, "Root", NULL);
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		bool permitted = i % 2 == 0;
		struct hf_general_subtree tree = {.base = {rows[i / 2].which, rows[i / 2].base}};
		struct hf_general_name name = {rows[i / 2].which, rows[i / 2].name};
		struct hf_path_result result;

		path_begin(&ca, 2, "CA");
		path_put_ca(&ca, -1);
		path_put_constraint(&ca, permitted, &tree);
		path_issue(&ca, &root);
		path_begin(&leaf, 3, "leaf");
		path_put_san(&leaf, &name);
		path_issue(&leaf, &ca);
		struct hf_path_params params = plain(&root, &ca.cert, 1);
		bool want = rows[i / 2].verdict == (permitted ? IN : OUT);
		if (hf_path_find(&params, &leaf.cert, &result, &err) != want)
			fail_msg("row %zu, %s", i / 2, permitted ? "permitted" : "excluded");
		if (!want)
			assert_string_equal(result.clause, rows[i / 2].verdict == UNCLEAR ? "RFC 5280 4.2.1.10"
							   : permitted                    ? "RFC 5280 6.1.3 b"
											  : "RFC 5280 6.1.3 c");
		path_clear(&leaf);
		path_clear(&ca);
	}
	path_clear(&root);
}

static void directory_names_are_constrained_below_every_ca(void **state)
{
	struct path_cert root, ca, below, leaf;
	struct hf_general_subtree tree = {.base = {.which = HF_GN_DIRECTORY_NAME}};
	struct hf_err err;

	(void)state;
	path_ca(&root, 1, "Root", NULL);
	path_begin(&ca, 2, "CA");
	path_put_ca(&ca, -1);
	struct hf_buf base;
	fix_name("leaf", &base);
	tree.base.value = hf_buf_bytes(&base);
	path_put_constraint(&ca, false, &tree);
	path_issue(&ca, &root);
	path_ca(&below, 3, "CA below", &ca);
	path_leaf(&leaf, 4, "LEAF", &below);
	struct hf_cert pool[] = {ca.cert, below.cert};
	struct hf_path_params params = plain(&root, pool, 2);
	assert_path_refused(&params, &leaf.cert, "is within an excluded subtree", "RFC 5280 6.1.3 c");
	path_clear(&leaf);
	path_leaf(&leaf, 4, "another leaf", &below);
	assert_path_ok(&params, &leaf.cert);
	/* minimum other than 0: nobody knows what it means */
	path_clear(&ca);
	path_begin(&ca, 2, "CA");
	path_put_ca(&ca, -1);
	tree.minimum = 1;
	path_put_constraint(&ca, false, &tree);
	path_issue(&ca, &root);
	pool[0] = ca.cert;
	assert_path_refused(&params, &leaf.cert, "cannot be held against", "RFC 5280 4.2.1.10");
	hf_buf_clear(&base);
	path_clear(&leaf);
	path_clear(&below);
	path_clear(&ca);
	path_clear(&root);
}

/* ---- policies --------------------------------------------------------------------------------------------------- */

static void policies_are_mapped_inhibited_and_required(void **state)
{
	struct path_cert root, ca, leaf;
	struct hf_path_result result;
	struct hf_buf x, y, z;
	struct hf_err err;

	(void)state;
	struct hf_bytes a = path_oid("1.2.3.1", &x), b = path_oid("1.2.3.2", &y), c = path_oid("1.2.3.3", &z);
	path_ca(&root, 1, "Root", NULL);
	path_begin(&ca, 2, "CA");
	path_put_ca(&ca, -1);
	path_put_policies(&ca, "1.2.3.1 1.2.3.3");
	path_put_mapping(&ca, "1.2.3.1", "1.2.3.2");
	path_issue(&ca, &root);
	path_begin(&leaf, 3, "leaf");
	path_put_policies(&leaf, "1.2.3.2");
	path_issue(&leaf, &ca);
	struct hf_path_params params = plain(&root, &ca.cert, 1);
	params.explicit_policy = true;
	assert_ok(hf_path_find(&params, &leaf.cert, &result, &err));
	assert_int_equal(result.num_policies, 1);
	assert_true(hf_bytes_equal(result.policies[0], a)); /* in the anchor's terms */
	assert_false(result.any_policy);
	params.policies = &a;
	params.num_policies = 1;
	assert_path_ok(&params, &leaf.cert);
	params.policies = &b;
	assert_path_refused(&params, &leaf.cert, "none that is wanted", "RFC 5280 6.1.5 g");
	params.policies = &c;
	assert_path_refused(&params, &leaf.cert, "none that is wanted", "RFC 5280 6.1.5 g");
	params.explicit_policy = false;
	assert_ok(hf_path_find(&params, &leaf.cert, &result, &err));
	assert_int_equal(result.num_policies, 0);
	params.explicit_policy = true;
	params.policies = &a;
	params.inhibit_mapping = true;
	assert_path_refused(&params, &leaf.cert, "none is valid here", "RFC 5280 6.1.3 f");
	/* anyPolicy stands for all, unless it is inhibited */
	path_clear(&ca);
	path_begin(&ca, 2, "CA");
	path_put_ca(&ca, -1);
	path_put_policies(&ca, "2.5.29.32.0");
	path_issue(&ca, &root);
	params = plain(&root, &ca.cert, 1);
	params.explicit_policy = true;
	params.policies = &b;
	params.num_policies = 1;
	assert_path_ok(&params, &leaf.cert);
	params.inhibit_any = true;
	assert_path_refused(&params, &leaf.cert, "none is valid here", "RFC 5280 6.1.3 f");
	/* mapping to anyPolicy is nonsense */
	path_clear(&ca);
	path_begin(&ca, 2, "CA");
	path_put_ca(&ca, -1);
	path_put_mapping(&ca, "1.2.3.1", "2.5.29.32.0");
	path_issue(&ca, &root);
	params = plain(&root, &ca.cert, 1);
	assert_path_refused(&params, &leaf.cert, "from or to anyPolicy", "RFC 5280 6.1.4 a");
	hf_buf_clear(&x);
	hf_buf_clear(&y);
	hf_buf_clear(&z);
	path_clear(&leaf);
	path_clear(&ca);
	path_clear(&root);
}

/* ---- revocation ------------------------------------------------------------------------------------------------- */

static void complete_and_delta_lists_decide_together(void **state)
{
	struct path_cert root, one, two, three;
	struct path_crl base, delta, stale;
	struct hf_err err;

	(void)state;
	path_ca(&root, 1, "Root", NULL);
	path_leaf(&one, 11, "on hold, then released", &root);
	path_leaf(&two, 12, "revoked since", &root);
	path_leaf(&three, 13, "never revoked", &root);
	path_crl_begin(&base, 5);
	path_crl_entry(&base, 11, HF_REASON_CERTIFICATE_HOLD, HF_BYTES_NONE);
	path_crl_issue(&base, &root);
	path_crl_begin(&delta, 7);
	path_crl_delta(&delta, 5);
	path_crl_entry(&delta, 11, HF_REASON_REMOVE_FROM_CRL, HF_BYTES_NONE);
	path_crl_entry(&delta, 12, HF_REASON_KEY_COMPROMISE, HF_BYTES_NONE);
	path_crl_issue(&delta, &root);
	/* this one starts behind the complete list: something may have happened between */
	path_crl_begin(&stale, 9);
	path_crl_delta(&stale, 6);
	path_crl_entry(&stale, 13, HF_REASON_KEY_COMPROMISE, HF_BYTES_NONE);
	path_crl_issue(&stale, &root);
	struct hf_crl crls[] = {base.crl, delta.crl, stale.crl};
	struct hf_path_params params = plain(&root, NULL, 0);
	params.revocation = HF_PATH_REVOCATION_REQUIRED;
	params.crls = crls;
	assert_path_refused(&params, &one.cert, "no CRL that is given", "RFC 5280 6.3.3");
	params.num_crls = 1;
	assert_path_refused(&params, &one.cert, "revoked: certificateHold", "RFC 5280 6.1.3 a.3");
	assert_path_ok(&params, &two.cert);
	params.num_crls = 3;
	assert_path_ok(&params, &one.cert);
	assert_path_refused(&params, &two.cert, "revoked: keyCompromise", "RFC 5280 6.1.3 a.3");
	assert_path_ok(&params, &three.cert);
	/* a delta alone says nothing */
	params.crls = &crls[1];
	params.num_crls = 1;
	assert_path_refused(&params, &three.cert, "no CRL that is given", "RFC 5280 6.3.3");
	params.revocation = HF_PATH_REVOCATION_GIVEN;
	assert_path_ok(&params, &three.cert);
	params.crls = crls;
	params.at = FIX_NOW + 2 * HF_DAY;
	assert_path_refused(&params, &three.cert, "should have been replaced", "RFC 5280 6.3.3");
	path_crl_clear(&stale);
	path_crl_clear(&delta);
	path_crl_clear(&base);
	path_clear(&three);
	path_clear(&two);
	path_clear(&one);
	path_clear(&root);
}

static void lists_by_reason_must_cover_all_of_them(void **state)
{
	static const uint8_t first[] = {0x60}, rest[] = {0x1F, 0x80};
	struct hf_issuing_distribution_point idp = {.onlySomeReasons = {{first, 1}, 5}};
	struct path_cert root, leaf;
	struct path_crl one, two, cas;
	struct hf_err err;

	(void)state;
	path_ca(&root, 1, "Root", NULL);
	path_leaf(&leaf, 11, "leaf", &root);
	path_crl_begin(&one, 1);
	path_crl_idp(&one, &idp);
	path_crl_issue(&one, &root);
	path_crl_begin(&two, 1);
	idp.onlySomeReasons = (struct hf_der_bits){{rest, 2}, 7};
	path_crl_idp(&two, &idp);
	path_crl_issue(&two, &root);
	path_crl_begin(&cas, 1);
	idp = (struct hf_issuing_distribution_point){.onlyContainsCACerts = true};
	path_crl_idp(&cas, &idp);
	path_crl_issue(&cas, &root);
	struct hf_crl crls[] = {one.crl, two.crl};
	struct hf_path_params params = plain(&root, NULL, 0);
	params.revocation = HF_PATH_REVOCATION_REQUIRED;
	params.crls = crls;
	params.num_crls = 1;
	assert_path_refused(&params, &leaf.cert, "do not cover all reasons", "RFC 5280 6.3.3");
	params.num_crls = 2;
	assert_path_ok(&params, &leaf.cert);
	params.crls = &cas.crl;
	params.num_crls = 1;
	assert_path_refused(&params, &leaf.cert, "another kind of certificate", "RFC 5280 6.3.3");
	path_crl_clear(&cas);
	path_crl_clear(&two);
	path_crl_clear(&one);
	path_clear(&leaf);
	path_clear(&root);
}

/* A list of many issuers: its own issuer is validated, and each entry says whose it is. */
static void an_indirect_list_speaks_for_the_issuer_that_names_it(void **state)
{
	struct path_cert root, ca, lister, leaf, other;
	struct hf_issuing_distribution_point idp = {.indirectCRL = true};
	struct hf_buf names, points;
	struct path_crl list;
	struct hf_err err;

	(void)state;
	path_ca(&root, 1, "Root", NULL);
	path_ca(&ca, 2, "CA", &root);
	path_ca(&lister, 3, "Lister", &root);
	hf_buf_init(&names, 1024);
	hf_buf_init(&points, 1024);
	struct hf_general_name name = {HF_GN_DIRECTORY_NAME, hf_buf_bytes(&lister.name)};
	assert_ok(hf_der_list_add(&names, &hf_GeneralName, &name, &err));
	struct hf_distribution_point point = {.cRLIssuer = hf_der_list_of(&names)};
	assert_ok(hf_der_list_add(&points, &hf_DistributionPoint, &point, &err));
	struct hf_der_list value = hf_der_list_of(&points);
	path_begin(&leaf, 11, "leaf");
	path_put(&leaf, HF_OID_CRL_DISTRIBUTION_POINTS, false, &hf_CRLDistributionPoints, &value);
	path_issue(&leaf, &ca);
	path_begin(&other, 12, "other");
	path_put(&other, HF_OID_CRL_DISTRIBUTION_POINTS, false, &hf_CRLDistributionPoints, &value);
	path_issue(&other, &ca);
	path_crl_begin(&list, 1);
	path_crl_idp(&list, &idp);
	path_crl_entry(&list, 12, 0, HF_BYTES_NONE); /* the lister's own 12 */
	path_crl_entry(&list, 11, HF_REASON_SUPERSEDED, hf_buf_bytes(&ca.name));
	path_crl_issue(&list, &lister);
	struct hf_cert pool[] = {ca.cert, lister.cert};
	struct hf_path_params params = plain(&root, pool, 2);
	params.revocation = HF_PATH_REVOCATION_GIVEN;
	params.crls = &list.crl;
	params.num_crls = 1;
	assert_path_refused(&params, &leaf.cert, "revoked: superseded", "RFC 5280 6.1.3 a.3");
	assert_path_ok(&params, &other.cert);
	/* wherever the work runs out, that is what is said */
	for (params.max_work = 1; params.max_work < 40000; params.max_work += 997) {
		struct hf_path_result result;

		err = (struct hf_err){0};
		if (!hf_path_find(&params, &other.cert, &result, &err))
			assert_string_equal(hf_code_name(err.code), "limit");
		assert_true(result.work <= params.max_work);
	}
	params.max_work = 0;
	/* whoever signed it must be at hand and lead to the same anchor */
	params.num_pool = 1;
	assert_path_refused(&params, &other.cert, "whether it is revoked cannot be told", "RFC 5280 6.3.3");
	params.num_pool = 2;
	pool[1].key_usage = HF_KU_KEY_CERT_SIGN;
	assert_path_refused(&params, &other.cert, "no cRLSign", "RFC 5280 6.3.3");
	path_crl_clear(&list);
	hf_buf_clear(&points);
	hf_buf_clear(&names);
	path_clear(&other);
	path_clear(&leaf);
	path_clear(&lister);
	path_clear(&ca);
	path_clear(&root);
}

static void a_given_path_is_validated_as_it_is(void **state)
{
	struct path_cert root, ca, leaf;
	struct hf_path_result result;
	struct hf_err err;

	(void)state;
	path_ca(&root, 1, "Root", NULL);
	path_ca(&ca, 2, "CA", &root);
	path_leaf(&leaf, 3, "leaf", &ca);
	const struct hf_cert *path[] = {&leaf.cert, &ca.cert};
	struct hf_path_params params = plain(&root, NULL, 0);
	assert_ok(hf_path_validate(&params, path, 2, &result, &err));
	assert_refused(hf_path_validate(&params, path, 1, &result, &err), HF_E_VERIFY, "6.1.3 a.4");
	assert_refused(hf_path_validate(&params, path, 0, &result, &err), HF_E_LIMIT, "0 certificates");
	params.num_anchors = 0;
	assert_refused(hf_path_validate(&params, path, 2, &result, &err), HF_E_VERIFY, "no trust anchor");
	path_clear(&leaf);
	path_clear(&ca);
	path_clear(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_match_whatever_their_string_type_case_and_spaces),
		cmocka_unit_test(the_right_one_of_several_issuers_is_found),
		cmocka_unit_test(a_bridge_and_a_rolled_over_root_are_crossed),
		cmocka_unit_test(a_mesh_of_cross_certificates_costs_bounded_work),
		cmocka_unit_test(what_may_not_issue_issues_nothing),
		cmocka_unit_test(names_are_held_against_constraints_of_every_type),
		cmocka_unit_test(directory_names_are_constrained_below_every_ca),
		cmocka_unit_test(policies_are_mapped_inhibited_and_required),
		cmocka_unit_test(complete_and_delta_lists_decide_together),
		cmocka_unit_test(lists_by_reason_must_cover_all_of_them),
		cmocka_unit_test(an_indirect_list_speaks_for_the_issuer_that_names_it),
		cmocka_unit_test(a_given_path_is_validated_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
