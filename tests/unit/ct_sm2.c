/*
 * Under valgrind: private numbers are marked as undefined memory, so that a branch on them, or an address made from
 * them, is reported as an error. With the argument "leak" it makes such a branch itself: valgrind must see it. Started
 * by constant-time.
 */
#include "crypto/sm2_int.h"

#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

/* In the place of the library's: what the standard lets out is no secret any more. */
uint64_t hf_declassify(uint64_t mask)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(&mask, sizeof(mask));
	return mask;
}

static void hide(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, len);
}

static void show(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, len);
}

static bool leak(const struct hf_sm2_key *key)
{
	return key->d[0] > 7 && key->d[31] > 7;
}

/* k and d are hidden; what comes out is shown only at the end, as its receiver sees it. */
static bool run(struct hf_sm2_key *key, uint8_t k[HF_SM2_SCALAR])
{
	uint8_t e[HF_SM3_LEN] = {1, 2, 3}, sig[HF_SM2_SIG], plain[21] = "twenty-one octets...", back[21] = {0};
	uint8_t cipher[HF_SM2_CIPHER_EXTRA + sizeof(plain)], pub[HF_SM2_POINT];
	struct hf_sm2_signer signer;
	bool again = false, again_too = false, ok;

	hide(key->d, sizeof(key->d));
	hide(k, HF_SM2_SCALAR);
	hide(plain, sizeof(plain));
	ok = hf_sm2_public(key->d, pub, NULL) && hf_sm2_sign_with(key->d, e, k, sig, &again, NULL);
	ok = ok && hf_sm2_signer_init(&signer, key, HF_SM2_DEFAULT_ID, NULL);
	ok = ok && hf_sm2_encrypt_with(key->pub, HF_BYTES_OF(plain), k, cipher, &again_too, NULL);
	show(cipher, sizeof(cipher));
	ok = ok && hf_sm2_decrypt(key->d, HF_BYTES_OF(cipher), back, NULL);
	hf_sm2_signer_clear(&signer);
	show(pub, sizeof(pub));
	show(sig, sizeof(sig));
	show(plain, sizeof(plain));
	show(back, sizeof(back));
	return ok && !again && !again_too && memcmp(pub, key->pub, sizeof(pub)) == 0 &&
	       memcmp(plain, back, sizeof(plain)) == 0 && hf_sm2_verify(key->pub, e, sig, NULL);
}

#if defined(__x86_64__)
/* Valgrind knows adcx and adox but its processor does not say so: they are not chosen, they must be asked for. */
static bool run_adx(const struct hf_sm2_key *key)
{
	const struct hf_sm2_curve *curve = &hf_sm2_curve_adx;
	uint8_t base[HF_SM2_POINT], product[HF_SM2_POINT], again[HF_SM2_POINT];
	struct hf_sm2_affine point;
	uint64_t k[4];

	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2"))
		return true;
	if (!hf_sm2_affine_in(&point, key->pub, NULL))
		return false;
	hf_limbs_in(k, key->d);
	hide(k, sizeof(k));
	curve->base(base, k);
	curve->multiply(again, k, &point);
	curve->both(base, product, k, &point);
	show(base, sizeof(base));
	show(product, sizeof(product));
	show(again, sizeof(again));
	bool ok = memcmp(base, key->pub, sizeof(base)) == 0 && memcmp(product, again, sizeof(again)) == 0;
	printf("SM2, %s: %s\n", curve->name, ok ? "right" : "wrong");
	return ok;
}
#else
static bool run_adx(const struct hf_sm2_key *key)
{
	(void)key;
	return true;
}
#endif

int main(int argc, char **argv)
{
	struct hf_sm2_key key, nonce;

	if (!hf_sm2_generate(&key, NULL) || !hf_sm2_generate(&nonce, NULL))
		return 2;
	if (argc > 1 && strcmp(argv[1], "leak") == 0) {
		hide(key.d, sizeof(key.d));
		return leak(&key) ? 0 : 3;
	}
	bool ok = run(&key, nonce.d);
	printf("SM2, %s: %s\n", hf_sm2_curve()->name, ok ? "right" : "wrong");
	show(key.d, sizeof(key.d));
	return run_adx(&key) && ok ? 0 : 1;
}
