"""One chat request to an OpenAI-compatible endpoint, with the standard library alone."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from heatline.errors import SecondOpinionError
from heatline.second_opinion.question import UnusableAnswerError, confidences, question

ATTEMPTS = 3
LARGEST_ANSWER = 1_000_000  # bytes
TOKENS_PER_LINE = 8  # of the list, besides the thoughts


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Code goes to the address a person chose, and nowhere else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass(frozen=True)
class ModelEndpoint:
    """Where a model answers, and its name there."""

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    timeout: float = 120.0  # seconds
    sleep: Callable[[float], None] = field(default=time.sleep, compare=False, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SecondOpinionError(
                f"The endpoint {self.base_url!r} is no address. Give one like http://localhost:8080/v1."
            )
        if not self.model:
            raise SecondOpinionError("No model is named. Give its name at the endpoint.")

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, as far as its name tells."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    def line_confidences(self, lines: list[str], language: str = "") -> list[float]:
        """P(kept) of every line.

        A failed request and an answer that can't be used are tried again, after a pause; raises
        ``SecondOpinionError`` with what went wrong last.
        """
        body = {
            "model": self.model,
            "messages": question(lines, language),
            "temperature": 0.0,
            "max_tokens": 400 + TOKENS_PER_LINE * len(lines),
        }
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(2.0 ** (attempt - 1))
                body |= {"temperature": 0.5, "seed": attempt}
            try:
                answer = self._post(body)
                choice = answer["choices"][0]
                text, cut_off = str(choice["message"]["content"]), choice.get("finish_reason") == "length"
                return confidences(text, len(lines), cut_off)
            except urllib.error.HTTPError as error:
                reason = f"it answered with status {error.code}"
                if error.code not in (408, 409, 425, 429) and error.code < 500:
                    break  # asking again won't help
            except (OSError, http.client.HTTPException) as error:
                reason = f"it can't be reached ({_short(error)})"
            except UnusableAnswerError as error:
                reason = (
                    f"its list of confidences is {error}" if str(error) != "no list" else "it gave no list"
                )
            except (ValueError, KeyError, IndexError, TypeError, AttributeError):
                reason = "its answer is not that of a chat endpoint"
        raise SecondOpinionError(
            f"The endpoint {self.base_url} gave no second opinion: {reason}. Check the address, the model's name "
            "and the key, or choose fewer lines."
        )

    def _post(self, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        request = urllib.request.Request(
            f"{self.base_url.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers, method="POST"
        )
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=self.timeout) as reply:
            return json.loads(reply.read(LARGEST_ANSWER))


def _short(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error or type(error).__name__)
