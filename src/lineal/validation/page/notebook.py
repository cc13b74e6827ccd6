"""Show a page inside a notebook, in a frame of its own, so that no style leaks either way."""

from __future__ import annotations

from lineal.validation.page.text import escaped

__all__ = ["framed"]


def framed(page: str, *, height: int = 640) -> str:
    """Return HTML that shows `page` in place; its script can reach nothing of the notebook."""
    return (
        f'<iframe title="statistics" sandbox="allow-scripts allow-modals" width="100%" '
        f'height="{height}" style="border:0;min-height:20rem;resize:vertical" '
        f'srcdoc="{escaped(page)}"></iframe>'
    )
