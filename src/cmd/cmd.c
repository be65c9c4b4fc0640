#include "cmd/cmd.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "cmd/show.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
static const struct hf_option common_options[] = {
	{"home", "DIR", HF_MSG_OPT_HOME},
	{"json", NULL, HF_MSG_OPT_JSON},
	{"operator", "NAME", HF_MSG_OPT_OPERATOR},
	{"skf", "LIBRARY", HF_MSG_OPT_SKF},
	{"pin-file", "FILE", HF_MSG_OPT_PIN_FILE},
	{"lang", "LANG", HF_MSG_OPT_LANG},
	{"help", NULL, HF_MSG_OPT_HELP},
	{NULL, NULL, HF_MSG_OPT_HELP},
};
/* clang-format on */

/* ---- reading the command line ----------------------------------------------------------------------------------- */

static const struct hf_option *find_option(const struct hf_verb *verb, const char *name, size_t len)
{
	const struct hf_option *lists[] = {common_options, verb ? verb->options : NULL};

	for (size_t i = 0; i < 2; i++)
		for (const struct hf_option *o = lists[i]; o && o->name; o++)
			if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
				return o;
	return NULL;
}

/* argv[*i] is an option; its value may be the next word. */
static bool take_option(struct hf_cmd *cmd, int argc, char **argv, int *i, struct hf_err *err)
{
	const char *word = argv[*i], *name = word + 2, *value = "";

	if (strcmp(word, "-o") == 0)
		name = "out";
	else if (strcmp(word, "-h") == 0)
		name = "help";
	else if (word[1] != '-')
		return hf_fail(err, HF_E_INPUT, "%.40s: options begin with two hyphens", word);
	const size_t len = strcspn(name, "=");
	const struct hf_option *option = find_option(cmd->verb, name, len);
	if (!option)
		return hf_fail(err, HF_E_INPUT, "--%.*s: no such option here", len < 40 ? (int)len : 40, name);
	if (!option->value && name[len])
		return hf_fail(err, HF_E_INPUT, "--%s takes no value", option->name);
	if (option->value && !name[len] && *i + 1 >= argc)
		return hf_fail(err, HF_E_INPUT, "--%s needs a value: %s", option->name, option->value);
	if (option->value)
		value = name[len] ? name + len + 1 : argv[++*i];
	if (cmd->num_given == HF_CMD_GIVEN_MAX)
		return hf_fail(err, HF_E_LIMIT, "more than %d options", HF_CMD_GIVEN_MAX);
	cmd->given[cmd->num_given].name = option->name;
	cmd->given[cmd->num_given++].value = value;
	return true;
}

/* No such verb; of a group, with those that it has. word may be NULL. */
static bool refuse_name(const struct hf_cmd *cmd, const struct hf_verb *verbs, size_t num, const char *group,
	const char *word, struct hf_err *err)
{
	char has[256] = "";

	for (size_t i = 0; i < num; i++) {
		const size_t at = strlen(has);
		if (group && hf_str_equal(verbs[i].group, group))
			hf_fmt_cut(has + at, sizeof(has) - at, "%s%s", at > 0 ? ", " : ": ", verbs[i].name);
	}
	return hf_fail(err, HF_E_INPUT, "%s%s%.40s: %s%s", group ? group : "", group ? " " : "", word ? word : "…",
		hf_cmd_text(cmd, HF_MSG_ERR_NO_VERB), has);
}

/* The next word of the verb's name. *group is the one before it, if it was a group's. */
static bool take_name(struct hf_cmd *cmd, const struct hf_verb *verbs, size_t num, const char *word, const char **group,
	struct hf_err *err)
{
	bool is_group = false;

	for (size_t i = 0; i < num; i++) {
		if (hf_str_equal(verbs[i].group, *group) && strcmp(verbs[i].name, word) == 0) {
			cmd->verb = &verbs[i];
			return true;
		}
		is_group = is_group || (!*group && verbs[i].group && strcmp(verbs[i].group, word) == 0);
	}
	if (!is_group)
		return refuse_name(cmd, verbs, num, *group, word, err);
	*group = word;
	return true;
}

static void take_common(struct hf_cmd *cmd)
{
	const char *lang = getenv("LC_ALL");

	if (!lang || !*lang)
		lang = getenv("LC_MESSAGES");
	if (!lang || !*lang)
		lang = getenv("LANG");
	if (hf_cmd_opt(cmd, "lang"))
		lang = hf_cmd_opt(cmd, "lang");
	cmd->lang = hf_lang_of(lang);
	cmd->home = hf_cmd_opt(cmd, "home") ? hf_cmd_opt(cmd, "home") : "var";
	cmd->json = hf_cmd_opt(cmd, "json") != NULL;
}

