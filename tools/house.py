"""
What the house checks share: which files there are, what a C file says besides comments and strings, and main().

A check is a function from a folder to a list of findings ("file:line: what, and what to do"). Each check has bad samples,
small trees that it must refuse, and `--self-test` shows that it does: a check that cannot fail checks nothing.
"""
import os
import re
import sys
import tempfile

SKIPPED_FOLDERS = re.compile(r"^(\.git|build.*|var|node_modules|__pycache__|out)$")


def root_folder():
    return os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def files(root, folders=("",), suffixes=("",)):
    """Every file below the folders, as sorted paths relative to root."""
    found = []
    for folder in folders:
        for at, inner, names in os.walk(os.path.join(root, folder)):
            inner[:] = [n for n in inner if not SKIPPED_FOLDERS.match(n)]
            for name in names:
                path = os.path.join(at, name)
                if name.endswith(tuple(suffixes)) and not os.path.islink(path):
                    found.append(os.path.relpath(path, root))
    return sorted(set(found))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape", newline="") as f:
        return f.read()


_NOT_CODE = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def code_lines(text):
    """The lines of a C file with comments and literals blanked out, so that what is left is code."""
    return _NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text).split("\n")


def _self_test(check, samples):
    """samples: (name, {path: text}, what a finding must contain; None: the tree is good)."""
    failed = 0
    for name, tree, wanted in samples:
        with tempfile.TemporaryDirectory() as root:
            for path, text in tree.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8", newline="") as f:
                    f.write(text)
            findings = check(root)
        good = not findings if wanted is None else any(wanted in f for f in findings)
        if not good:
            failed += 1
            print(f"self-test: {name}: expected {wanted or 'no finding'}, got {findings or 'no finding'}")
    return 1 if failed else 0


def main(check, samples):
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(_self_test(check, samples))
    if sys.argv[1:]:
        sys.exit(f"usage: {sys.argv[0]} [--self-test]")
    findings = check(root_folder())
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
