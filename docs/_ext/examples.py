"""Runs `examples/why/*.py` before Sphinx reads: what they print and what they draw goes to `why/generated/`."""

from __future__ import annotations

import contextlib
import io
import runpy
from pathlib import Path
from typing import Any


def printed_and_drawn(script: Path) -> tuple[str, str]:
    """The output of an example and its figure as SVG, the same in every build."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    output, drawing = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output):
        names = runpy.run_path(str(script), run_name="__main__")
    with plt.rc_context({"svg.hashsalt": script.stem, "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure = names["figure"]()
        figure.savefig(drawing, format="svg", metadata={"Date": None})
        plt.close(figure)
    return output.getvalue(), drawing.getvalue()


def run_examples(app: Any) -> None:
    """All examples; a file is written only if it has changed."""
    target = Path(app.srcdir) / "why" / "generated"
    target.mkdir(parents=True, exist_ok=True)
    for script in sorted((Path(app.srcdir).parent / "examples" / "why").glob("*.py")):
        for suffix, text in zip((".txt", ".svg"), printed_and_drawn(script), strict=True):
            path = (target / script.stem).with_suffix(suffix)
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("builder-inited", run_examples)
    return {"parallel_read_safe": True}
