#!/usr/bin/env python3
"""Turns the schema/NNN-name.sql files of one module into a C file that defines `const struct hf_schema NAME`.

usage: embed.py NAME MODULE OUT.c FILE.sql...

In a folder's meson.build:

    schema_ca_c = custom_target('schema_ca', input: files('schema/001-certificates.sql'), output: 'schema_ca.c',
      command: [python, embed, 'hf_ca_schema', 'ca', '@OUTPUT@', '@INPUT@'])

and in a header of the module: `extern const struct hf_schema hf_ca_schema;`.
"""
import os
import re
import sys


def c_string(text):
    """One C literal a line; only what C needs is escaped."""
    lines = []
    for line in text.splitlines(keepends=True):
        line = line.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?').replace('\n', '\\n')
        lines.append('\t "%s"' % line)
    return '\n'.join(lines) or '\t ""'


def main():
    name, module, out, paths = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    steps = []
    for number, path in enumerate(sorted(paths, key=os.path.basename), 1):
        match = re.fullmatch(r'(\d{3})-([a-z0-9-]+)\.sql', os.path.basename(path))
        if not match or int(match.group(1)) != number:
            sys.exit('%s: expected %03d-name.sql: the steps of a schema are numbered from 001 without holes'
                     % (path, number))
        with open(path, encoding='utf-8') as file:
            steps.append('\t{%d, "%s",\n%s},\n' % (number, match.group(2), c_string(file.read())))
    with open(out, 'w', encoding='utf-8') as file:
        file.write('/* Made by tools/embed.py: do not edit. */\n#include "store/store.h"\n\n'
                   '#pragma GCC diagnostic ignored "-Woverlength-strings"\n'
                   'extern const struct hf_schema %s;\n' % name)
        file.write('static const struct hf_migration migrations[] = {\n%s};\n' % ''.join(steps))
        file.write('const struct hf_schema %s = {"%s", migrations, %d};\n' % (name, module, len(steps)))


main()
