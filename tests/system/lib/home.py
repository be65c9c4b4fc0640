"""
A fresh home in a temporary folder with its processes: made by `hufu init`, run by `hufu up`, on free ports. What a test
leaves behind when it fails is named, and kept when HUFU_KEEP is set.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

from . import der
from .report import remark

SERVICES = ("ca", "ra", "km", "ocsp")
PROCESSES = ("keyd-ca", "keyd-ra", "keyd-km", "keyd-ocsp", "cad", "rad", "kmd", "ocspd")
SHORT = os.environ.get("HUFU_SHORT", "") not in ("", "0")
ROOT = os.environ.get("HUFU_SOURCE") or os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BUILD = os.environ.get("HUFU_BUILD") or os.path.join(ROOT, "build")


def data(name):
    return os.path.join(ROOT, "tests", "data", name)


class Home:
    def __init__(self, name):
        self.build = BUILD
        self.place = tempfile.mkdtemp(prefix=f"hufu-{name}-")
        self.folder = os.path.join(self.place, "home")
        self.base = free_base()
        self.ports = {service: self.base + 1 + i for i, service in enumerate(SERVICES)}
        self.supervisor = None
        self.output = open(os.path.join(self.place, "up.log"), "ab")
        try:
            self.hufu("init", "--port", str(self.base), "--iterations", "1000")
        except OSError:
            shutil.rmtree(self.place, ignore_errors=True)
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            self.down()
        except Exception as problem:  # the first error is the one to tell
            remark(f"stopping: {problem}")
        self.output.close()
        if kind or os.environ.get("HUFU_KEEP"):
            remark(f"kept for looking at: {self.place}")
            self.show_logs()
        else:
            shutil.rmtree(self.place, ignore_errors=True)
        return False

    # ---- the command ----------------------------------------------------------------------------------------------

    def argv(self, *arguments):
        return [os.path.join(self.build, "hufu"), *arguments, "--home", self.folder, "--lang", "en"]

    def start(self, *arguments, **how):
        return subprocess.Popen(self.argv(*arguments), stdin=subprocess.DEVNULL, **how)

    def try_hufu(self, *arguments, timeout=600):
        """(exit status, standard output, standard error)"""
        done = subprocess.run(
            self.argv(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
        )
        return done.returncode, done.stdout, done.stderr

    def hufu(self, *arguments, timeout=600):
        status, out, err = self.try_hufu(*arguments, timeout=timeout)
        if status != 0:
            raise OSError(f"hufu {' '.join(arguments)}: exit {status}: {err.strip() or out.strip()}")
        return out

    # ---- the processes --------------------------------------------------------------------------------------------

    def up(self, timeout=60):
        self.supervisor = self.start("up", stdout=self.output, stderr=self.output)
        self.wait_ready(timeout)

    def status(self):
        """{name: {"pid", "state", "restarts", …}}; empty when no supervisor answers."""
        _, out, _ = self.try_hufu("status", "--json")
        try:
            return {row["name"]: row for row in json.loads(out)}
        except ValueError:
            return {}

    def is_healthy(self, service):
        """A responder that was just started is not, until it has read the feed."""
        line = http.client.HTTPConnection("127.0.0.1", self.ports[service], timeout=10)
        try:
            line.request("GET", "/v1/health")
            return line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def wait_ready(self, timeout=60):
        until, sick = time.monotonic() + timeout, []
        while True:
            rows = self.status()
            if len(rows) == len(PROCESSES) and all(row["state"] == "ready" for row in rows.values()):
                sick = [service for service in SERVICES if not self.is_healthy(service)]
                if not sick:
                    return
            if self.supervisor.poll() is not None:
                raise OSError(f"hufu up ended with {self.supervisor.returncode}")
            if time.monotonic() > until:
                states = {name: (row["state"], row["last"]) for name, row in rows.items() if row["state"] != "ready"}
                raise TimeoutError(f"not ready after {timeout} s: {states}, not healthy: {sick}")
            time.sleep(0.1)

    def down(self):
        if not self.supervisor:
            return
        if self.supervisor.poll() is None:
            self.supervisor.send_signal(signal.SIGTERM)
            try:
                self.supervisor.wait(60)
            except subprocess.TimeoutExpired:
                self.supervisor.kill()
                self.supervisor.wait()
                raise
        self.supervisor = None

    def show_logs(self, lines=6):
        folder = os.path.join(self.folder, "log")
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        for path in [os.path.join(self.place, "up.log")] + [os.path.join(folder, name) for name in names]:
            with open(path, "rb") as file:
                text = file.read()[-65536:].decode("utf-8", "replace").splitlines()
            tail = [line for line in text[:-2] if " info: " not in line][-lines:] + text[-2:]
            for line in tail:
                print(f"# {os.path.basename(path)}: {line}", flush=True)

    # ---- what lies in it ------------------------------------------------------------------------------------------

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def certificate(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return der.Certificate(der.pem(file.read()))

    def rows(self, service, query):
        """Of the service's database. Only while no process runs: one process opens each database."""
        with contextlib.closing(sqlite3.connect(self.path(service, "db.sqlite"))) as database:
            return database.execute(query).fetchall()


def free_base():
    """Five free ports in a row: of those that the runner gives, else below the range that the kernel gives out."""
    given = int(os.environ.get("HUFU_PORT") or 0)
    for base in range(given, given + 20, 5) if given else range(12000 + os.getpid() % 1500 * 10, 32000, 10):
        if all(port_is_free(base + i) for i in range(5)):
            return base
    raise OSError("no free ports")


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