bool hf_cmd_parse(struct hf_cmd *cmd, const struct hf_verb *verbs, size_t num, int argc, char **argv, char **args,
	int *num_args, bool *help, struct hf_err *err)
{
	const char *group = NULL;
	bool options = true;

	*cmd = (struct hf_cmd){.program = argv[0]};
	take_common(cmd);
	*num_args = 0;
	for (int i = 1; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			if (!take_option(cmd, argc, argv, &i, err))
				return false;
			take_common(cmd);
		} else if (cmd->verb) {
			args[(*num_args)++] = argv[i];
		} else if (!take_name(cmd, verbs, num, argv[i], &group, err)) {
			return false;
		}
	}
	*help = hf_cmd_opt(cmd, "help") != NULL || (!cmd->verb && !group);
	if (*help)
		return true;
	if (!cmd->verb)
		return refuse_name(cmd, verbs, num, group, NULL, err);
	if (*num_args < cmd->verb->min_args || (cmd->verb->max_args >= 0 && *num_args > cmd->verb->max_args))
		return hf_fail(err, HF_E_INPUT, "%s%s%s: %d arguments; expected: %s",
			cmd->verb->group ? cmd->verb->group : "", cmd->verb->group ? " " : "", cmd->verb->name,
			*num_args, cmd->verb->args[0] ? cmd->verb->args : "none");
	return true;
}

const char *hf_cmd_opt_nth(const struct hf_cmd *cmd, const char *name, size_t n)
{
	for (size_t i = 0; i < cmd->num_given; i++)
		if (strcmp(cmd->given[i].name, name) == 0 && n-- == 0)
			return cmd->given[i].value;
	return NULL;
}

const char *hf_cmd_opt(const struct hf_cmd *cmd, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < cmd->num_given; i++)
		if (strcmp(cmd->given[i].name, name) == 0)
			value = cmd->given[i].value;
	return value;
}

bool hf_cmd_opt_i64(const struct hf_cmd *cmd, const char *name, int64_t min, int64_t max, int64_t dflt, int64_t *out,
	struct hf_err *err)
{
	const char *text = hf_cmd_opt(cmd, name);

	*out = dflt;
	return !text || hf_parse_i64(text, min, max, out) ||
	       hf_fail(err, HF_E_INPUT, "--%s %.40s: expected a number from %lld to %lld", name, text, (long long)min,
		       (long long)max);
}

/* ---- help ------------------------------------------------------------------------------------------------------- */

static void put_option(const struct hf_cmd *cmd, const struct hf_option *option)
{
	char head[64];

	hf_fmt_cut(head, sizeof(head), "--%s%s%s", option->name, option->value ? " " : "",
		option->value ? option->value : "");
	printf("  %-22s %s\n", head, hf_cmd_text(cmd, option->help));
}

static void put_options(const struct hf_cmd *cmd, enum hf_message title, const struct hf_option *options)
{
	if (!options || !options->name)
		return;
	printf("\n%s:\n", hf_cmd_text(cmd, title));
	for (; options->name; options++)
		put_option(cmd, options);
}

static void help_verb(const struct hf_cmd *cmd)
{
	const struct hf_verb *verb = cmd->verb;

	printf("%s: hufu %s%s%s %s [--…]\n\n%s\n", hf_cmd_text(cmd, HF_MSG_USAGE), verb->group ? verb->group : "",
		verb->group ? " " : "", verb->name, verb->args, hf_cmd_text(cmd, verb->help));
	put_options(cmd, HF_MSG_OPTIONS, verb->options);
	put_options(cmd, HF_MSG_COMMON_OPTIONS, common_options);
}

static void help_all(const struct hf_cmd *cmd, const struct hf_verb *verbs, size_t num)
{
	printf("%s\n\n%s: hufu VERB … [--…]\n\n%s:\n", hf_cmd_text(cmd, HF_MSG_ABOUT), hf_cmd_text(cmd, HF_MSG_USAGE),
		hf_cmd_text(cmd, HF_MSG_VERBS));
	for (size_t i = 0; i < num; i++) {
		char head[64];

		hf_fmt_cut(head, sizeof(head), "%s%s%s", verbs[i].group ? verbs[i].group : "",
			verbs[i].group ? " " : "", verbs[i].name);
		printf("  %-18s %s\n", head, hf_cmd_text(cmd, verbs[i].help));
	}
	put_options(cmd, HF_MSG_COMMON_OPTIONS, common_options);
	printf("\n%s\n", hf_cmd_text(cmd, HF_MSG_EXIT_CODES));
}

