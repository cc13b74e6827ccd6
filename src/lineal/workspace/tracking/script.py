"""Run a script that knows nothing of Lineal, tracked."""

from __future__ import annotations

import runpy
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lineal.errors import NotFound
from lineal.workspace.tracking import session
from lineal.workspace.tracking.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from lineal.workspace.workspace import Workspace

__all__ = ["run_script"]

_INTERRUPTED = 130


def run_script(
    workspace: Workspace,
    script: Path,
    arguments: Sequence[str],
    *,
    name: str | None = None,
    params: Mapping[str, object] | None = None,
    environment: Sequence[str] = (),
    quiet: bool = False,
) -> int:
    """Run a script in this process as Python would, tracked; return its exit code.

    If it calls `lineal.track()` itself, that is the same run.
    """
    if not script.is_file():
        raise NotFound(f"there is no script {script}")
    with _as_main(script, arguments):
        tracked = session.begin(
            workspace,
            name,
            params,
            environment=environment,
            quiet=quiet,
            source=Source.of_file(script),
            arguments=arguments,
            launched=True,
        )
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit as leaving:
            code = _code(leaving)
            tracked.finish(leaving if code else None)
            return code
        except BaseException as error:  # noqa: BLE001 -- as the interpreter itself: told, and then the end
            error = error.with_traceback(_own(error, script))
            traceback.print_exception(error)
            tracked.finish(error)
            return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
        tracked.finish()
        return 0


@contextmanager
def _as_main(script: Path, arguments: Sequence[str]) -> Iterator[None]:
    """Let the process look as if Python had been started with the script."""
    main = sys.modules["__main__"]
    before = sys.argv, sys.path[:], getattr(main, "__file__", None)
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.resolve().parent))
    main.__file__ = str(script.resolve())
    try:
        yield
    finally:
        sys.argv, sys.path[:], main.__file__ = before


def _code(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code
    print(leaving.code, file=sys.stderr)
    return 1


def _own(error: BaseException, script: Path) -> TracebackType | None:
    """Return the traceback from the script on; nothing where it didn't begin to run."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != str(script):
        trace = trace.tb_next
    return trace
