#include "skf_int.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ULONG con_handle(const struct skf_call *call, const char *name, HCONTAINER *out)
{
	struct skf_con *con = skf_obj_new(SKF_CON, sizeof(*con), &call->app->obj);

	if (!con)
		return SAR_MEMORYERR;
	hf_fmt_cut(con->name, sizeof(con->name), "%s", name);
	return skf_handle_new(&con->obj, out);
}

ULONG DEVAPI SKF_CreateContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer)
{
	struct skf_call call;
	char entry[SKF_ENTRY_MAX], prefix[SKF_PREFIX_MAX];

	if (!skf_name_ok(szContainerName, SKF_NAME_MAX))
		return SAR_NAMELENERR;
	if (!phContainer)
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(hApplication, SKF_APP, &call);
	if (rv != SAR_OK)
		return rv;
	skf_prefix(prefix, 'c', call.app->id);
	rv = skf_need(call.app, SKF_RIGHT_USER);
	if (rv == SAR_OK && skf_count(call.dev->dir, prefix) >= SKF_CONTAINER_CAP)
		rv = SAR_REACH_MAX_CONTAINER_COUNT;
	if (rv == SAR_OK) {
		skf_container_entry(entry, call.app, szContainerName);
		rv = skf_touch(call.dev->dir, entry);
	}
	if (rv == SAR_OK)
		rv = con_handle(&call, szContainerName, phContainer);
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_DeleteContainer(HAPPLICATION hApplication, LPSTR szContainerName)
{
	struct skf_call call;
	char entry[SKF_ENTRY_MAX];

	if (!skf_name_ok(szContainerName, SKF_NAME_MAX))
		return SAR_NAMELENERR;
	ULONG rv = skf_enter(hApplication, SKF_APP, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_need(call.app, SKF_RIGHT_USER);
	if (rv == SAR_OK) {
		skf_container_entry(entry, call.app, szContainerName);
		rv = skf_remove(call.dev->dir, entry);
		rv = rv == SAR_FILE_NOT_EXIST ? SAR_OBJERR : rv;
	}
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_OpenContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer)
{
	struct skf_call call;
	char entry[SKF_ENTRY_MAX];

	if (!skf_name_ok(szContainerName, SKF_NAME_MAX))
		return SAR_NAMELENERR;
	if (!phContainer)
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(hApplication, SKF_APP, &call);
	if (rv != SAR_OK)
		return rv;
	skf_container_entry(entry, call.app, szContainerName);
	if (faccessat(call.dev->dir, entry, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		rv = SAR_OBJERR;
	else
		rv = con_handle(&call, szContainerName, phContainer);
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_CloseContainer(HCONTAINER hContainer)
{
	return skf_handle_close(hContainer, 1u << SKF_CON);
}

ULONG DEVAPI SKF_EnumContainer(HAPPLICATION hApplication, LPSTR szContainerName, ULONG *pulSize)
{
	struct skf_call call;
	char prefix[SKF_PREFIX_MAX];

	ULONG rv = skf_enter(hApplication, SKF_APP, &call);
	if (rv != SAR_OK)
		return rv;
	skf_prefix(prefix, 'c', call.app->id);
	rv = skf_list(call.dev->dir, prefix, szContainerName, pulSize);
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_GetContainerType(HCONTAINER hContainer, ULONG *pulContainerType)
{
	struct skf_call call;
	struct skf_content *content;

	if (!pulContainerType)
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(hContainer, SKF_CON, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_content_read(&call, &content);
	if (rv == SAR_OK) {
		bool ecc = content->pair[SKF_SIGN].there || content->pair[SKF_ENC].there;
		*pulContainerType = ecc ? SKF_CONTAINER_ECC : SKF_CONTAINER_EMPTY;
		free(content);
	}
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_ImportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG ulCertLen)
{
	struct skf_call call;
	struct skf_content *content = NULL;
	int which = bSignFlag ? SKF_SIGN : SKF_ENC;

	if (!pbCert)
		return SAR_INVALIDPARAMERR;
	if (ulCertLen == 0 || ulCertLen > SKF_CERT_MAX)
		return SAR_INDATALENERR;
	ULONG rv = skf_enter(hContainer, SKF_CON, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_need(call.app, SKF_RIGHT_USER);
	if (rv == SAR_OK)
		rv = skf_content_read(&call, &content);
	if (rv == SAR_OK) {
		memcpy(content->cert[which], pbCert, ulCertLen);
		content->cert_len[which] = ulCertLen;
		rv = skf_content_write(&call, content);
	}
	free(content);
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_ExportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG *pulCertLen)
{
	struct skf_call call;
	struct skf_content *content;
	int which = bSignFlag ? SKF_SIGN : SKF_ENC;

	ULONG rv = skf_enter(hContainer, SKF_CON, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_content_read(&call, &content);
	if (rv == SAR_OK) {
		size_t len = content->cert_len[which];
		rv = len == 0 ? SAR_CERTNOTFOUNTERR : skf_give(content->cert[which], len, pbCert, pulCertLen);
		free(content);
	}
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_ExportPublicKey(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbBlob, ULONG *pulBlobLen)
{
	struct skf_call call;
	struct skf_content *content;
	ECCPUBLICKEYBLOB blob;

	ULONG rv = skf_enter(hContainer, SKF_CON, &call);
	if (rv != SAR_OK)
		return rv;
	rv = skf_content_read(&call, &content);
	if (rv == SAR_OK) {
		const struct skf_pair *pair = &content->pair[bSignFlag ? SKF_SIGN : SKF_ENC];
		skf_pub_put(pair->pub, &blob);
		rv = pair->there ? skf_give(&blob, sizeof(blob), pbBlob, pulBlobLen) : SAR_KEYNOTFOUNTERR;
		free(content);
	}
	skf_leave(&call);
	return rv;
}
