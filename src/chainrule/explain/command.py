"""`python -m chainrule explain script.py`: the page of the first backward pass of any script, PyTorch's too."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path
from typing import Any

from ..interop import torch_means_chainrule
from ..tensor import Tensor
from .catalogue import LANGUAGES
from .explanation import Explanation, explain


class _Enough(BaseException):
    """Ends the script once its backward pass is known; no `except Exception` of the script's catches it."""


class Watch:
    """Stands in for `Tensor.backward` while a script runs, and explains the pass that was asked for."""

    def __init__(self, script: Path, line: int | None, last: bool, lang: str):
        self.script, self.line, self.last, self.lang = script.resolve(), line, last, lang
        self.explanation: Explanation | None = None
        self.where = ""
        self.seen = 0
        self.original = Tensor.backward

    def __call__(self, tensor: Any, gradient: Any = None, *args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(2)
        self.seen += 1
        here = Path(frame.f_code.co_filename).resolve() == self.script
        if self.line is None or (here and frame.f_lineno == self.line):
            self.explanation = explain(tensor, gradient=gradient, lang=self.lang)
            self.where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            if not self.last:
                raise _Enough
            self.explanation.freeze()
        return self.original(tensor, gradient, *args, **kwargs)

    def __enter__(self) -> Watch:
        watch = self

        def backward(self: Any, *args: Any, **kwargs: Any) -> Any:
            return watch(self, *args, **kwargs)

        Tensor.backward = backward  # type: ignore[method-assign]
        return self

    def __exit__(self, *error: Any) -> None:
        Tensor.backward = self.original  # type: ignore[method-assign]


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    made = argparse.ArgumentParser("python -m chainrule explain", description=__doc__)
    made.add_argument("script", type=Path, help="a Python script; `import torch` in it means chainrule")
    made.add_argument("--at", type=int, metavar="LINE", help="the backward() called at this line of the script")
    made.add_argument("--last", action="store_true", help="the last backward() instead of the first")
    made.add_argument("-o", "--output", type=Path, help="the page to write; without it the table is printed")
    made.add_argument("--lang", choices=LANGUAGES, default="en", help="the language of the page")
    return made


def main(arguments: list[str]) -> int:
    """Run the command; 0 if there was a backward pass to explain, 1 if not, 2 for a wrong call."""
    options, rest = parser().parse_known_args(arguments)
    if not options.script.is_file():
        print(f"explain: there is no file {options.script}", file=sys.stderr)
        return 2
    torch_means_chainrule()
    watch = Watch(options.script, options.at, options.last, options.lang)
    before = sys.argv, sys.path[:]
    sys.argv = [str(options.script), *rest]
    sys.path.insert(0, str(options.script.resolve().parent))
    try:
        with watch:
            runpy.run_path(str(options.script), run_name="__main__")
    except _Enough:
        pass
    except Exception as error:
        if watch.explanation is None:
            return _failed(error)
        print(f"explain: the script ended with {type(error).__name__}: {error}", file=sys.stderr)
    except SystemExit:
        pass
    finally:
        sys.argv, sys.path[:] = before
    if watch.explanation is None:
        where = f" at line {options.at}; passes in all: {watch.seen}" if options.at else ""
        print(f"explain: {options.script} called no backward(){where}", file=sys.stderr)
        return 1
    _show(watch, options.output)
    return 0


def _show(watch: Watch, output: Path | None) -> None:
    explanation = watch.explanation
    assert explanation is not None
    if output is None:
        print(explanation)
        return
    explanation.save(output)
    print(f"{watch.where}: backward pass of {explanation.loss.name} → {output.resolve()}")


def _failed(error: Exception) -> int:
    """Say what was recorded before the script failed."""
    import traceback

    traceback.print_exception(type(error), error, error.__traceback__)
    try:
        print(explain(error).graph(), file=sys.stderr)
    except Exception as reason:
        print(f"explain: {reason}", file=sys.stderr)
    return 1
