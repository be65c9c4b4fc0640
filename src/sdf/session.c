#include "sdf/sdf_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void give_right(struct hf_sdf_session *session, struct hf_sdf_right *right)
{
	hf_sdf_secret_give(&session->device->pool, right->d);
	hf_sdf_secret_give(&session->device->pool, right->inverse);
}

static void destroy_session(struct hf_sdf_object *object)
{
	struct hf_sdf_session *session = (struct hf_sdf_session *)object;

	for (size_t i = 0; i < session->num_rights; i++)
		give_right(session, &session->rights[i]);
	for (int work = 0; work < HF_SDF_NUM_WORKS; work++)
		hf_sdf_work_end(session, (enum hf_sdf_work)work);
	pthread_mutex_destroy(&session->lock);
	pthread_mutex_destroy(&session->work_lock);
	hf_sdf_object_put(&session->device->object);
	hf_wipe(session, sizeof(*session));
	free(session);
}

int hf_sdf_session_open(struct hf_sdf_device *device, void **handle)
{
	struct hf_sdf_session *session = hf_try_alloc(1, sizeof(*session));

	if (!session)
		return SDR_NOBUFFER;
	if (pthread_mutex_init(&session->lock, NULL) != 0) {
		free(session);
		return SDR_NOBUFFER;
	}
	if (pthread_mutex_init(&session->work_lock, NULL) != 0) {
		pthread_mutex_destroy(&session->lock);
		free(session);
		return SDR_NOBUFFER;
	}
	session->object = (struct hf_sdf_object){.kind = HF_SDF_SESSION, .destroy = destroy_session};
	session->device = device;
	hf_sdf_object_hold(&device->object);
	int rc = hf_sdf_object_add(&session->object, device->object.handle, handle);
	if (rc != SDR_OK)
		destroy_session(&session->object);
	return rc;
}

struct hf_sdf_session *hf_sdf_session_get(void *handle)
{
	return (struct hf_sdf_session *)hf_sdf_object_get(handle, HF_SDF_SESSION);
}

int hf_sdf_session_enter(void *handle, struct hf_sdf_session **session)
{
	*session = hf_sdf_session_get(handle);
	if (!*session)
		return SDR_INARGERR;
	int rc = hf_sdf_device_ready((*session)->device);
	if (rc != SDR_OK)
		hf_sdf_session_put(*session);
	return rc;
}

void hf_sdf_session_put(struct hf_sdf_session *session)
{
	if (session)
		hf_sdf_object_put(&session->object);
}

/* --- Rights. The session's lock is held in the static ones. --- */

static struct hf_sdf_right *right_to(
	struct hf_sdf_session *session, enum hf_sdf_record_kind kind, uint32_t index, uint32_t use)
{
	for (size_t i = 0; i < session->num_rights; i++) {
		const struct hf_sdf_right *right = &session->rights[i];
		if (right->kind == kind && right->index == index && right->use == use)
			return &session->rights[i];
	}
	return NULL;
}

/* What signing wants of d, in a slot of its own; NULL of an encryption pair. False when there is no memory. */
static bool prepare(struct hf_sdf_session *session, const struct hf_sdf_kept *kept, const uint8_t *d, uint8_t **inverse)
{
	struct hf_sm2_signer signer;
	struct hf_sm2_key key;

	*inverse = NULL;
	if (kept->record.kind != HF_SDF_RECORD_PAIR || kept->record.use != SDFX_USE_SIGN)
		return true;
	*inverse = hf_sdf_secret_take(&session->device->pool);
	if (!*inverse)
		return false;
	memcpy(key.d, d, sizeof(key.d));
	memcpy(key.pub, kept->record.pub, sizeof(key.pub));
	bool ok = hf_sm2_signer_init(&signer, &key, HF_BYTES_NONE, NULL);
	memcpy(*inverse, signer.inverse, sizeof(signer.inverse));
	hf_sm2_signer_clear(&signer);
	hf_wipe(&key, sizeof(key));
	if (!ok)
		hf_sdf_secret_give(&session->device->pool, *inverse);
	return ok;
}

_Static_assert(sizeof(((struct hf_sm2_signer *)0)->inverse) == HF_SDF_SECRET, "the inverse fits into a slot");

int hf_sdf_session_grant(struct hf_sdf_session *session, const struct hf_sdf_kept *kept, uint8_t *d)
{
	struct hf_sdf_right granted = {.id = kept->id,
		.kind = kept->record.kind,
		.index = kept->record.index,
		.use = kept->record.use,
		.d = d};

	if (!prepare(session, kept, d, &granted.inverse))
		return SDR_NOBUFFER;
	pthread_mutex_lock(&session->lock);
	struct hf_sdf_right *right = right_to(session, kept->record.kind, kept->record.index, kept->record.use);
	if (right)
		give_right(session, right);
	else if (session->num_rights < HF_SDF_RIGHTS_MAX)
		right = &session->rights[session->num_rights++];
	if (right)
		*right = granted;
	pthread_mutex_unlock(&session->lock);
	if (!right)
		hf_sdf_secret_give(&session->device->pool, granted.inverse);
	return right ? SDR_OK : SDR_NOBUFFER;
}

