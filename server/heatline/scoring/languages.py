"""The languages Heatline finds scopes in: grammars, and which syntax nodes are functions, classes, imports."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tree_sitter import Language, Node, Parser

PLAIN = "plain"


@dataclass(frozen=True)
class LanguageSyntax:
    """Where a grammar lives and what its node types mean for segmentation."""

    module: str
    factory: str
    functions: frozenset[str]
    containers: frozenset[str]  # long ones split into their members
    imports: frozenset[str]
    wrappers: frozenset[str]  # decorators, exports, templates: look at the declaration inside
    attributes: frozenset[str]  # stand before a declaration as nodes of their own, and belong to it
    sections: frozenset[str]  # hold what is at top level all the same, such as the parts of an #ifdef

    def declares(self, node: Node) -> bool:
        """Whether ``node`` is a function, a class or the like."""
        return node.type in self.functions or node.type in self.containers


def _syntax(
    module: str,
    functions: str,
    containers: str = "",
    imports: str = "",
    wrappers: str = "",
    factory: str = "language",
    *,
    attributes: str = "",
    sections: str = "",
) -> LanguageSyntax:
    sets = (
        frozenset(words.split()) for words in (functions, containers, imports, wrappers, attributes, sections)
    )
    return LanguageSyntax(f"tree_sitter_{module}", factory, *sets)


def unwrapped(node: Node, syntax: LanguageSyntax) -> Node:
    """The declaration inside a decorator, export or template."""
    while node.type in syntax.wrappers:
        inner = [c for c in node.named_children if syntax.declares(c) or c.type in syntax.wrappers]
        if not inner:
            return node
        node = inner[0]
    return node


_JS_FUNCTIONS = (
    "function_declaration generator_function_declaration method_definition arrow_function function_expression "
    "generator_function class_static_block"
)
# a function may be the value of a constant or a field
_JS_WRAPPERS = (
    "export_statement lexical_declaration variable_declaration variable_declarator field_definition"
)
_TS_CONTAINERS = (
    "class_declaration abstract_class_declaration interface_declaration enum_declaration internal_module "
    "module"
)
_TS_WRAPPERS = f"{_JS_WRAPPERS} public_field_definition ambient_declaration expression_statement"
_PREPROCESSOR = "preproc_ifdef preproc_if preproc_else preproc_elif preproc_elifdef"

LANGUAGES: dict[str, LanguageSyntax] = {
    "python": _syntax(
        "python", "function_definition", "class_definition",
        "import_statement import_from_statement future_import_statement", "decorated_definition",
    ),
    "javascript": _syntax("javascript", _JS_FUNCTIONS, "class_declaration", "import_statement", _JS_WRAPPERS),
    "typescript": _syntax(
        "typescript", _JS_FUNCTIONS, _TS_CONTAINERS, "import_statement", _TS_WRAPPERS, "language_typescript"
    ),
    "tsx": _syntax("typescript", _JS_FUNCTIONS, _TS_CONTAINERS, "import_statement", _TS_WRAPPERS, "language_tsx"),
    "java": _syntax(
        "java", "method_declaration constructor_declaration compact_constructor_declaration static_initializer",
        "class_declaration interface_declaration enum_declaration record_declaration annotation_type_declaration",
        "import_declaration package_declaration",
    ),
    "c": _syntax("c", "function_definition", "", "preproc_include", sections=_PREPROCESSOR),
    "cpp": _syntax(
        "cpp", "function_definition", "class_specifier struct_specifier namespace_definition linkage_specification",
        "preproc_include using_declaration", "template_declaration linkage_specification", sections=_PREPROCESSOR,
    ),
    "go": _syntax("go", "function_declaration method_declaration", "", "import_declaration package_clause"),
    "rust": _syntax(
        "rust", "function_item macro_definition", "impl_item trait_item mod_item foreign_mod_item",
        "use_declaration extern_crate_declaration", attributes="attribute_item",
    ),
    "csharp": _syntax(
        "c_sharp",
        "method_declaration constructor_declaration destructor_declaration operator_declaration "
        "conversion_operator_declaration indexer_declaration property_declaration local_function_statement",
        "class_declaration struct_declaration interface_declaration record_declaration enum_declaration "
        "namespace_declaration",
        "using_directive", "global_statement", sections="preproc_if preproc_elif preproc_else",
    ),
    "ruby": _syntax("ruby", "method singleton_method", "class module singleton_class"),
    "php": _syntax(
        "php", "function_definition method_declaration",
        "class_declaration interface_declaration trait_declaration enum_declaration namespace_definition",
        "namespace_use_declaration", "", "language_php",
    ),
    "bash": _syntax("bash", "function_definition"),
}  # fmt: skip

_SUFFIXES = {
    ".py": "python", ".pyi": "python", ".pyw": "python",
    ".js": "javascript", ".jsx": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
    ".java": "java", ".c": "c", ".h": "c",
    ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hpp": "cpp", ".hh": "cpp", ".hxx": "cpp",
    ".inl": "cpp", ".ipp": "cpp", ".tpp": "cpp",
    ".go": "go", ".rs": "rust", ".cs": "csharp", ".rb": "ruby", ".rake": "ruby", ".gemspec": "ruby",
    ".php": "php", ".sh": "bash", ".bash": "bash", ".bats": "bash",
}  # fmt: skip

# what editors call a language, where it differs from our name
_EDITOR_IDS = {
    "javascriptreact": "javascript", "typescriptreact": "tsx", "shellscript": "bash", "sh": "bash",
    "c++": "cpp", "c_sharp": "csharp", "c#": "csharp", "js": "javascript", "ts": "typescript", "py": "python",
}  # fmt: skip


def language_of(name: str | Path) -> str:
    """The language of a path, an editor's language id or a plain name; ``"plain"`` when unknown."""
    if isinstance(name, Path):
        return _SUFFIXES.get(name.suffix.lower(), PLAIN)
    lowered = name.lower()
    known = _EDITOR_IDS.get(lowered, lowered)
    return known if known in LANGUAGES else PLAIN


def known_suffixes() -> frozenset[str]:
    """File name endings of the languages with a grammar."""
    return frozenset(_SUFFIXES)


@cache
def grammar_version(language: str) -> str:
    """Names the language and what it is parsed with: another release may cut the same text otherwise."""
    if language not in LANGUAGES:
        return language
    from importlib.metadata import PackageNotFoundError, version

    names = ("tree-sitter", LANGUAGES[language].module.replace("_", "-"))
    try:
        return " ".join([language, *map(version, names)])
    except PackageNotFoundError:  # bundled with something, whose own cache folder it will be
        return language


@cache
def parser_for(language: str) -> Parser:
    """A tree-sitter parser; the grammar is loaded when it is first needed."""
    syntax = LANGUAGES[language]
    factory = getattr(importlib.import_module(syntax.module), syntax.factory)
    return Parser(Language(factory()))
