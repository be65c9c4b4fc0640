/*
 * The handle table. A handle is generation ‖ slot; the generation of a slot moves on each time that it is given out, so
 * that a stale handle finds nothing. Numbers from anywhere are safe to look up.
 */
#include "sdf/sdf_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_BITS 16
#define NUM_SLOTS ((size_t)1 << SLOT_BITS)

struct slot {
	struct hf_sdf_object *object; /* NULL: free */
	uintptr_t generation;
};

static struct {
	pthread_mutex_t lock;
	struct slot *slots;
	size_t num, next; /* next: where the search for a free one starts */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct slot *slot_of(void *handle)
{
	uintptr_t number = (uintptr_t)handle;
	size_t at = number & (NUM_SLOTS - 1);

	if (at >= table.num || !table.slots[at].object || table.slots[at].generation != number >> SLOT_BITS)
		return NULL;
	return &table.slots[at];
}

static bool grow(void)
{
	size_t num = table.num > 0 ? table.num * 2 : 64;

	if (num > NUM_SLOTS)
		return false;
	struct slot *slots = hf_try_alloc(num, sizeof(*slots));
	if (!slots)
		return false;
	if (table.num > 0)
		memcpy(slots, table.slots, table.num * sizeof(*slots));
	free(table.slots);
	table.slots = slots;
	table.next = table.num;
	table.num = num;
	return true;
}

static struct slot *free_slot(void)
{
	for (size_t i = 0; i < table.num; i++) {
		size_t at = (table.next + i) % table.num;
		if (!table.slots[at].object) {
			table.next = at + 1;
			return &table.slots[at];
		}
	}
	return grow() ? &table.slots[table.next++] : NULL;
}

int hf_sdf_object_add(struct hf_sdf_object *object, void *owner, void **handle)
{
	int rc = SDR_OK;

	pthread_mutex_lock(&table.lock);
	struct slot *slot = !owner || slot_of(owner) ? free_slot() : NULL;
	if (slot) {
		/* Generation 0 is never given, so that no handle is NULL. */
		slot->generation = (slot->generation + 1) & (UINTPTR_MAX >> SLOT_BITS);
		slot->generation += slot->generation == 0;
		slot->object = object;
		object->refs = 1;
		object->owner = owner;
		object->handle = (void *)(slot->generation << SLOT_BITS | (uintptr_t)(slot - table.slots));
		*handle = object->handle;
	} else {
		rc = owner && !slot_of(owner) ? SDR_INARGERR : SDR_NOBUFFER;
	}
	pthread_mutex_unlock(&table.lock);
	return rc;
}

struct hf_sdf_object *hf_sdf_object_get(void *handle, enum hf_sdf_kind kind)
{
	struct hf_sdf_object *object = NULL;

	pthread_mutex_lock(&table.lock);
	struct slot *slot = slot_of(handle);
	if (slot && slot->object->kind == kind) {
		object = slot->object;
		object->refs++;
	}
	pthread_mutex_unlock(&table.lock);
	return object;
}

void hf_sdf_object_hold(struct hf_sdf_object *object)
{
	pthread_mutex_lock(&table.lock);
	object->refs++;
	pthread_mutex_unlock(&table.lock);
}

void hf_sdf_object_put(struct hf_sdf_object *object)
{
	pthread_mutex_lock(&table.lock);
	bool last = --object->refs == 0;
	pthread_mutex_unlock(&table.lock);
	if (last)
		object->destroy(object);
}

/* Takes the handles that this one owns out of the table, and theirs, and chains the objects. The lock is held. */
static struct hf_sdf_object *unlink_owned(void *owner, struct hf_sdf_object *chain)
{
	for (size_t i = 0; i < table.num; i++) {
		struct hf_sdf_object *object = table.slots[i].object;
		if (!object || object->owner != owner)
			continue;
		table.slots[i].object = NULL;
		chain = unlink_owned(object->handle, chain);
		object->next = chain;
		chain = object;
	}
	return chain;
}

bool hf_sdf_object_close(void *handle, enum hf_sdf_kind kind)
{
	struct hf_sdf_object *chain = NULL;

	pthread_mutex_lock(&table.lock);
	struct slot *slot = slot_of(handle);
	if (slot && slot->object->kind == kind) {
		struct hf_sdf_object *object = slot->object;
		slot->object = NULL;
		object->next = unlink_owned(handle, NULL);
		chain = object;
	}
	pthread_mutex_unlock(&table.lock);
	bool found = chain != NULL;
	while (chain) {
		struct hf_sdf_object *next = chain->next;
		hf_sdf_object_put(chain);
		chain = next;
	}
	return found;
}
