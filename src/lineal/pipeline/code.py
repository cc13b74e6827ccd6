"""Tell whether a component's code is the same as in an earlier run.

Its identity is its own source, and every function, class and constant of its module that it
names, transitively: functions and classes by their source without comments, docstrings and
layout, everything else (constants, closures, defaults) by content. Where something it reaches
can't be compared, the identity says why, and the component is not reused.

What can't be seen: names looked up while running through `getattr` or `importlib`, attributes set
on a class after its definition, files that the code opens, the clock, the network. Code that uses
`eval`, `exec` or `globals` is not reused.
"""

from __future__ import annotations

import builtins
import hashlib
from dataclasses import dataclass
from importlib.util import resolve_name
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

from lineal.pipeline.content import Code, Unidentified, describe, digest
from lineal.pipeline.modules import Origin, origin_of
from lineal.pipeline.sources import Found, class_source, function_source, read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CodeIdentity", "identify"]

_DYNAMIC = frozenset({"eval", "exec", "globals", "__import__"})
# What every module says of itself; class bodies look it up without being told to.
_ABOUT_THE_MODULE = frozenset(
    {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__builtins__"}
)


@dataclass(frozen=True)
class CodeIdentity:
    """What a component's code consists of, and what of it can't be compared."""

    parts: Mapping[str, str]
    """The SHA-256 of each part, by what it is: `function load`, `constant CARRIERS`."""
    problems: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of all parts."""
        return digest(sorted(self.parts.items()))


def identify(
    function: Callable[..., object], *, sources: Mapping[str, str] | None = None
) -> CodeIdentity:
    """Return the identity of `function`'s code as it is now.

    `sources` holds the text of files as they were when the functions were defined; what is not
    in it is read again.
    """
    if not isinstance(function, FunctionType):
        return CodeIdentity({}, (f"{function!r} is no plain function",))
    walk = _Walk(function, sources or {})
    walk.visit_function(function)
    parts = {name: digest(sorted(found)) for name, found in sorted(walk.parts.items())}
    return CodeIdentity(parts, tuple(dict.fromkeys(walk.problems)))


class _Walk:
    """Collects the parts that can be reached from one function."""

    def __init__(self, root: FunctionType, sources: Mapping[str, str]) -> None:
        self.parts: dict[str, list[str]] = {}
        self.problems: list[str] = []
        self._own = str(root.__globals__.get("__name__", ""))
        self._globals = root.__globals__
        self._file = root.__code__.co_filename
        self._sources = sources
        # The objects are kept, so that no other can take their id.
        self._seen: dict[int, object] = {}

    def visit_function(self, function: FunctionType) -> str:
        """Take in a function, and all it reaches; return the name it goes by."""
        name = function.__qualname__.replace("<locals>.", "")
        module = str(function.__globals__.get("__name__", ""))
        if id(function) in self._seen:
            return name
        self._seen[id(function)] = function
        if self._outside(module, f"{module}.{name}"):
            self._held(function, name, {})
            return f"{module}.{name}"
        code = function.__code__
        text = self._text(code.co_filename)
        found = None if text is None else function_source(text, code, self._keep)
        if found is None:
            why = "can't be found" if text is None else "has changed since it was loaded"
            self.problems.append(f"the source of function {name} {why} ({code.co_filename})")
        else:
            self._source(f"function {name}", found)
        self._held(function, name, function.__globals__, found)
        return name

    def _held(
        self,
        function: FunctionType,
        name: str,
        around: Mapping[str, object],
        found: Found | None = None,
    ) -> None:
        """Take in what a function carries with it: closure, defaults, what it wraps."""
        for variable, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            try:
                self._value(f"{name}.{variable}", cell.cell_contents)
            except ValueError:  # the variable has no value yet
                continue
        defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        if defaults:
            self._content(f"the defaults of {name}", defaults)
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None:
            self._value(f"{name}.__wrapped__", wrapped)
        names = found.names if found is not None else set()
        self._names(names - set(function.__code__.co_freevars), around)

    def visit_class(self, kind: type) -> str:
        """Take in a class, and all it reaches; return the name it goes by."""
        name = kind.__qualname__.replace("<locals>.", "")
        if id(kind) in self._seen:
            return name
        self._seen[id(kind)] = kind
        if self._outside(kind.__module__, f"{kind.__module__}.{name}"):
            return f"{kind.__module__}.{name}"
        for file in (self._file, *_files(kind)):
            text = self._text(file)
            found = None if text is None else class_source(text, kind.__qualname__, self._keep)
            if found is not None:
                self._source(f"class {name}", found)
                self._names(found.names, self._globals)
                return name
        self.problems.append(f"the source of class {name} can't be found")
        return name

    def _source(self, part: str, found: Found) -> None:
        self._add(part, hashlib.sha256(found.form.encode()).hexdigest())
        package = str(self._globals.get("__package__") or "")
        for name, level in sorted(found.imports):
            try:
                module = resolve_name("." * level + name, package) if level else name
            except ImportError:
                module = name
            self._outside(module, f"the module {module}")

    def _names(self, names: set[str], around: Mapping[str, object]) -> None:
        for name in sorted(names - _ABOUT_THE_MODULE):
            if name in around:
                self._value(name, around[name])
            elif name in _DYNAMIC and hasattr(builtins, name):
                self.problems.append(f"it looks names up while running, with {name}()")

    def _value(self, name: str, value: object) -> None:
        """Take in what a name stands for."""
        inner = getattr(value, "__lineal_function__", None)
        if inner is not None and not isinstance(value, type):
            value = inner
        if isinstance(value, Code):
            label = self._code(value)
            if label != name:  # an import or assignment decides what the name means
                self._add(f"name {name}", label)
            return
        wrapped = getattr(value, "__wrapped__", None)
        if callable(value) and wrapped is not None:  # such as functools.cache makes
            self._add(f"name {name}", f"{type(value).__module__}.{type(value).__qualname__}")
            self._value(f"{name}.__wrapped__", wrapped)
            return
        self._content(f"constant {name}", value)

    def _content(self, part: str, value: object) -> None:
        try:
            self._add(part, digest(describe(value, self._code)))
        except Unidentified as error:
            self.problems.append(f"{part}: {error}")

    def _code(self, value: Code) -> str:
        if isinstance(value, FunctionType):
            return self.visit_function(value)
        if isinstance(value, ModuleType):
            self._outside(value.__name__, f"the module {value.__name__}")
            return value.__name__
        return self.visit_class(value)

    def _outside(self, module: str, what: str) -> bool:
        """Say whether a module is not the component's own; note it when its code is not seen."""
        origin = origin_of(module, own=self._own)
        if origin is Origin.PROJECT:
            self.problems.append(f"it reaches {what} in another module of the project")
        return origin is not Origin.OWN

    def _add(self, part: str, content: str) -> None:
        self.parts.setdefault(part, []).append(content)

    def _text(self, filename: str) -> str | None:
        return self._sources.get(filename) or read_source(filename)

    def _keep(self, name: str) -> bool:
        """Say whether a decorator whose expression starts with `name` belongs to the code."""
        value = self._globals.get(name)
        module = value.__name__ if isinstance(value, ModuleType) else _module_of(value)
        return module.partition(".")[0] != "lineal"


def _module_of(value: object) -> str:
    return str(getattr(value, "__module__", "") or "")


def _files(kind: type) -> list[str]:
    """Return the files (or notebook cells) in which methods of a class stand."""
    methods = [each for each in vars(kind).values() if isinstance(each, FunctionType)]
    return list(dict.fromkeys(method.__code__.co_filename for method in methods))
