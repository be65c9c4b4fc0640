#include "sdf/sdf_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void destroy_session(struct hf_sdf_object *object)
{
	struct hf_sdf_session *session = (struct hf_sdf_session *)object;

	for (size_t i = 0; i < session->num_rights; i++)
		hf_sdf_secret_give(&session->device->pool, session->rights[i].d);
	pthread_mutex_destroy(&session->lock);
	hf_sdf_object_put(&session->device->object);
	hf_wipe(session, sizeof(*session));
	free(session);
}

int hf_sdf_session_open(struct hf_sdf_device *device, void **handle)
{
	struct hf_sdf_session *session = hf_try_alloc(1, sizeof(*session));

	if (!session || pthread_mutex_init(&session->lock, NULL) != 0) {
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

static struct hf_sdf_right *right_to(struct hf_sdf_session *session, uint32_t index, uint32_t use)
{
	for (size_t i = 0; i < session->num_rights; i++) {
		if (session->rights[i].index == index && session->rights[i].use == use)
			return &session->rights[i];
	}
	return NULL;
}

int hf_sdf_session_grant(struct hf_sdf_session *session, const struct hf_sdf_kept *kept, uint8_t *d)
{
	pthread_mutex_lock(&session->lock);
	struct hf_sdf_right *right = right_to(session, kept->record.index, kept->record.use);
	if (right)
		hf_sdf_secret_give(&session->device->pool, right->d);
	else if (session->num_rights < HF_SDF_RIGHTS_MAX)
		right = &session->rights[session->num_rights++];
	if (right)
		*right = (struct hf_sdf_right){
			.id = kept->id, .index = kept->record.index, .use = kept->record.use, .d = d};
	pthread_mutex_unlock(&session->lock);
	return right ? SDR_OK : SDR_NOBUFFER;
}

void hf_sdf_session_release(struct hf_sdf_session *session, uint32_t index)
{
	pthread_mutex_lock(&session->lock);
	for (size_t i = session->num_rights; i-- > 0;) {
		if (session->rights[i].index == index) {
			hf_sdf_secret_give(&session->device->pool, session->rights[i].d);
			session->rights[i] = session->rights[--session->num_rights];
		}
	}
	pthread_mutex_unlock(&session->lock);
}

int hf_sdf_session_private(struct hf_sdf_session *session, uint32_t index, uint32_t use, struct hf_sm2_key *key)
{
	struct hf_sdf_kept kept;
	int rc = hf_sdf_device_find(session->device, HF_SDF_RECORD_PAIR, index, use, &kept);

	if (rc != SDR_OK)
		return rc;
	pthread_mutex_lock(&session->lock);
	const struct hf_sdf_right *right = right_to(session, index, use);
	bool granted = right && right->id == kept.id;
	if (granted)
		memcpy(key->d, right->d, HF_SM2_SCALAR);
	pthread_mutex_unlock(&session->lock);
	memcpy(key->pub, kept.record.pub, HF_SM2_POINT);
	return granted ? SDR_OK : SDR_PRKRERR;
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
