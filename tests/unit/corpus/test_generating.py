"""A corpus is built from an endpoint's answers, resumably, and a bad endpoint is one sentence."""

import json
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

from heatline_probes.cli.generate import generate
from heatline_probes.corpus.endpoint import Endpoint
from heatline_probes.corpus.generating import Sampling, generate_programs
from heatline_probes.corpus.programs import Problem
from heatline_probes.errors import CorpusError, GeneratorError
from heatline_probes.patches.fixer import Fixer

PROBLEMS = [
    Problem(
        f"toy:{n}",
        "toy",
        str(n),
        "python",
        f"Task {n}",
        "f",
        "def f(): return 1",
        "",
        "assert f()",
        "exec",
        *[""] * 6,
    )
    for n in range(3)
]
TEXT = "Here:\n```python\ndef f():\n    return 1\n```\nand\n```\nx\n```"


class FakeServer(ThreadingHTTPServer):
    """Answers every chat request the same way and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.reply: Any = {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": TEXT},
                    "logprobs": {
                        "content": [{"token": "a", "logprob": -0.5, "bytes": None, "top_logprobs": []}]
                    },
                }
            ],
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, FakeServer)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(json.loads(body))
        data = json.dumps(self.server.reply).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        thread = threading.Thread(target=fake.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        fake.shutdown()
        thread.join()


def endpoint(server: FakeServer) -> Endpoint:
    return Endpoint(server.url, "m", retries=0)


def test_one_greedy_answer_and_k_samples_with_log_probabilities(server: FakeServer, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    rows = list(generate_programs(endpoint(server), PROBLEMS, Sampling(samples=2), out))
    assert len(rows) == 9
    assert [request["temperature"] for request in server.asked[:3]] == [0.0, 0.8, 0.8]
    assert all(request["logprobs"] for request in server.asked)
    assert rows[0]["code"] == "def f():\n    return 1\n"
    assert (rows[0]["tokens"], rows[0]["logprobs"]) == (["a"], [-0.5])
    assert [json.loads(line) for line in out.read_text().splitlines()] == rows


def test_what_is_in_the_file_is_not_asked_again(server: FakeServer, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    list(generate_programs(endpoint(server), PROBLEMS, Sampling(), out))
    whole = out.read_text()
    lines = whole.splitlines(keepends=True)
    out.write_text("".join(lines[:2]) + lines[2][:20])  # killed while it wrote
    server.asked.clear()
    list(generate_programs(endpoint(server), PROBLEMS, Sampling(), out))
    assert out.read_text() == whole
    assert len(server.asked) == 1


def test_the_verdict_of_the_tests_is_kept(server: FakeServer, tmp_path: Path) -> None:
    judged = generate_programs(
        endpoint(server), PROBLEMS, Sampling(), tmp_path / "a", lambda problem, code: problem.key == "toy:1"
    )
    assert [row["passes"] for row in judged] == [False, True, False]


@pytest.mark.skipif(sys.platform != "linux", reason="runs generated code on Linux only")
def test_a_function_of_a_repository_is_judged_by_its_own_tests(
    server: FakeServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    repository, out = tmp_path / "repository", tmp_path / "a.jsonl"
    repository.mkdir()
    (repository / "numbers_of.py").write_text("def f():\n    return 3 - 1\n\n\ndef g(): return f()\n")
    (repository / "test_numbers.py").write_text("from numbers_of import g\ndef test_g(): assert g() > 0\n")
    ask = partial(generate, "m", function=["numbers_of.py:f"], repository=repository, base_url=server.url)
    ask(out)
    (row,) = map(json.loads, out.read_text().splitlines())
    assert (row["problem_key"], row["passes"]) == ("repository:numbers_of.py:f", True)
    assert "3 - 1" not in server.asked[0]["messages"][1]["content"]
    assert "can reach your files" in " ".join(capfd.readouterr().err.split())
    (repository / "test_numbers.py").write_text("from numbers_of import g\ndef test_g(): assert g() == 2\n")
    ask(tmp_path / "b.jsonl")
    assert json.loads((tmp_path / "b.jsonl").read_text())["passes"] is False
    with pytest.raises(CorpusError, match="either --dataset or --function"):
        generate("m", out)


def test_a_file_of_something_else_is_not_touched(server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"x": 1}\n')
    with pytest.raises(CorpusError, match="Choose another file"):
        list(generate_programs(endpoint(server), PROBLEMS, Sampling(), tmp_path / "a"))


def test_a_fixer_is_told_everything_and_gives_two_candidates(server: FakeServer) -> None:
    candidates = Fixer(server.url, "m").candidates(PROBLEMS[0], "def f(): return 0", "AssertionError")
    assert [c.origin for c in candidates] == ["model rewrite", "model edit"]
    assert {c.code for c in candidates} == {"def f():\n    return 1\n"}
    said = server.asked[0]["messages"][1]["content"]
    for part in ("Task 0", "def f(): return 0", "AssertionError", "assert f()", "def f(): return 1"):
        assert part in said


@pytest.mark.parametrize(
    ("status", "reply", "message"),
    [
        (401, {"error": {"message": "no"}}, "refused with status 401"),
        (500, {}, "refused with status 500"),
        (200, {"choices": []}, "answered without text"),
        (200, {"choices": [{"message": {"content": None}}]}, "answered without text"),
        (200, [], "no usable answer|answered without text"),
    ],
)
def test_a_bad_answer_is_one_sentence(server: FakeServer, status: int, reply: Any, message: str) -> None:
    server.status, server.reply = status, reply
    with pytest.raises(GeneratorError, match=message):
        endpoint(server).ask([("user", "x")], temperature=0, max_tokens=1, seed=0)


def test_an_endpoint_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(GeneratorError, match="can't be reached"):
        Endpoint("http://127.0.0.1:9/v1", "m", retries=0).ask(
            [("user", "x")], temperature=0, max_tokens=1, seed=0
        )
    with pytest.raises(GeneratorError, match="is no address"):
        Endpoint("localhost", "m")
