"""One function of a repository as a problem: what a generator is told, and how its answer gets into the file."""

import ast
import textwrap
from dataclasses import dataclass
from pathlib import Path

from heatline_probes.corpus.programs import Problem
from heatline_probes.errors import CorpusError

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class RepositoryFunction:
    """A function `name` (``f``, or ``Class.method``) of the file `path` (relative to the repository)."""

    path: str
    name: str
    text: str  # of the whole file

    @property
    def problem(self) -> Problem:
        """What is asked: the file with the function's body left out."""
        request = (
            f"Write the function `{self.name}` of the file {self.path}. Answer with that function alone, from its "
            f"`def` on, and with the imports it needs besides those of the file. The file:\n\n{self._without_body()}"
        )
        last = self.name.rsplit(".", 1)[-1]
        key = f"repository:{self.path}:{self.name}"
        return Problem(
            key, "repository", key, "python", request, last, self.source, "", "", "pytest", *[""] * 6
        )

    @property
    def source(self) -> str:
        """The function as it is."""
        node = _find(ast.parse(self.text), self.name)
        assert node is not None
        return textwrap.dedent("".join(self._lines()[_first_line(node) - 1 : node.end_lineno]))

    def with_answer(self, answer: str) -> str | None:
        """The file with the function of the same name in `answer` in its place; None when there is none.

        Decorators stay those of the file. Imports of the answer go in front of everything but the file's
        docstring and ``from __future__`` imports.
        """
        try:
            tree = ast.parse(answer)
        except (SyntaxError, ValueError, RecursionError):
            return None
        last = self.name.rsplit(".", 1)[-1]
        new = _find(tree, self.name) or next(
            (n for n in ast.walk(tree) if isinstance(n, _FUNCTIONS) and n.name == last), None
        )
        if new is None:
            return None
        imports = [ast.unparse(n) + "\n" for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
        body = textwrap.dedent("".join(answer.splitlines(keepends=True)[new.lineno - 1 : new.end_lineno]))
        return self._replaced(body.rstrip("\n") + "\n", [i for i in imports if "__future__" not in i])

    def broken(self) -> str:
        """The file with a body that only raises, which tests of this function must notice."""
        node = self._node()
        header = "".join(self._lines()[node.lineno - 1 : node.body[0].lineno - 1])
        if not header.strip().endswith(":"):  # a body on the line of its header
            header = f"def {node.name}(*_, **__):\n"
        return self._replaced(textwrap.dedent(header) + "    raise NotImplementedError\n", [])

    def _node(self) -> _Function:
        node = _find(ast.parse(self.text), self.name)
        assert node is not None
        return node

    def _without_body(self) -> str:
        node = self._node()
        lines = self._lines()
        statements = node.body[1:] if ast.get_docstring(node) is not None else node.body
        if not statements or statements[0].lineno == node.lineno:
            return self.broken().replace("raise NotImplementedError", "...")
        margin = " " * statements[0].col_offset
        return "".join([*lines[: statements[0].lineno - 1], f"{margin}...\n", *lines[node.end_lineno :]])

    def _replaced(self, function: str, imports: list[str]) -> str:
        node = self._node()
        lines = self._lines()
        indented = textwrap.indent(function, " " * node.col_offset)
        top = _behind_future_imports(ast.parse(self.text))
        return "".join(
            [*lines[:top], *imports, *lines[top : node.lineno - 1], indented, *lines[node.end_lineno :]]
        )

    def _lines(self) -> list[str]:
        text = self.text if self.text.endswith("\n") else self.text + "\n"
        return text.splitlines(keepends=True)


def find_function(repository: Path, where: str) -> RepositoryFunction:
    """The function that `where` (``path/of/file.py:name``) names. Raises CorpusError when there is none."""
    path, _, name = where.rpartition(":")
    if not path or not name:
        raise CorpusError(f"{where!r} names no function. Write it as path/of/file.py:function.")
    file = repository / path
    if not file.resolve().is_relative_to(repository.resolve()):
        raise CorpusError(f"The file {path} is outside of {repository}. Name a file of the repository.")
    try:
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError) as error:
        raise CorpusError(f"The file {file} can't be read as Python ({error}). Name another.") from error
    if _find(tree, name) is None:
        raise CorpusError(f"The file {path} has no function {name!r}. Write a method as Class.method.")
    return RepositoryFunction(path, name, text)


def _find(tree: ast.Module, name: str) -> _Function | None:
    scope: list[ast.stmt] = tree.body
    *outer, last = name.split(".")
    for part in outer:
        found = next((n for n in scope if isinstance(n, ast.ClassDef) and n.name == part), None)
        if found is None:
            return None
        scope = found.body
    return next((n for n in scope if isinstance(n, _FUNCTIONS) and n.name == last), None)


def _first_line(node: _Function) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _behind_future_imports(tree: ast.Module) -> int:
    """How many lines the docstring and ``from __future__`` imports take."""
    line = 0
    for index, node in enumerate(tree.body):
        is_docstring = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            line = node.end_lineno or line
        else:
            break
    return line
