/*
 * What `hufu` says to people, in English and Chinese: one table. Formats are printf's; both languages of a row take
 * the same arguments in the same order (a test compares them).
 */
#ifndef HUFU_CMD_MESSAGES_H
#define HUFU_CMD_MESSAGES_H

enum hf_lang { HF_LANG_EN, HF_LANG_ZH, HF_NUM_LANGS };

/* clang-format off */
#define HF_MESSAGES(M) \
	/* init, up, the demonstration */ \
	M(WAITING_FOR, "%s does not answer (%s); trying again", "%s 没有应答（%s），正在重试") \
	M(INIT_STEP, "init: %s", "初始化：%s") \
	M(INIT_DEVICES, "devices and keys (GM/T 0018)", "密码设备与密钥（GM/T 0018）") \
	M(INIT_AUTHORITIES, "root and operating CA", "根 CA 与运营 CA") \
	M(INIT_SERVICES, "certificates of CA, RA, KM and OCSP", "CA、RA、KM、OCSP 的证书") \
	M(INIT_OPERATORS, "operators and their tokens (GM/T 0016)", "操作员及其令牌（GM/T 0016）") \
	M(INIT_CRLS, "first CRLs", "首批 CRL") \
	M(INIT_DONE, "%s is made. This is a demonstration authority: keys and PINs lie in its folder.", \
		"%s 已建立。这是演示系统：密钥与 PIN 都在其目录中。") \
	M(UP_STARTING, "starting all services of %s", "正在启动 %s 的全部服务") \
	M(UP_READY, "all services are up", "全部服务已就绪") \
	M(UP_STAY, "Ctrl-C stops them. `hufu status`, `hufu request list` and `hufu cert list` show more.", \
		"按 Ctrl-C 停止。可用 `hufu status`、`hufu request list`、`hufu cert list` 查看。") \
	M(DEMO_ENTER, "three applicants are entered (录入)", "录入三名申请人") \
	M(DEMO_REVIEW, "they are approved (审核)", "审核通过") \
	M(DEMO_PRODUCE, "produced into tokens: certificates from the CA, encryption keys from the KM (制证)", \
		"制证：CA 签发双证书，KM 提供加密密钥，导入令牌") \
	M(DEMO_STATUS, "one is revoked, one frozen; OCSP says good, revoked, unknown", "撤销一个、冻结一个；OCSP 查询有效、已撤销、未知") \
	M(DEMO_CRL, "the CRLs list both", "CRL 已列出两者") \
	M(DEMO_VERIFY, "the chain verifies", "证书链验证通过") \
	M(DEMO_MESSAGES, "a message to enc.crt is opened by the token, one is signed (GM/T 0010)", \
		"令牌解开发给加密证书的数字信封，并签名一条消息（GM/T 0010）") \
	M(DEMO_KM, "what CA and KM said to each other is kept (GM/T 0014)", "保存 CA 与 KM 的往来报文（GM/T 0014）") \
	M(DEMO_DONE, "all of it works: see %s/demo", "全流程成功，结果见 %s/demo") \
	/* help */ \
	M(USAGE, "Usage", "用法") \
	M(VERBS, "Verbs", "命令") \
	M(OPTIONS, "Options", "选项") \
	M(COMMON_OPTIONS, "Common options", "通用选项") \
	M(ABOUT, "Hufu: a certificate authentication system for SM2/SM3/SM4", "虎符：商用密码证书认证系统") \
	M(HELP_HINT, "`%s --help` says how.", "用法见 `%s --help`。") \
	M(EXIT_CODES, "Exit status: 0 done or valid, 1 refused or not valid, 2 the command line is wrong.", \
		"退出码：0 成功或有效，1 被拒绝或无效，2 命令行有误。") \
	M(OPT_HOME, "the authority's folder; default: var", "系统目录，默认 var") \
	M(OPT_JSON, "results as JSON", "以 JSON 输出结果") \
	M(OPT_HELP, "this text", "显示本帮助") \
	M(OPT_LANG, "zh or en; default: by LC_ALL, LC_MESSAGES, LANG", "zh 或 en，默认取自 LC_ALL、LC_MESSAGES、LANG") \
	M(OPT_OPERATOR, "whose token signs; default: the operator of that role in the demonstration", \
		"由哪位操作员的令牌签名，默认为演示系统中该角色的操作员") \
	M(OPT_SKF, "the tokens' GM/T 0016 library; default: HUFU_SKF_LIBRARY, else libhufuskf.so beside this program", \
		"令牌的 GM/T 0016 接口库，默认 HUFU_SKF_LIBRARY，否则为程序旁的 libhufuskf.so") \
	M(OPT_PIN_FILE, "file with the operator's PIN; default: HOME/tokens/pins, else asked on the terminal", \
		"存放操作员 PIN 的文件，默认 HOME/tokens/pins，否则在终端输入") \
	/* help of verbs */ \
	M(DO_INIT, "make a home: keys, certificates, operators' tokens, settings", "初始化：密钥、证书、操作员令牌、配置") \
	M(DO_UP, "run all services of a home; make it first if it is not there", "启动全部服务，必要时先初始化") \
	M(DO_DOWN, "stop all services of a home", "停止全部服务") \
	M(DO_STATUS, "are the services there, and well?", "查看各服务状态") \
	M(DO_REQUEST_ADD, "enter one applicant (录入)", "录入一名申请人") \
	M(DO_REQUEST_IMPORT, "enter, review and produce a CSV file of applicants", "批量录入、审核并制证（CSV 文件）") \
	M(DO_REQUEST_LIST, "list applications", "列出申请") \
	M(DO_REQUEST_SHOW, "one application in full", "查看一份申请") \
	M(DO_REQUEST_REVIEW, "approve or reject applications (审核)", "审核申请：通过或退回") \
	M(DO_REQUEST_PRODUCE, "produce approved applications into tokens (制证)", "为已审核的申请制证") \
	M(DO_CERT_LIST, "list certificates", "列出证书") \
	M(DO_CERT_SHOW, "one certificate with its state", "查看一张证书及其状态") \
	M(DO_CERT_EXPORT, "write a certificate, PEM or DER", "导出证书（PEM 或 DER）") \
	M(DO_CERT_REVOKE, "revoke a certificate and its pair", "撤销证书及其配对证书") \
	M(DO_CERT_FREEZE, "freeze a certificate and its pair", "冻结证书及其配对证书") \
	M(DO_CERT_UNFREEZE, "unfreeze a certificate and its pair", "解冻证书及其配对证书") \
	M(DO_CRL_SHOW, "show a CRL: of the root, of the CA, or in a file", "显示 CRL：根、CA 或文件中的") \
	M(DO_CRL_FETCH, "fetch a CRL, verify it, write it", "下载 CRL，验证后写出") \
	M(DO_OCSP_QUERY, "ask the responder about a certificate and verify its answer", "在线查询证书状态并验证应答") \
	M(DO_AUDIT_LIST, "list audit records", "列出审计记录") \
	M(DO_AUDIT_VERIFY, "verify the chain and the signed heads of the audit journals", "验证审计日志的哈希链与签名") \
	M(DO_TOKEN_LIST, "list the tokens at this workstation", "列出本机令牌") \
	M(DO_TOKEN_SHOW, "what is in a token", "查看令牌内容") \
	M(DO_X509_PRINT, "print a certificate, request, CRL, OCSP message, CMS or GM/T 0014 message", \
		"打印证书、证书请求、CRL、OCSP、CMS 或 GM/T 0014 消息") \
	M(DO_X509_VERIFY, "verify a certificate's chain, a request, CRL, OCSP answer or signed message", \
		"验证证书链、证书请求、CRL、OCSP 应答或签名消息") \
	/* help of options */ \
	M(OPT_CONFIG, "settings of a new home, in the form of hufu.conf: names, validities, ports, libraries", \
		"新系统的配置文件，格式同 hufu.conf：名称、有效期、端口、接口库") \
	M(OPT_ONCE, "run the whole flow once, then stop", "跑完整个流程后退出") \
	M(OPT_PORT, "a new home's ports are the four behind this one; default 8440", "新建系统的四个端口从此号之后起，默认 8440") \
	M(OPT_ITERATIONS, "PBKDF2 iterations for a new home's PINs; default 20000", "新建系统 PIN 的 PBKDF2 迭代次数，默认 20000") \
	M(OPT_OUT_DER, "write the answer (DER) to FILE", "将应答（DER）写入文件") \
	M(OPT_FIELD, "a field of the applicant", "申请人的一个字段") \
	M(OPT_FIELDS_JSON, "the applicant as a JSON object in FILE (- is standard input)", "申请人，JSON 文件（- 为标准输入）") \
	M(OPT_BATCH, "the batch's id; default: SM3 of the file, so that the same file again goes on", \
		"批次号，默认为文件的 SM3，重跑同一文件即续作") \
	M(OPT_NO_PRODUCE, "only enter and review", "只录入和审核") \
	M(OPT_JOBS, "how many at a time; default 16", "并行数，默认 16") \
	M(OPT_REVIEWER, "who reviews; default shenhe", "审核员，默认 shenhe") \
	M(OPT_PRODUCER, "who produces; default zhizheng", "制证员，默认 zhizheng") \
	M(OPT_STATE, "only in this state", "只列该状态的") \
	M(OPT_BATCH_FILTER, "only of this batch", "只列该批次的") \
	M(OPT_LIMIT, "at most so many; default 100", "最多条数，默认 100") \
	M(OPT_AFTER, "only behind this one", "只列其后的") \
	M(OPT_REJECT, "reject; otherwise approve", "退回，缺省为通过") \
	M(OPT_REASON_TEXT, "why; needed to reject", "理由，退回时必填") \
	M(OPT_TOKEN, "the subject's token (device name) instead of a new software token", "使用已有令牌（设备名）而非新建软件令牌") \
	M(OPT_TOKEN_PIN, "file with that token's PIN; default: asked on the terminal", "该令牌 PIN 的文件，默认在终端输入") \
	M(OPT_APPLICATION, "its application; default HUFU", "令牌应用名，默认 HUFU") \
	M(OPT_CONTAINER, "its container; default hufu", "令牌容器名，默认 hufu") \
	M(OPT_REQUEST, "only of this application", "只列该申请的") \
	M(OPT_SUBJECT, "only with this text in the subject", "只列主题含此文字的") \
	M(OPT_REASON, "reason of RFC 5280: keyCompromise, superseded, …; default unspecified", \
		"RFC 5280 撤销原因：keyCompromise、superseded 等，默认 unspecified") \
	M(OPT_ONLY, "only this one, not its pair", "只处理这一张，不含配对证书") \
	M(OPT_OUT, "write to FILE; default: standard output", "写入文件，默认标准输出") \
	M(OPT_DER, "DER instead of PEM", "输出 DER 而非 PEM") \
	M(OPT_HASH, "hash of the CertID: sm3 or sha1; default sm3", "CertID 的杂凑算法：sm3 或 sha1，默认 sm3") \
	M(OPT_NONCE, "with a nonce", "带 nonce") \
	M(OPT_GET, "ask by GET instead of POST", "用 GET 而非 POST") \
	M(OPT_SERVICE, "ca, ra, km or ocsp; default: list ra, verify all", "ca、ra、km 或 ocsp，默认 list 为 ra，verify 为全部") \
	M(OPT_ALL, "all four services (the default without --service)", "全部四个服务（未给 --service 时的默认）") \
	M(OPT_FILTER_OPERATOR, "only by this operator", "只列该操作员的") \
	M(OPT_FILTER_OPERATION, "only this operation: request.review, cert.revoke, …", "只列该操作：request.review、cert.revoke 等") \
	M(OPT_FILTER_RESULT, "only with this result: ok, denied, …", "只列该结果：ok、denied 等") \
	M(OPT_FILTER_OBJECT, "only about this object", "只列该对象的") \
	M(OPT_FROM, "since then (2026-11-22T10:31:09Z)", "起始时间（2026-11-22T10:31:09Z）") \
	M(OPT_TO, "until then", "截止时间") \
	M(OPT_ANCHOR, "the trusted certificate; default: HOME/root.crt", "信任锚证书，默认 HOME/root.crt") \
	M(OPT_INTERMEDIATE, "a certificate between; may be given several times", "中间证书，可多次给出") \
	M(OPT_CRL, "a CRL to hold against; may be given several times", "用于核对的 CRL，可多次给出") \
	M(OPT_PATH_POLICY, "a policy that is acceptable; may be given several times", "可接受的证书策略，可多次给出") \
	M(OPT_EXPLICIT_POLICY, "the path must be valid for a policy (RFC 5280 6.1.1 f)", "路径须对某一策略有效") \
	M(OPT_INHIBIT_MAPPING, "policies are not mapped (RFC 5280 6.1.1 e)", "禁止策略映射") \
	M(OPT_INHIBIT_ANY, "anyPolicy counts for nothing (RFC 5280 6.1.1 g)", "忽略任意策略（anyPolicy）") \
	M(OPT_REQUIRE_CRL, "every certificate must be covered by a CRL", "每张证书都须有 CRL 覆盖") \
	M(OPT_ISSUER, "the issuer's certificate (CRL, OCSP answer); default: HOME/ca.crt", "颁发者证书（CRL、OCSP 应答），默认 HOME/ca.crt") \
	M(OPT_CERT_ASKED, "the certificate that the OCSP answer is about", "OCSP 应答所针对的证书") \
	M(OPT_CONTENT, "the detached content of a signed message", "签名消息的外部原文") \
	M(OPT_AT, "as if now were then", "按该时间验证") \
	/* errors and hints */ \
	M(ERROR, "error", "错误") \
	M(ERR_NO_VERB, "no such verb", "没有该命令") \
	/* what operators read */ \
	M(ENTERED, "entered: %s", "已录入：%s") \
	M(BATCH_DONE, "batch %s: %lld rows, %zu accepted, %zu refused", "批次 %s：%lld 行，接受 %zu，拒绝 %zu") \
	M(BATCH_IGNORED, "columns that were ignored: %s", "被忽略的列：%s") \
	M(ROW, "row", "行") \
	M(FIELD, "field", "字段") \
	M(REASON, "reason", "原因") \
	M(REVIEWED, "reviewed: %zu approved, %zu refused", "审核：通过 %zu，拒绝 %zu") \
	M(REJECTED, "reviewed: %zu rejected, %zu refused", "审核：退回 %zu，拒绝 %zu") \
	M(PRODUCE_GOING_ON, "installed already: %zu of %zu; going on with %zu", "已安装 %zu 份，共 %zu 份，继续处理 %zu 份") \
	M(PRODUCE_PROGRESS, "produced %zu/%zu, %.0f per second", "制证 %zu/%zu，每秒 %.0f") \
	M(PRODUCE_SUM, "issued %zu, installed %zu, failed %zu; %.1f s, %.1f per second", \
		"签发 %zu，安装 %zu，失败 %zu；%.1f 秒，每秒 %.1f") \
	M(PRODUCE_FAILED, "%s: %s", "%s：%s") \
	M(NOTHING_TO_DO, "nothing to do", "无事可做") \
	M(NONE_FOUND, "none", "无") \
	M(MORE_BEHIND, "there may be more: --after %s", "可能还有，续查用 --after %s") \
	M(STATUS_DONE, "%s %s: done", "%s %s：完成") \
	M(STATUS_REFUSED, "%s: %s: %s", "%s：%s：%s") \
	M(WROTE, "wrote %s (%zu octets)", "已写入 %s（%zu 字节）") \
	M(CRL_VERIFIED, "verified: issued by %s, valid until %s", "验证通过：由 %s 签发，有效至 %s") \
	M(CRL_UNVERIFIED, "not verified: %s", "未验证：%s") \
	M(VALID, "valid: %s", "有效：%s") \
	M(NOT_VALID, "not valid: %s", "无效：%s") \
	M(PIN_PROMPT, "PIN of token %s: ", "令牌 %s 的 PIN：") \
	M(AUDIT_FAULT, "%s: frame %lld: %s: %s", "%s：第 %lld 帧：%s：%s") \
	M(AUDIT_SUM, "%s: %lld frames, %llu records, %llu signed heads (the last over frame %lld), %llu faults", \
		"%s：%lld 帧，%llu 条记录，%llu 个签名头（最后一个至第 %lld 帧），%llu 处错误") \
	M(AUDIT_SIGNATURES, "%s: %llu operators' signatures verified, %llu not checked (their certificate is not at hand)", \
		"%s：操作员签名 %llu 个验证通过，%llu 个未验证（手头无其证书）") \
	/* columns */ \
	M(COL_ID, "id", "编号") \
	M(COL_STATE, "state", "状态") \
	M(COL_BATCH, "batch", "批次") \
	M(COL_TEMPLATE, "template", "模板") \
	M(COL_NAME, "name", "名称") \
	M(COL_ORGANIZATION, "organization", "组织") \
	M(COL_ENTERED, "entered", "录入时间") \
	M(COL_ENTERED_BY, "entered by", "录入员") \
	M(COL_SERIAL, "serial", "序列号") \
	M(COL_KIND, "kind", "种类") \
	M(COL_REQUEST, "request", "申请") \
	M(COL_SUBJECT, "subject", "主题") \
	M(COL_NOT_AFTER, "not after", "有效期至") \
	M(COL_NUMBER, "frame", "帧") \
	M(COL_AT, "at", "时间") \
	M(COL_OPERATOR, "operator", "操作员") \
	M(COL_ROLE, "role", "角色") \
	M(COL_OPERATION, "operation", "操作") \
	M(COL_OBJECT, "object", "对象") \
	M(COL_RESULT, "result", "结果") \
	M(COL_TEXT, "text", "说明") \
	M(COL_DEVICE, "device", "设备") \
	M(COL_LABEL, "label", "标签") \
	M(COL_MAKER, "manufacturer", "厂商") \
	M(COL_TRIES, "PIN tries", "PIN 剩余次数") \
	M(COL_CONTAINER, "container", "容器") \
	M(COL_USE, "use", "用途") \
	M(USE_SIGN, "signing", "签名") \
	M(USE_ENC, "encryption", "加密") \
	/* device, sm2, sm3, sm4 */ \
	M(DO_DEVICE_INIT, "make a software device in a new folder", "在新目录中建立软件密码设备") \
	M(DO_DEVICE_INFO, "who made a GM/T 0018 device, and its state", "查看 GM/T 0018 密码设备的信息与状态") \
	M(DO_DEVICE_KEYS, "list the SM2 public keys of a device", "列出设备中的 SM2 公钥") \
	M(DO_DEVICE_GENERATE, "make a key inside: an SM2 pair, or a KEK", "在设备内生成 SM2 密钥对或 KEK") \
	M(DO_DEVICE_EXPORT, "write a public key, PEM or DER", "导出公钥（PEM 或 DER）") \
	M(DO_DEVICE_BACKUP, "back a device up into an encrypted file", "将设备加密备份到文件") \
	M(DO_DEVICE_RESTORE, "bring a backup into a new device", "将备份恢复到新设备") \
	M(DO_DEVICE_SELF_TEST, "let the device test itself", "设备自检") \
	M(DO_DEVICE_BENCH, "measure random octets and, with --index, signatures", "测试随机数速度，给出 --index 时测试签名速度") \
	M(DO_DEVICE_RANDOM, "judge a file of random octets by GM/T 0005", "按 GM/T 0005 检测随机数文件") \
	M(DO_SM2_SIGN, "sign a file by SM2", "对文件作 SM2 签名") \
	M(DO_SM2_VERIFY, "verify a file's SM2 signature", "验证文件的 SM2 签名") \
	M(DO_SM2_ENCRYPT, "encrypt a file of up to 4096 octets by SM2", "用 SM2 加密不超过 4096 字节的文件") \
	M(DO_SM2_DECRYPT, "decrypt what was encrypted by SM2", "SM2 解密") \
	M(DO_SM3_HASH, "SM3 of files", "计算文件的 SM3 杂凑值") \
	M(DO_SM3_HMAC, "HMAC-SM3 of files", "计算文件的 HMAC-SM3") \
	M(DO_SM4_ENCRYPT, "encrypt a file by SM4", "用 SM4 加密文件") \
	M(DO_SM4_DECRYPT, "decrypt a file by SM4", "用 SM4 解密文件") \
	M(OPT_DEVICE, "folder of a libhufusdf device; default: the library's own choice", "libhufusdf 设备目录，默认由接口库决定") \
	M(OPT_SDF, "the device's GM/T 0018 library; default: libhufusdf.so beside this program", "设备的 GM/T 0018 接口库，默认为程序旁的 libhufusdf.so") \
	M(OPT_INDEX_LIMIT, "look at indexes up to this; default 1024", "查到该索引为止，默认 1024") \
	M(OPT_INDEX, "index of a key in the device", "设备内密钥索引") \
	M(OPT_USE, "sign (default), enc, or kek to generate one", "sign（默认）、enc，生成 KEK 用 kek") \
	M(OPT_SECONDS, "seconds for each; default 1", "每项秒数，默认 1") \
	M(OPT_RANDOM_SET, "tests: periodic (default), power-on, light", "检测项目：periodic（默认）、power-on、light") \
	M(OPT_KEY, "SM2 private key in clear: PRIVATE KEY or EC PRIVATE KEY", "明文 SM2 私钥文件：PRIVATE KEY 或 EC PRIVATE KEY") \
	M(OPT_KEY_CERT, "certificate whose key is taken", "取其公钥的证书") \
	M(OPT_PUBLIC, "SM2 public key file", "SM2 公钥文件") \
	M(OPT_SM2_ID, "the signer's id; default 1234567812345678", "签名者标识，默认 1234567812345678") \
	M(OPT_SIGNATURE, "the signature, DER (GM/T 0009)", "签名文件，DER（GM/T 0009）") \
	M(OPT_EXPECT, "is it this? exit status 0 yes, 1 no", "与该值比对，退出码 0 相同、1 不同") \
	M(OPT_KEY_FILE, "file with the key's octets", "密钥文件（原始字节）") \
	M(OPT_HEX, "the key file has hex digits", "密钥文件为十六进制") \
	M(OPT_MODE, "gcm (default), cbc, ctr, ecb; only gcm notices changes", "gcm（默认）、cbc、ctr、ecb；仅 gcm 能发现篡改") \
	M(OPT_IV, "IV, nonce or counter, not in the file; default: random, in front", "IV、nonce 或计数器，不写入文件；默认随机并置于文件首") \
	M(SECRET_PROMPT, "Secret \"%s\": ", "口令“%s”：") \
	M(SECRET_AGAIN, "Secret \"%s\" again: ", "再次输入口令“%s”：") \
	M(JSON_OK, "{\"ok\":true}", "{\"ok\":true}") \
	M(DEVICE_MADE, "the device is made", "设备已建立") \
	M(KEY_MADE, "the key is made", "密钥已生成") \
	M(BACKUP_MADE, "the backup is written", "备份已写入") \
	M(RESTORED, "the device is restored", "设备已恢复") \
	M(SELF_TEST_PASSED, "the self-test is passed", "自检通过") \
	M(PASSED, "passed", "通过") \
	M(FAILED, "failed", "未通过") \
	M(COL_INDEX, "index", "索引") \
	M(COL_PUBLIC, "public key", "公钥") \
	M(COL_PER_SECOND, "per second", "每秒") \
	M(COL_UNIT, "unit", "单位") \
	M(COL_TEST, "test", "检测项") \
	M(COL_GROUPS, "groups passed", "通过组数") \
	M(COL_UNIFORM, "uniformity", "均匀性")
/* clang-format on */

enum hf_message {
#define HF_MESSAGE_ID(name, en, zh) HF_MSG_##name,
	HF_MESSAGES(HF_MESSAGE_ID)
#undef HF_MESSAGE_ID
		HF_NUM_MESSAGES
};

/* Never NULL. */
const char *hf_message(enum hf_lang lang, enum hf_message id);
/* Of a locale's name ("zh_CN.UTF-8", "zh-TW", "C", NULL): Chinese when it begins with zh, else English. */
enum hf_lang hf_lang_of(const char *locale);

#endif
