"""The command itself: version, help, how it ends, and what it imports."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heatline.errors import SupervisorError

Run = Callable[..., Any]


def test_the_version_is_printed(run: Run) -> None:
    ran = run("--version")
    assert ran.code == 0
    assert ran.out.startswith("heatline ")


def test_a_wrong_option_exits_with_2(run: Run) -> None:
    assert run("check", "--no-such-option").code == 2


def test_an_error_is_one_sentence_and_2(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise SupervisorError("There is no supervisor “x”. Run `heatline supervisor list`.")

    monkeypatch.setattr("heatline.load", fail, raising=False)
    (tmp_path / "a.py").write_text("x\n")
    ran = run("check", "a.py")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "heatline: There is no supervisor “x”. Run `heatline supervisor list`.\n"


def test_a_message_cannot_control_the_terminal(run: Run) -> None:
    assert "\x1b" not in run("check", "\x1b[2Jgone.py").err


def test_the_command_imports_neither_the_server_nor_what_only_training_needs() -> None:
    program = (
        "import sys\n"
        "import heatline.cli.app\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'pandas', 'pygls'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is another error there")
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    program = "from heatline.cli.output import emit\nemit('x' * 1_000_000)\n"
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import typer\ntry:\n    {program.splitlines()[0]}\n    {program.splitlines()[1]}\n"
            "except typer.Exit as ended:\n    raise SystemExit(ended.exit_code)\n",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


NUMPY_UNREAD = """
import os, sys
from heatline.cli import main
assert "numpy" not in sys.modules, "numpy has read its environment already"
sys.argv = ["heatline", "--version"]
try:
    main()
except SystemExit:
    print(os.environ["OPENBLAS_NUM_THREADS"])
"""


@pytest.mark.parametrize(("given", "expected"), [(None, "1"), ("3", "3")])
def test_the_matrix_library_gets_one_thread_unless_the_user_said_otherwise(
    given: str | None, expected: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    if given is not None:
        environment["OPENBLAS_NUM_THREADS"] = given
    result = subprocess.run(
        [sys.executable, "-c", NUMPY_UNREAD], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == expected