int hf_cmd_main(const struct hf_verb *verbs, size_t num, int argc, char **argv)
{
	char **args = hf_alloc((size_t)argc + 1, sizeof(*args));
	struct hf_cmd cmd;
	struct hf_err err = {0};
	int num_args, status = HF_EXIT_OK;
	bool help;

	if (!hf_cmd_parse(&cmd, verbs, num, argc, argv, args, &num_args, &help, &err))
		status = hf_cmd_misuse(&cmd, &err);
	else if (help && cmd.verb)
		help_verb(&cmd);
	else if (help)
		help_all(&cmd, verbs, num);
	else
		status = cmd.verb->fn(&cmd, num_args, args);
	if (help && argc < 2)
		status = HF_EXIT_MISUSE;
	free(args);
	/* A full disk must not look like success. */
	return fflush(stdout) == 0 && !ferror(stdout) ? status : HF_EXIT_REFUSED;
}

/* ---- speaking --------------------------------------------------------------------------------------------------- */

const char *hf_cmd_text(const struct hf_cmd *cmd, enum hf_message id)
{
	return hf_message(cmd->lang, id);
}

static void say(FILE *to, const struct hf_cmd *cmd, enum hf_message id, va_list args)
{
	char text[4096];

	(void)vsnprintf(text, sizeof(text), hf_cmd_text(cmd, id), args);
	hf_show_safe(text);
	fprintf(to, "%s\n", text);
}

void hf_cmd_say(const struct hf_cmd *cmd, enum hf_message id, ...)
{
	va_list args;

	va_start(args, id);
	say(stdout, cmd, id, args);
	va_end(args);
}

void hf_cmd_note(const struct hf_cmd *cmd, enum hf_message id, ...)
{
	va_list args;

	va_start(args, id);
	say(stderr, cmd, id, args);
	va_end(args);
}

static void put_error(const struct hf_cmd *cmd, const struct hf_err *err)
{
	struct hf_buf json;

	if (cmd->json) {
		hf_buf_init(&json, 8192);
		hf_show_error(err, &json);
		fprintf(stderr, "%s\n", hf_buf_cstr(&json));
		hf_buf_clear(&json);
		return;
	}
	char text[HF_ERR_TEXT_MAX];
	hf_fmt_cut(text, sizeof(text), "%s", err->text);
	hf_show_safe(text);
	fprintf(stderr, "hufu: %s (%s): %s\n", hf_cmd_text(cmd, HF_MSG_ERROR), hf_code_name(err->code), text);
}

int hf_cmd_fail(const struct hf_cmd *cmd, const struct hf_err *err)
{
	(void)fflush(stdout);
	put_error(cmd, err);
	return HF_EXIT_REFUSED;
}

int hf_cmd_misuse(const struct hf_cmd *cmd, const struct hf_err *err)
{
	char name[64] = "hufu";

	put_error(cmd, err);
	if (cmd->verb)
		hf_fmt_cut(name, sizeof(name), "hufu %s%s%s", cmd->verb->group ? cmd->verb->group : "",
			cmd->verb->group ? " " : "", cmd->verb->name);
	if (!cmd->json)
		hf_cmd_note(cmd, HF_MSG_HELP_HINT, name);
	return HF_EXIT_MISUSE;
}

bool hf_cmd_print(const struct hf_buf *out, struct hf_err *err)
{
	if (!hf_buf_ok(out))
		return hf_fail(err, HF_E_LIMIT, "the output is longer than %zu octets", out->max);
	if (out->len > 0 && fwrite(out->p, 1, out->len, stdout) != out->len)
		return hf_fail(err, HF_E_STORE, "standard output: %s", strerror(errno));
	return true;
}

bool hf_cmd_write(const char *path, struct hf_bytes content, struct hf_err *err)
{
	if (path && strcmp(path, "-") != 0)
		return hf_file_write(path, content, 0644, err);
	return content.len == 0 || fwrite(content.p, 1, content.len, stdout) == content.len ||
	       hf_fail(err, HF_E_STORE, "standard output: %s", strerror(errno));
}
