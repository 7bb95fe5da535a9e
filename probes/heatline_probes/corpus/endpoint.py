"""Ask a model behind an OpenAI-compatible endpoint: a hosted one, or a server on this machine."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import openai

from heatline_probes.errors import GeneratorError

_FENCE = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer with the log-probabilities of its tokens, where the endpoint gives them."""

    text: str
    tokens: tuple[str, ...]
    logprobs: tuple[float, ...]  # natural logarithm, one for each token
    finish_reason: str
    first_choices: tuple[
        tuple[str, float], ...
    ] = ()  # what else the first token could have been, if asked for

    @property
    def code(self) -> str:
        """The longest fenced block, else the whole text."""
        blocks: list[str] = _FENCE.findall(self.text)
        return max(blocks, key=len) if blocks else self.text


class Endpoint:
    """One model at one base URL."""

    def __init__(
        self, base_url: str, model: str, *, api_key: str = "none", timeout: float = 600.0, retries: int = 2
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise GeneratorError(
                f"The base URL {base_url!r} is no address. Give one like http://localhost:8080/v1."
            )
        self.model = model
        self._base_url = base_url
        self._client = openai.OpenAI(base_url=base_url, api_key=api_key, timeout=timeout, max_retries=retries)

    def ask(
        self,
        messages: Sequence[tuple[str, str]],
        *,
        temperature: float,
        max_tokens: int,
        seed: int,
        choices: int | None = None,
    ) -> Answer:
        """One answer to (role, content) messages; with so many `choices` of its first token.

        Raises GeneratorError when the endpoint can't be reached, refuses, or answers without text.
        """
        try:
            reply = self._client.chat.completions.create(
                model=self.model,
                messages=[{"role": role, "content": content} for role, content in messages],  # type: ignore[misc]
                temperature=temperature,
                max_tokens=max_tokens,
                seed=seed,
                logprobs=True,
                top_logprobs=openai.omit if choices is None else choices,
            )
        except openai.APIConnectionError as error:
            raise GeneratorError(
                f"The endpoint {self._base_url} can't be reached. Start it, or correct --base-url."
            ) from error
        except openai.APIStatusError as error:
            raise GeneratorError(
                f"The endpoint {self._base_url} refused with status {error.status_code}. "
                "Check --model and the API key."
            ) from error
        except (openai.OpenAIError, ValueError) as error:
            raise GeneratorError(
                f"The endpoint {self._base_url} gave no usable answer ({error}). Check that it speaks the "
                "OpenAI chat protocol."
            ) from error
        replies = getattr(reply, "choices", None)
        if not replies or not isinstance(getattr(replies[0].message, "content", None), str):
            raise GeneratorError(
                f"The endpoint {self._base_url} answered without text. Check that it speaks the OpenAI chat "
                "protocol."
            )
        content = (replies[0].logprobs.content if replies[0].logprobs else None) or []
        pairs = [(item.token, item.logprob) for item in content if math.isfinite(item.logprob)]
        return Answer(
            text=replies[0].message.content,
            tokens=tuple(token for token, _ in pairs),
            logprobs=tuple(logprob for _, logprob in pairs),
            finish_reason=str(replies[0].finish_reason),
            first_choices=tuple((c.token, c.logprob) for c in content[0].top_logprobs or ())
            if content
            else (),
        )
