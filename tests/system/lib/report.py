"""What a system test says: `ok NAME`, `not ok NAME reason`, `skip NAME reason`, `# remark`; the exit status at the end."""

import sys
import time
import traceback

_failed = 0
_started = time.monotonic()


def ok(name):
    print(f"ok {name}", flush=True)


def not_ok(name, reason):
    global _failed
    _failed += 1
    print(f"not ok {name} {' '.join(str(reason).split())[:600]}", flush=True)


def skip(name, reason):
    print(f"skip {name} {reason}", flush=True)


def remark(text):
    print(f"# [{time.monotonic() - _started:6.1f} s] {text}", flush=True)


def check(name, condition, reason=""):
    """One promise. reason may be a function, so that it costs nothing when all is well."""
    if condition:
        ok(name)
    else:
        not_ok(name, (reason() if callable(reason) else reason) or "it is not so")
    return bool(condition)


def equal(name, got, want):
    return check(name, got == want, lambda: f"got {got!r}, expected {want!r}")


def run(main):
    """Runs main(), which may raise; ends the program."""
    try:
        main()
    except Exception as error:  # the test itself could not go on
        traceback.print_exc()
        sys.stderr.flush()
        not_ok("the test runs to its end", f"{type(error).__name__}: {error}")
    sys.exit(1 if _failed else 0)