void hf_sdf_session_release(struct hf_sdf_session *session, uint32_t index)
{
	pthread_mutex_lock(&session->lock);
	for (size_t i = session->num_rights; i-- > 0;) {
		if (session->rights[i].index == index) {
			give_right(session, &session->rights[i]);
			session->rights[i] = session->rights[--session->num_rights];
		}
	}
	pthread_mutex_unlock(&session->lock);
}

int hf_sdf_session_secret(struct hf_sdf_session *session, const struct hf_sdf_kept *kept, uint8_t secret[HF_SDF_SECRET])
{
	pthread_mutex_lock(&session->lock);
	const struct hf_sdf_right *right = right_to(session, kept->record.kind, kept->record.index, kept->record.use);
	bool granted = right && right->id == kept->id;
	if (granted)
		memcpy(secret, right->d, HF_SDF_SECRET);
	pthread_mutex_unlock(&session->lock);
	return granted ? SDR_OK : SDR_PRKRERR;
}

int hf_sdf_session_private(struct hf_sdf_session *session, uint32_t index, uint32_t use, struct hf_sm2_key *key)
{
	struct hf_sdf_kept kept;
	int rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, index, use, &kept);

	if (rc == SDR_OK)
		rc = hf_sdf_session_secret(session, &kept, key->d);
	if (rc == SDR_OK)
		memcpy(key->pub, kept.record.pub, HF_SM2_POINT);
	return rc;
}

int hf_sdf_session_signer(struct hf_sdf_session *session, uint32_t index, struct hf_sm2_signer *signer)
{
	struct hf_sdf_kept kept;
	int rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, index, SDFX_USE_SIGN, &kept);

	if (rc != SDR_OK)
		return rc;
	pthread_mutex_lock(&session->lock);
	const struct hf_sdf_right *right = right_to(session, HF_SDF_RECORD_PAIR, index, SDFX_USE_SIGN);
	bool granted = right && right->id == kept.id;
	if (granted)
		memcpy(signer->inverse, right->inverse, sizeof(signer->inverse));
	pthread_mutex_unlock(&session->lock);
	memcpy(signer->pub, kept.record.pub, HF_SM2_POINT);
	return granted ? SDR_OK : SDR_PRKRERR;
}

/* --- Work in pieces --- */

void hf_sdf_work_end(struct hf_sdf_session *session, enum hf_sdf_work work)
{
	hf_sdf_locked_free(session->work[work].state, session->work[work].size);
	session->work[work].state = NULL;
}

void *hf_sdf_work_begin(struct hf_sdf_session *session, enum hf_sdf_work work, size_t size)
{
	hf_sdf_work_end(session, work);
	session->work[work].state = hf_sdf_locked_new(size);
	session->work[work].size = size;
	return session->work[work].state;
}

void *hf_sdf_work_get(struct hf_sdf_session *session, enum hf_sdf_work work)
{
	return session->work[work].state;
}

int hf_sdf_work_enter(void *handle, struct hf_sdf_session **session)
{
	int rc = hf_sdf_session_enter(handle, session);

	if (rc == SDR_OK)
		pthread_mutex_lock(&(*session)->work_lock);
	return rc;
}

void hf_sdf_work_leave(struct hf_sdf_session *session)
{
	pthread_mutex_unlock(&session->work_lock);
	hf_sdf_session_put(session);
}

/* --- Session keys --- */

static void destroy_key(struct hf_sdf_object *object)
{
	struct hf_sdf_key *key = (struct hf_sdf_key *)object;

	hf_sdf_secret_give(&key->device->pool, key->secret);
	hf_sdf_object_put(&key->device->object);
	free(key);
}

int hf_sdf_key_add(struct hf_sdf_session *session, const uint8_t bytes[HF_SM4_KEY], void **handle)
{
	struct hf_sdf_key *key = hf_try_alloc(1, sizeof(*key));
	uint8_t *secret = key ? hf_sdf_secret_take(&session->device->pool) : NULL;

	if (!secret) {
		free(key);
		return SDR_NOBUFFER;
	}
	memcpy(secret, bytes, HF_SM4_KEY);
	key->object = (struct hf_sdf_object){.kind = HF_SDF_KEY, .destroy = destroy_key};
	key->device = session->device;
	key->secret = secret;
	hf_sdf_object_hold(&key->device->object);
	int rc = hf_sdf_object_add(&key->object, session->object.handle, handle);
	if (rc != SDR_OK)
		destroy_key(&key->object);
	return rc;
}

int hf_sdf_key_copy(struct hf_sdf_session *session, void *handle, uint8_t bytes[HF_SM4_KEY])
{
	struct hf_sdf_object *object = hf_sdf_object_get(handle, HF_SDF_KEY);

	if (!object)
		return SDR_INARGERR;
	bool own = object->owner == session->object.handle;
	if (own)
		memcpy(bytes, ((struct hf_sdf_key *)object)->secret, HF_SM4_KEY);
	hf_sdf_object_put(object);
	return own ? SDR_OK : SDR_INARGERR;
}
