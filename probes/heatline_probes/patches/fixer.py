"""Candidate repairs by a language model that is told everything: the task, a failing test, a right answer.

Two requests for each program, a whole rewrite and a focused edit. What comes back is a candidate like any
other: minimised and believed only as far as the tests go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from heatline_probes.corpus.endpoint import Endpoint
from heatline_probes.corpus.programs import Problem
from heatline_probes.patches.donors import Candidate

_REWRITE = "Write the program again so that it is right. Keep what is right of the given one, and its names."
_FOCUSED = (
    "Change as few tokens of the given program as you can so that it is right. Do not rename, reformat or "
    "restructure anything."
)
_LONGEST_TESTS = 2000  # characters


@dataclass(frozen=True, slots=True)
class Fixer:
    """Where the model is. temperature is 0, so that a repeated run asks for the same."""

    base_url: str
    model: str
    max_tokens: int = 1024
    api_key: str = "none"

    def candidates(self, problem: Problem, code: str, failure: str) -> list[Candidate]:
        """What the model makes of a failing program; failure: what its tests said.

        Raises GeneratorError when the endpoint can't be reached.
        """
        endpoint = Endpoint(self.base_url, self.model, api_key=self.api_key)
        found = []
        for task, origin in ((_REWRITE, "model rewrite"), (_FOCUSED, "model edit")):
            answer = endpoint.ask(
                _messages(problem, code, failure, task), temperature=0.0, max_tokens=self.max_tokens, seed=0
            )
            found.append(Candidate(answer.code, origin))
        return found


def _messages(problem: Problem, code: str, failure: str, task: str) -> Sequence[tuple[str, str]]:
    parts = [f"The task:\n{problem.prompt}", f"A program that fails its tests:\n```python\n{code}\n```"]
    if failure:
        parts.append(f"What the tests said: {failure}")
    if problem.base_tests or len(problem.tests) <= _LONGEST_TESTS:
        parts.append(f"The tests:\n```python\n{problem.base_tests or problem.tests}\n```")
    if problem.reference:
        parts.append(f"A program that passes:\n```python\n{problem.reference}\n```")
    parts.append(task)
    return [
        ("system", "You repair Python programs. Answer with the whole program in one fenced block."),
        ("user", "\n\n".join(parts)),
    ]
