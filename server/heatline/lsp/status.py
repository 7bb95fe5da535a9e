"""``heatline/status``: what the server is doing, for a client's status item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heatline.lsp.heat import declares
from heatline.lsp.risky_line import riskiest, risky_line
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR

if TYPE_CHECKING:
    from heatline.lsp.language_server import HeatlineServer

METHOD = "heatline/status"
CAPABILITY = "heatlineStatus"


class StatusReporter:
    """Sends the status when it differs from the one sent last."""

    def __init__(self, server: HeatlineServer) -> None:
        self._server = server
        self._failure: str | None = None
        self._sent: dict[str, Any] | None = None
        self.scanning = 0
        """How many scans of the workspace are under way."""

    def failed(self, message: str) -> None:
        """Nothing can be scored, and why."""
        self._failure = message
        self.changed()

    def cleared(self) -> None:
        """Scoring is tried again."""
        self._failure = None
        self.changed()

    def changed(self) -> None:
        """Something happened that may show in the status."""
        if declares(self._server.client_capabilities, CAPABILITY):
            status = self.status()
            if status != self._sent:
                self._sent = status
                self._server.protocol.notify(METHOD, status)

    def status(self) -> dict[str, Any]:
        """``Status`` of docs/protocol.md."""
        probe = self._server.link.probe
        pending = self._server.display.unfinished
        return {
            "state": self._state(pending),
            "supervisor": probe.card.supervisor if probe is not None else self._named(),
            "probe": None if probe is None else probe.name,
            "scaling": self._server.scaling,
            "basis": self._basis(),
            "device": self._server.link.device,
            "pending": pending,
            "worst": self._worst(),
            "message": self._failure or self._server.link.device_warning or None,
        }

    def _state(self, pending: int) -> str:
        if self._failure is not None:
            return "failed"
        if self._server.link.probe is None:
            return "starting" if self._server.link.asked else "stopped"
        return "busy" if pending or self.scanning else "idle"

    def _basis(self) -> str | None:
        scaled = self._server.link.scaled
        return None if scaled is None or scaled.workspace is None else scaled.workspace.basis()

    def _named(self) -> str:
        return self._server.link.settings.supervisor or DEFAULT_SUPERVISOR

    def _worst(self) -> dict[str, Any] | None:
        found = [(flag.risk, shown, flag) for shown in self._server.display if (flag := riskiest(shown))]
        if not found:
            return None
        _, shown, flag = max(found, key=lambda each: each[0])
        return risky_line(shown, flag, self._server.encoding)
