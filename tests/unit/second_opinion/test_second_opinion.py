"""A second opinion: what is sent, what counts as an answer, and when nothing is sent at all."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from heatline.cli.app import app
from heatline.errors import InputError, SecondOpinionError
from heatline.scoring.result import ScoredLine
from heatline.second_opinion.endpoint import ModelEndpoint
from heatline.second_opinion.opinion import compare_opinions, excerpt
from heatline.second_opinion.question import UnusableAnswerError, confidences, question

TEXT = "def add(a, b):\n    return a - b\n\n\nadd(1, 2)\n"


class Scored:
    """Two lines that the probe has an opinion on."""

    lines = (ScoredLine(0, 14, 0.9, 0.8, 0, (0, 1)), ScoredLine(15, 31, 0.4, 0.5, 1, (1, 2)))


@contextmanager
def chat_endpoint(*answers):
    """Yield (base URL, requests); an answer is a text, a status, or raw bytes. The last is repeated."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, dict(self.headers), body))
            answer = answers[min(len(asked), len(answers)) - 1]
            status = answer if isinstance(answer, int) else 200
            if isinstance(answer, str):
                choice = {"message": {"content": answer}, "finish_reason": "stop"}
                answer = json.dumps({"choices": [choice]}).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            data = answer if isinstance(answer, bytes) else b"{}"
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()


def endpoint(url, pauses=None, **more):
    """One that writes its pauses down."""
    return ModelEndpoint(url, "m", sleep=(pauses if pauses is not None else []).append, **more)


def test_both_opinions_stand_side_by_side():
    """Risks by line, from 0; what the probe leaves out has none of its own."""
    with chat_endpoint("The sign.\n[0.95, 0.3, 1, 1, 0.8]") as (url, asked):
        found = compare_opinions(excerpt(TEXT, "a.py"), endpoint(url, api_key="k"), Scored(), "python")
    assert [(o.line, o.probe_risk, o.model_risk) for o in found] == [
        (0, pytest.approx(0.1), pytest.approx(0.05)),
        (1, pytest.approx(0.6), pytest.approx(0.7)),
        (4, None, pytest.approx(0.2)),
    ]
    path, headers, body = asked[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer k"
    assert "2:     return a - b" in body["messages"][1]["content"]


def test_only_the_chosen_lines_are_sent():
    """Nothing of the file's other lines, nor its path."""
    with chat_endpoint("[0.5]") as (url, asked):
        part = excerpt(TEXT, "a.py", 1, 3)
        assert compare_opinions(part, endpoint(url), Scored())[0].line == 1
    sent = json.dumps(asked[0][2])
    assert "return a - b" in sent
    assert "def add" not in sent
    assert "a.py" not in sent


def test_what_is_sent_is_said():
    """Lines, size, address, whether that is this machine, and the model."""
    said = excerpt(TEXT, "a.py", 0, 1).what_is_sent(endpoint("http://localhost:8080/v1"))
    assert said == (
        "Lines 1 to 2 of a.py (32 characters), and nothing else, are sent to http://localhost:8080/v1 "
        "(on this machine), model m."
    )
    assert "on another machine" in excerpt(TEXT, "a.py").what_is_sent(endpoint("https://example.org/v1"))


@pytest.mark.parametrize(
    "bad", ["All fine.", "[0.5]", "[0.5, 2]", 429, 500, 503, b"no JSON", b'{"choices": []}']
)
def test_a_bad_answer_is_asked_for_again(bad):
    """After a pause, and with another seed."""
    pauses = []
    with chat_endpoint(bad, "[0.25, 0.75]") as (url, asked):
        assert endpoint(url, pauses).line_confidences(["a", "b"]) == [0.25, 0.75]
    assert pauses == [1.0]
    assert "seed" not in asked[0][2]
    assert asked[1][2]["seed"] == 1


@pytest.mark.parametrize(("status", "requests"), [(401, 1), (404, 1), (302, 1), (307, 1), (500, 3)])
def test_what_asking_again_cannot_mend_ends_at_once(status, requests):
    """A wrong key, a wrong address; a redirect, which is never followed: code goes where it was sent."""
    with chat_endpoint(status) as (url, asked):
        with pytest.raises(SecondOpinionError, match=f"status {status}"):
            endpoint(url).line_confidences(["a"])
        assert len(asked) == requests


def test_an_endpoint_that_is_gone_is_said():
    """One sentence with the address."""
    with pytest.raises(
        SecondOpinionError, match=r"127\.0\.0\.1:1/v1 gave no second opinion: it can't be reached"
    ):
        endpoint("http://127.0.0.1:1/v1").line_confidences(["a"])


@pytest.mark.parametrize(
    ("url", "model"), [("ftp://x/v1", "m"), ("localhost:8080", "m"), ("http://x/v1", "")]
)
def test_addresses_are_checked_before_anything_is_sent(url, model):
    """Only HTTP, and a model must be named."""
    with pytest.raises(SecondOpinionError):
        ModelEndpoint(url, model)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("fine", "no list"),
        ("[0.1]", "too short"),
        ("[0.1, 0.2, 0.3]", "too long"),
        ("[0.1, NaN]", "not finite"),
        ("[0.1, -1]", "outside 0 to 1"),
        (f"[0.1, 1{'0' * 400}]", "outside 0 to 1"),
        ("[0.1, 1e400]", "not finite"),
        ("[true, false]", "not a list of numbers"),
    ],
)
def test_answers_are_read_strictly(text, reason):
    """A list of the wrong length is no opinion on these lines."""
    with pytest.raises(UnusableAnswerError, match=reason):
        confidences(text, 2)


def test_the_question_numbers_the_lines():
    """And says how many numbers it wants."""
    text = question(["x = 1", "y = 2"], "python")[1]["content"]
    assert "1: x = 1\n2: y = 2" in text
    assert "list of 2 numbers" in text


@pytest.mark.parametrize(("first", "last"), [(2, 3), (90, 99)])
def test_lines_without_code_are_refused(first, last):
    """Blank ones, or beyond the file's end."""
    with pytest.raises(InputError, match="no code"):
        excerpt(TEXT, "a.py", first, last)


def test_too_many_lines_are_refused():
    """With what to do instead."""
    with pytest.raises(InputError, match="at most 200"):
        excerpt("x = 1\n" * 201, "a.py")


@pytest.fixture
def file(tmp_path):
    """A file in a project whose settings name an endpoint."""
    path = tmp_path / "a.py"
    path.write_text(TEXT)
    (tmp_path / "heatline.toml").write_text(
        '[secondOpinion]\nbaseUrl = "http://127.0.0.1:1/v1"\nmodel = "m"\n'
    )
    return path


def refusal(*arguments):
    """The error that the command line ends with."""
    return CliRunner().invoke(app, ["second-opinion", *map(str, arguments)]).exception


def test_a_projects_settings_do_not_decide_where_code_goes(file):
    """A repository somebody sent names an endpoint: nothing is sent."""
    error = refusal(file, "--yes")
    assert isinstance(error, SecondOpinionError)
    assert "--trusted" in str(error)


def test_without_a_terminal_nothing_is_sent_unless_told(file):
    """Nobody can answer the question."""
    error = refusal(file, "--trusted")
    assert isinstance(error, SecondOpinionError)
    assert "--yes" in str(error)


@pytest.mark.parametrize("lines", ["0", "5-2"])
def test_a_wrong_range_is_refused(file, lines):
    """Lines count from 1."""
    error = refusal(f"{file}:{lines}", "--base-url", "http://127.0.0.1:1/v1", "--model", "m")
    assert isinstance(error, InputError)
