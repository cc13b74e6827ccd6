"""Source text of functions and classes, brought to a form that comments and layout don't change.

The form is the syntax tree without positions and docstrings. (Bytecode would not do: CPython's
jumps depend on which line a condition stands.)
"""

from __future__ import annotations

import ast
import copy
import dis
import linecache
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType

__all__ = ["Found", "class_source", "function_source", "read_source"]

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
_LOADS_A_NAME = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")

Keep = "Callable[[str], bool]"
"""Says of a decorator, by the first name in it, whether it is part of the code."""


class Found:
    """The source of one function or class: its normal form and what it refers to."""

    def __init__(self, nodes: list[ast.stmt], keep: Callable[[str], bool]) -> None:
        self._nodes = [_normal(node, keep) for node in nodes]

    @property
    def form(self) -> str:
        """The text that is equal for equal code."""
        return "\n".join(ast.dump(node) for node in self._nodes)

    @property
    def names(self) -> set[str]:
        """The names that the code looks up outside of itself."""
        return {name for node in self._nodes for name in _names(node)}

    @property
    def imports(self) -> set[tuple[str, int]]:
        """The modules that are imported inside, with the number of leading dots."""
        found: set[tuple[str, int]] = set()
        for node in (each for root in self._nodes for each in ast.walk(root)):
            if isinstance(node, ast.Import):
                found |= {(alias.name, 0) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "", node.level))
        return found


def read_source(filename: str) -> str | None:
    """Return the text of a file, notebook cell or prompt as it is now; None when it is gone."""
    linecache.checkcache(filename)
    return "".join(linecache.getlines(filename)) or None


def function_source(text: str, code: CodeType, keep: Callable[[str], bool]) -> Found | None:
    """Find the function that was compiled to `code` in the text of its file."""
    if code.co_name == "<lambda>":
        lambdas = [
            ast.Expr(node)
            for node in ast.walk(_parsed(text))
            if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno
        ]
        return (
            Found([ast.fix_missing_locations(node) for node in lambdas], keep) if lambdas else None
        )
    for node in ast.walk(_parsed(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            if first == code.co_firstlineno:
                return Found([node], keep)
    return None


def class_source(text: str, qualname: str, keep: Callable[[str], bool]) -> Found | None:
    """Find a class by its qualified name, or the assignment that made it (a named tuple)."""
    path = [step for step in qualname.split(".") if step != "<locals>"]
    nodes = list(_definitions(_parsed(text), path))
    return Found(nodes, keep) if nodes else None


@lru_cache(maxsize=32)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _definitions(scope: ast.AST, path: list[str]) -> Iterator[ast.stmt]:
    """Yield the definitions of the last name of `path`; conditional ones may be several."""
    for node in _statements(scope):
        named = getattr(node, "name", None) == path[0] and isinstance(node, _DOCUMENTED)
        if len(path) == 1:
            targets = node.targets if isinstance(node, ast.Assign) else []
            assigned = any(isinstance(each, ast.Name) and each.id == path[0] for each in targets)
            if assigned or (named and isinstance(node, ast.ClassDef)):
                yield node
        elif named:
            yield from _definitions(node, path[1:])


def _statements(scope: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of a scope, also those under `if`, `try` and `with`."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, _DOCUMENTED):
            yield from _statements(node)


def _normal(node: ast.stmt, keep: Callable[[str], bool]) -> ast.stmt:
    """Return a copy without docstrings, string prefixes and the decorators not to keep."""
    node = copy.deepcopy(node)
    for each in ast.walk(node):
        if isinstance(each, ast.Constant):
            each.kind = None
        if not isinstance(each, _DOCUMENTED):
            continue
        if ast.get_docstring(each, clean=False) is not None:
            each.body = each.body[1:] or [ast.copy_location(ast.Pass(), each.body[0])]
        if not isinstance(each, ast.Module):
            each.decorator_list = [one for one in each.decorator_list if keep(_first_name(one))]
    return node


def _first_name(node: ast.expr) -> str:
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _names(node: ast.stmt) -> set[str]:
    names = set(_annotation_names(node))
    try:
        module = ast.Module(body=[node], type_ignores=[])
        code = compile(module, "<identity>", "exec", dont_inherit=True)
    except SyntaxError:  # a `nonlocal` whose binding lies outside: take every name
        return names | {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names | set(_loaded(code))


def _loaded(code: CodeType) -> Iterator[str]:
    """Yield the names that the code, and the code inside it, looks up globally."""
    instructions = list(dis.get_instructions(code))
    bound = {each.argval for each in instructions if each.opname == "STORE_NAME"}
    for each in instructions:
        if each.opname in _LOADS_A_NAME and each.argval not in bound:
            yield each.argval
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            yield from _loaded(constant)


def _annotation_names(node: ast.AST) -> Iterator[str]:
    """Yield the names in annotations, which may be text and are then not in the code."""
    for each in ast.walk(node):
        annotation = getattr(each, "annotation", None) or getattr(each, "returns", None)
        if isinstance(annotation, ast.expr):
            yield from _names_of_type(annotation)


def _names_of_type(node: ast.AST, *, is_type: bool = True) -> Iterator[str]:
    """Yield the names in an annotation; a text is one only where a type is expected.

    It is none among the arguments of a call, as in `Named("ops.flights")`, in a `Literal`, and
    in `Annotated` behind the type.
    """
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Constant):
        if is_type and isinstance(node.value, str):
            yield from _names_of_text(node.value)
    elif isinstance(node, ast.Subscript):
        of = node.value.attr if isinstance(node.value, ast.Attribute) else _first_name(node.value)
        yield from _names_of_type(node.value)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for i, each in enumerate(inner):
            told = of == "Literal" or (of == "Annotated" and i > 0)
            yield from _names_of_type(each, is_type=is_type and not told)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _names_of_type(child, is_type=is_type and not isinstance(node, ast.Call))


def _names_of_text(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:  # no type after all
        return
    yield from _names_of_type(tree.body)
