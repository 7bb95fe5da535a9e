"""A server and an editor in one process: real messages, a worker that a test plays with risks of its own choice."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pygls.exceptions import JsonRpcException

from heatline.lsp.scoring_link import LinkWorker
from heatline.lsp.server import create_server
from heatline.scoring import wire
from heatline.scoring.scopes import find_scopes
from heatline.scoring.worker_client import WorkerListener
from tests.lsp.handmade import handmade_probe

PATIENCE_SECONDS = 30.0

Json = dict[str, Any]


class PlayedWorker:
    """Answers each job at once: every word is a token, as risky as ``risks`` says.

    With ``held`` set, jobs wait until it is cleared and ``release`` is called.
    """

    def __init__(self, listener: WorkerListener, probe: Path, risks: Mapping[str, float]) -> None:
        self._listener = listener
        self._probe = probe
        self._risks = risks
        self._loaded: asyncio.Task[None] | None = None
        self._waiting: dict[str, wire.Score] = {}
        self._ready = False
        self.held = False
        self.failure: str | None = None
        self.jobs: list[wire.Score] = []

    def score(self, job: wire.Score) -> None:
        self.jobs.append(job)
        self._waiting[job.uri] = job
        if self._loaded is None:
            self._loaded = asyncio.ensure_future(self._load())
        else:
            asyncio.get_running_loop().call_soon(self.release)

    def cancel(self, uri: str) -> None:
        self._waiting.pop(uri, None)

    def forget(self, uri: str) -> None:
        self.cancel(uri)

    async def stop(self) -> None:
        self._waiting.clear()

    async def _load(self) -> None:
        if self.failure is not None:
            self._listener.scoring_failed(self.failure, None)
            return
        await self._listener.worker_loaded(str(self._probe))
        self._ready = True
        self.release()

    def opens_model(self, device: str, warning: str) -> None:
        self._listener.model_opened(device, warning)

    def release(self) -> None:
        """Answers the jobs that wait, unless they are held or nothing is loaded yet."""
        if self.held or not self._ready:
            return
        jobs, self._waiting = list(self._waiting.values()), {}
        for job in jobs:
            scopes = find_scopes(job.text, job.language)
            keys = [number.to_bytes(wire.KEY_BYTES, "big") for number in range(len(scopes))]
            places = [
                wire.Place(scope.start, scope.end, scope.name, scope.kind, self._key(job, scope.start, key))
                for scope, key in zip(scopes, keys, strict=True)
            ]
            self._listener.outlined(job.job, job.uri, places)
            for place in places:
                self._listener.scope_scored(job.uri, self._features(job, place))
            self._listener.job_done(job.job, job.uri)

    def _key(self, job: wire.Score, start: int, key: bytes) -> bytes:
        return (job.job << 64 | start).to_bytes(wire.KEY_BYTES, "big")

    def _features(self, job: wire.Score, place: wire.Place) -> wire.Features:
        words = list(re.finditer(r"\s*\S+", job.text[place.start : place.end]))
        risks = np.array([self._risks.get(word.group().strip(), 0.01) for word in words], np.float64)
        spans = np.array([word.span() for word in words], np.int32).reshape(-1, 2)
        features = np.log(risks / (1 - risks)).astype(np.float32).reshape(-1, 1)
        return wire.Features(job.job, job.uri, place.key, spans, features)


class Editor:
    """The client's side. What the server sends unasked is kept by method until a test takes it."""

    def __init__(self, folder: Path, risks: Mapping[str, float] | None = None) -> None:
        self.risks: dict[str, float] = dict(risks or {})
        self._probe = handmade_probe().save(folder / "probe")
        self.workers: list[PlayedWorker] = []
        self.server = create_server(self._make_worker)
        self.server.protocol.set_writer(self)
        self.failure: str | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[Any, asyncio.Future[Json]] = {}
        self._received: dict[str, asyncio.Queue[Json]] = {}
        self.answer: dict[str, Callable[[Any], Any]] = {}
        """How requests of the server are answered, by method; others never are."""
        self.asked: list[str] = []

    @property
    def worker(self) -> PlayedWorker:
        return self.workers[-1]

    def _make_worker(self, load: wire.Load, listener: WorkerListener, keep_warm: float) -> LinkWorker:
        worker = PlayedWorker(listener, self._probe, self.risks)
        worker.failure = self.failure
        self.workers.append(worker)
        return worker

    # What the server writes to

    def write(self, data: bytes) -> None:
        message = json.loads(data.partition(b"\r\n\r\n")[2])
        if "method" not in message:
            answer = self._answers.get(message.get("id"))
            if answer is not None and not answer.done():
                answer.set_result(message)
            else:
                self._queue("").put_nowait(message)
            return
        method = message["method"]
        if "id" in message:
            self.asked.append(method)
            if method in self.answer:
                result = self.answer[method](message.get("params"))
                reply = {"jsonrpc": "2.0", "id": message["id"], "result": result}
                asyncio.get_running_loop().call_soon(self.send, reply)
        self._queue(method).put_nowait(message.get("params"))

    def close(self) -> None:
        pass

    # What a test does

    def send(self, message: Json) -> None:
        """Hands one message to the server as it would come from a pipe."""
        protocol = self.server.protocol
        try:
            protocol.handle_message(json.loads(json.dumps(message), object_hook=protocol.structure_message))
        except Exception as error:  # as pygls' own loop does
            self.server.report_server_error(error, JsonRpcException)

    def notify(self, method: str, params: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> asyncio.Future[Json]:
        """Sends a request; its whole response comes later."""
        number = next(self._numbers)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return answer

    async def response(self, answer: asyncio.Future[Json]) -> Json:
        """A whole response."""
        return await asyncio.wait_for(answer, PATIENCE_SECONDS)

    async def scored(self, uri: str) -> None:
        """Waits until a document's newest version is scored and nothing of it is held back."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (shown := await self.server.display.finished(uri)) is not None and not shown.settled:
                await asyncio.sleep(0.001)

    async def request(self, method: str, params: Any) -> Any:
        """A request's result."""
        response = await self.response(self.ask(method, params))
        assert "error" not in response, response["error"]
        return response["result"]

    async def error(self, method: str, params: Any) -> Json:
        """A request's error."""
        response = await self.response(self.ask(method, params))
        error: Json = response["error"]
        return error

    async def command(self, name: str, *arguments: Any) -> Any:
        return await self.request("workspace/executeCommand", {"command": name, "arguments": list(arguments)})

    async def start(
        self,
        capabilities: Json | None = None,
        options: Json | None = None,
        folders: list[Path] | None = None,
    ) -> Json:
        """``initialize`` and ``initialized``. Nothing is debounced and every line counts, unless options say so."""
        given = {"debounceMs": 0, "quietMs": 0, "scope": "file", **(options or {})}
        result: Json = await self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": None,
                "capabilities": capabilities or {},
                "initializationOptions": given,
                "workspaceFolders": [
                    {"uri": folder.as_uri(), "name": folder.name} for folder in folders or []
                ],
            },
        )
        self.notify("initialized", {})
        capabilities_of_server: Json = result["capabilities"]
        return capabilities_of_server

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def edit(self, uri: str, version: int, text: str, *place: int) -> None:
        """Puts text at ``place`` (start line, start character, end line, end character), or in place of all."""
        change: Json = {"text": text}
        if place:
            first, start, last, end = place if len(place) == 4 else (*place, *place)
            change["range"] = span(first, start, last, end)
        self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]},
        )

    async def next(self, method: str, wanted: Callable[[Any], bool] = lambda params: True) -> Any:
        """The params of the next message of a method that are ``wanted``; earlier ones are dropped."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not wanted(params := await self._queue(method).get()):
                pass
            return params

    async def published(self, version: int | None, uri: str | None = None) -> list[Json]:
        """The diagnostics of the next publication of a version."""
        params = await self.next(
            "textDocument/publishDiagnostics",
            lambda p: p.get("version") == version and uri in (None, p["uri"]),
        )
        diagnostics: list[Json] = params["diagnostics"]
        return diagnostics

    def waiting(self, method: str) -> list[Any]:
        """What came of a method and was not taken, which is taken now."""
        queue = self._queue(method)
        return [queue.get_nowait() for _ in range(queue.qsize())]

    async def end(self) -> None:
        await self.server.end()

    def _queue(self, method: str) -> asyncio.Queue[Any]:
        return self._received.setdefault(method, asyncio.Queue())


def span(first: int, start: int, last: int, end: int) -> Json:
    """A range as JSON."""
    return {
        "start": {"line": first, "character": start},
        "end": {"line": last, "character": end},
    }


def document(uri: str) -> Json:
    return {"textDocument": {"uri": uri}}
