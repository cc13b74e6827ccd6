"""Take a pipeline from a user's file, for the command line."""

from __future__ import annotations

import sys
import traceback
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from lineal.errors import InvalidInput, NotFound
from lineal.pipeline.components import RUN_PREFIX
from lineal.pipeline.definition import Pipeline

__all__ = ["load_pipeline"]


def load_pipeline(spec: str) -> Pipeline[...]:
    """Return the pipeline that `FILE:PIPELINE` names, by running the file as a module.

    Raises `NotFound` for a file or name that isn't there, `InvalidInput` for one that can't be
    run, with the line. The file's folder is put in front of the places that imports are sought.
    """
    file, colon, name = spec.rpartition(":")
    if not colon or not file or not name:
        raise InvalidInput(f"{spec!r} names no pipeline; write FILE.py:PIPELINE")
    path = Path(file)
    if path.is_dir():
        raise InvalidInput(f"{file} is a folder; write FILE.py:PIPELINE")
    if not path.is_file():
        near = [each.name for each in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise NotFound.among("there is no file", path.name, near, remedy=f"in {path.parent}")
    module = _run_file(path.resolve())
    found = getattr(module, name, None)
    if isinstance(found, Pipeline):
        return found
    pipelines = [key for key, each in vars(module).items() if isinstance(each, Pipeline)]
    if found is not None:
        told = ", ".join(pipelines) or "none"
        raise InvalidInput(
            f"{name!r} in {file} is a {type(found).__name__}, no pipeline (it has {told}); "
            "put @lineal.pipeline above the function"
        )
    remedy = f"it has {', '.join(pipelines)}" if pipelines else "it has none"
    raise NotFound.among(f"{file} has no pipeline", name, pipelines, remedy=remedy)


def _run_file(path: Path) -> ModuleType:
    try:
        source = path.read_bytes()
        # Not through the import system: its cache of compiled code misses a quick edit.
        code = compile(source, str(path), "exec", dont_inherit=True)
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}") from error
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise InvalidInput(
            f"{path}{f', line {line}' if line else ''}: {getattr(error, 'msg', error)}"
        ) from error
    module = ModuleType(_module_name(path))
    module.__file__ = str(path)
    module.__spec__ = ModuleSpec(module.__name__, None, origin=str(path))
    folder = str(path.parent)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        exec(code, module.__dict__)  # noqa: S102 - running it is what the user asks for
    except (Exception, SystemExit) as error:
        if before is None:
            del sys.modules[module.__name__]
        else:
            sys.modules[module.__name__] = before
        raise InvalidInput(f"{path}{_line_in(path, error)}: {_told(error)}") from error
    return module


def _module_name(path: Path) -> str:
    """Return the name that an import would give, unless another module has it."""
    name = path.stem
    loaded = sys.modules.get(name)
    file = getattr(loaded, "__file__", None)
    taken = loaded is not None and (file is None or Path(file).resolve() != path)
    return f"{RUN_PREFIX}{name}" if taken or name in sys.stdlib_module_names else name


def _line_in(path: Path, error: BaseException) -> str:
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    return f", line {lines[-1]}" if lines else ""


def _told(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it ended the process with exit({error.code!r}) instead of defining a pipeline"
    return f"{type(error).__name__}: {error}"
