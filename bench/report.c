#include "report.h"

#include "bench_commit.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_processor(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) == 0 && colon) {
			printf("machine    %ld x%.*s\n", sysconf(_SC_NPROCESSORS_ONLN), (int)strcspn(colon + 1, "\n"),
				colon + 1);
			break;
		}
	}
	if (file)
		(void)fclose(file);
}

void hf_bench_head(const struct hf_bench *bench, const char *measures, const char *leaves_out)
{
	if (bench->json)
		return;
	print_processor();
	printf("commit     " HF_BENCH_COMMIT "\n");
	printf("measures   %s\nleaves out %s\n\n", measures, leaves_out);
	printf("%-28s %12s %-6s %10s  %s\n", bench->name, "value", "unit", "ratio", "of");
}

void hf_bench_print(const struct hf_bench *bench, const struct hf_bench_figure *figure)
{
	const double ratio = figure->value / figure->yardstick;

	if (bench->json)
		printf("{\"bench\":\"%s\",\"case\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"yardstick\":%.3f,\"ratio\":%"
		       ".6f}\n",
			bench->name, figure->of, figure->value, figure->unit, figure->yardstick, ratio);
	else
		printf("%-28s %12.2f %-6s %10.4f  %s (%.2f)\n", figure->of, figure->value, figure->unit, ratio,
			figure->yardstick_of, figure->yardstick);
	(void)fflush(stdout);
}

static int compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

double hf_bench_quantile(double *values, size_t num, double part)
{
	size_t at = (size_t)((double)num * part);

	qsort(values, num, sizeof(*values), compare);
	return values[at < num ? at : num - 1];
}
