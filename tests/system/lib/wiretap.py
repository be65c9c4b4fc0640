"""
Between a client and a service: passes every call on and writes down what the service answered. So a test knows what was
told, whoever was killed afterwards. When the service is away the client's connection is closed without an answer, as
the service itself would.
"""

import http.client
import http.server
import threading


class Wiretap:
    """Listens on .port; tell(method, path, request, answer) is called, one at a time, for each answer 2xx."""

    def __init__(self, target, tell):
        self.target, self.tell, self.lock = target, tell, threading.Lock()
        handler = type("Handler", (Handler,), {"tap": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tap = None
    line = None  # to the service; one for each of the client's connections

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items()
                   if name.startswith("Hufu-") or name == "Content-Type"}
        try:
            if not self.line:
                self.line = http.client.HTTPConnection("127.0.0.1", self.tap.target, timeout=90)
            self.line.request(self.command, self.path, body or None, headers)
            answer = self.line.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.line = None
            self.close_connection = True
            return
        if 200 <= answer.status < 300:
            with self.tap.lock:
                self.tap.tell(self.command, self.path, body, content)
        self.give(answer, content)

    def give(self, answer, content):
        try:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/octet-stream"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    do_GET = do_POST = pass_on

    def log_message(self, *arguments):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:  # the client was killed
            pass
