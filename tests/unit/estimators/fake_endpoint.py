"""A chat endpoint on this machine that answers as it is told, one behaviour for each request."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def said(text, choices=(), finish="stop"):
    """A good answer; `choices` are (token, log-probability) of the first token."""
    tops = [{"token": t, "logprob": p, "bytes": None} for t, p in choices]
    first = tops[0] if tops else {"token": text[:1], "logprob": -0.1, "bytes": None}
    content = [{**first, "top_logprobs": tops}]
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": finish, "message": message, "logprobs": {"content": content}}
    return {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}


@contextmanager
def fake_endpoint(*behaviours):
    """Yield (base URL, list of request bodies). The last behaviour is repeated.

    A behaviour is a dict (answered as JSON), an int (that status), `"cut"` (the body ends half way), `"silent"`
    (no answer until the client gives up), or a text (sent as it is).
    """
    asked = []
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_POST(self):
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            behaviour = behaviours[min(len(asked), len(behaviours)) - 1]
            if behaviour == "silent":
                released.wait(30)
                return
            status = behaviour if isinstance(behaviour, int) else 200
            body = json.dumps(behaviour).encode() if isinstance(behaviour, dict) else b"{}"
            if isinstance(behaviour, str) and behaviour != "cut":
                body = behaviour.encode()
            if behaviour == "cut":
                body = json.dumps(said("[0.5]")).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if behaviour == "cut" else body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        released.set()
        server.shutdown()
        server.server_close()
