"""What `heatline doctor` looks at, one function per thing; each says what it found and how to mend it."""

from __future__ import annotations

import importlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from heatline.errors import HeatlineError
from heatline.supervisor.processor import integer_features

_LEAST_FREE = 1_000_000_000
_GIT_SECONDS = 10.0


class Status(StrEnum):
    """How bad a finding is: ``warn`` means slower or less complete, ``fail`` that nothing can be scored."""

    ok = "ok"
    warn = "warn"
    fail = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and ``mend``: what to do about it (empty when all is well)."""

    name: str
    status: Status
    found: str
    mend: str = ""


Check = Callable[[], Finding]


def diagnose(checks: Mapping[str, Check]) -> list[Finding]:
    """Runs every check; one that breaks is itself a finding, and the others go on."""
    findings = []
    for name, check in checks.items():
        try:
            findings.append(check())
        except HeatlineError as error:
            sentence, _, mend = str(error).partition(". ")
            findings.append(Finding(name, Status.fail, sentence, mend))
        except Exception as error:
            findings.append(
                Finding(name, Status.fail, f"could not be looked at ({type(error).__name__}: {error})")
            )
    return findings


def python() -> Finding:
    found = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    if sys.maxsize < 2**32:
        return Finding(
            "python", Status.fail, found, "Install a 64-bit Python: onnxruntime has no 32-bit build."
        )
    return Finding("python", Status.ok, found)


def onnxruntime() -> Finding:
    mend = "Reinstall it with `pip install --force-reinstall onnxruntime`."
    try:
        runtime = importlib.import_module("onnxruntime")
    except (ImportError, OSError) as error:
        return Finding("onnxruntime", Status.fail, f"can't be loaded ({error})", mend)
    providers = [name.removesuffix("ExecutionProvider") for name in runtime.get_available_providers()]
    found = f"{runtime.__version__}, runs on {', '.join(providers)}"
    if "CPU" not in providers:
        return Finding("onnxruntime", Status.fail, found, mend)
    return Finding("onnxruntime", Status.ok, found)


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> Finding:
    """The instructions that 8-bit matrix products gain from; only Linux says which there are."""
    machine = platform.machine().lower()
    features = integer_features(cpuinfo)
    if features is None:
        return Finding("processor", Status.ok, f"{machine}, features not known on this system")
    if machine in ("x86_64", "amd64") and "avx2" not in features:
        return Finding("processor", Status.warn, f"{machine} without AVX2", "Expect slow scoring here.")
    return Finding("processor", Status.ok, f"{machine} with {', '.join(features) or 'no integer extensions'}")


def git() -> Finding:
    mend = "Install git: without it --diff and --scope changes take every line for changed."
    program = shutil.which("git")
    if program is None:
        return Finding("git", Status.warn, "is not on the PATH", mend)
    done = subprocess.run(
        [program, "--version"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=_GIT_SECONDS,
        check=False,
    )
    version = re.search(r"\d+(\.\d+)+", done.stdout)
    if done.returncode != 0 or version is None:
        return Finding("git", Status.warn, f"{program} does not run", mend)
    return Finding("git", Status.ok, version.group())


def grammars(factories: Iterable[tuple[str, str]]) -> Finding:
    """Whether each grammar loads; ``factories`` are modules and their functions that give a language."""
    from tree_sitter import Language, Parser

    broken = []
    count = 0
    for module, factory in factories:
        count += 1
        try:
            language = Language(getattr(importlib.import_module(module), factory)())
            Parser(language).parse(b"x")
        except (ImportError, OSError, AttributeError, ValueError) as error:
            broken.append(f"{module.removeprefix('tree_sitter_')} ({error})")
    if broken:
        mend = "Reinstall them with `pip install --force-reinstall heatline`; until then indentation is used."
        return Finding("grammars", Status.warn, f"can't be loaded: {', '.join(broken)}", mend)
    return Finding("grammars", Status.ok, f"{count} load")


def writable(name: str, folder: Path, setting: str) -> Finding:
    """Whether a file can be made in ``folder``, or in the nearest folder above it that exists."""
    nearest = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        mend = f"Make it writable, or set {setting} to a folder that is."
        return Finding(name, Status.warn, f"{folder} can't be written ({error.strerror})", mend)
    return Finding(name, Status.ok, f"{folder} can be written")


def disk(folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    found = f"{free / 1e9:,.1f} GB free at {folder}"
    if free < _LEAST_FREE:
        return Finding(
            "disk", Status.warn, found, "Free 1 GB: a supervisor needs up to that much while it is built."
        )
    return Finding("disk", Status.ok, found)


def _existing(folder: Path) -> Path:
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder
