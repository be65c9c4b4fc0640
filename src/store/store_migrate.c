#include "store/store_int.h"

#include "base/str.h"

static bool schema_check(const struct hf_schema *schema, struct hf_err *err)
{
	for (size_t i = 0; i < schema->num_migrations; i++)
		if (schema->migrations[i].number != (int)i + 1)
			return hf_fail(err, HF_E_INTERNAL, "schema %s: step %d stands at place %zu", schema->module,
				schema->migrations[i].number, i + 1);
	return true;
}

static const struct hf_schema *schema_named(const struct hf_store_options *options, const char *module)
{
	for (size_t i = 0; i < options->num_schemas; i++)
		if (hf_str_equal(options->schemas[i]->module, module))
			return options->schemas[i];
	return NULL;
}

/* One row of schema_migration against what this program knows. */
static bool recorded_check(const struct hf_store_options *options, struct hf_query *q, struct hf_err *err)
{
	const char *module = hf_query_col_text(q, 0), *name = hf_query_col_text(q, 2);
	int64_t number = hf_query_col_i64(q, 1);
	const struct hf_schema *schema = module ? schema_named(options, module) : NULL;

	if (!schema)
		return hf_fail(err, HF_E_STORE,
			"database %s: has a schema \"%s\" that this program does not know; it belongs to another "
			"service "
			"or a newer version",
			options->path, module ? module : "");
	if (number < 1 || number > (int64_t)schema->num_migrations)
		return hf_fail(err, HF_E_STORE,
			"database %s: schema %s is at step %lld, this program knows %zu; use the newer version",
			options->path, module, (long long)number, schema->num_migrations);
	if (!hf_str_equal(schema->migrations[number - 1].name, name))
		return hf_fail(err, HF_E_STORE,
			"database %s: schema %s: step %lld is \"%s\" here and \"%s\" in this program", options->path,
			module, (long long)number, name ? name : "", schema->migrations[number - 1].name);
	return true;
}

static bool all_recorded_check(struct hf_tx *tx, const struct hf_store_options *options, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT module, number, name FROM schema_migration ORDER BY module, number");
	bool row, ok;

	while ((ok = hf_query_next(q, &row, err)) && row) {
		ok = recorded_check(options, q, err);
		if (!ok)
			break;
	}
	hf_query_done(q);
	return ok;
}

static bool last_step(struct hf_tx *tx, const char *module, size_t *last, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT COUNT(*), MAX(number) FROM schema_migration WHERE module = ?");
	int64_t count = 0, max = 0;
	bool row, ok;

	hf_query_text(q, module);
	ok = hf_query_next(q, &row, err);
	if (ok && row) {
		count = hf_query_col_i64(q, 0);
		max = hf_query_col_i64(q, 1);
	}
	hf_query_done(q);
	if (ok && count != max)
		return hf_fail(err, HF_E_STORE,
			"schema %s: %lld steps are recorded, the last as %lld: restore a backup", module,
			(long long)count, (long long)max);
	*last = (size_t)max;
	return ok;
}

static bool step_apply(struct hf_tx *tx, const char *module, const struct hf_migration *step, struct hf_err *err)
{
	struct hf_query *q;

	if (!hf_tx_script(tx, step->sql, err))
		return hf_fail_in(err, "schema %s, step %d %s", module, step->number, step->name);
	q = hf_query(tx, "INSERT INTO schema_migration (module, number, name) VALUES (?, ?, ?)");
	hf_query_text(q, module);
	hf_query_i64(q, step->number);
	hf_query_text(q, step->name);
	return hf_query_run(q, NULL, err);
}

bool hf_store_migrate(struct hf_tx *tx, const struct hf_store_options *options, struct hf_err *err)
{
	if (!hf_tx_script(tx,
		    "CREATE TABLE IF NOT EXISTS schema_migration (module TEXT NOT NULL, number BIGINT NOT NULL, "
		    "name TEXT NOT NULL, PRIMARY KEY (module, number))",
		    err))
		return false;
	if (!all_recorded_check(tx, options, err))
		return false;
	for (size_t i = 0; i < options->num_schemas; i++) {
		const struct hf_schema *schema = options->schemas[i];
		size_t last = 0;

		if (!schema_check(schema, err) || !last_step(tx, schema->module, &last, err))
			return false;
		for (size_t k = last; k < schema->num_migrations; k++)
			if (!step_apply(tx, schema->module, &schema->migrations[k], err))
				return false;
	}
	return true;
}
