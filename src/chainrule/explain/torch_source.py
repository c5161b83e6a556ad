"""The NumPy module of both passes, said in PyTorch.

Translated is the text that `numpy_source()` writes, statement by statement, so that names, comments and line breaks
stay. One table says how each NumPy function is called in PyTorch; what is not in it raises NotSupportedError. Where
NumPy computes in float64 and PyTorch in its default dtype (a mask times 0.1, `zeros(3)`), the dtype is written out.
"""

from __future__ import annotations

import ast
import copy
import re
from typing import Any

from .source import WIDTH, Module, _wrapped
from .torch_calls import FLOAT, TABLE, Called, absent, dotted, is_number

ORDER = "bif"  # kinds of dtype, each promoted to those after it
COMPOUND = (ast.FunctionDef, ast.For, ast.If, ast.While)
ATTRIBUTES = ("T", "shape", "ndim", "dtype")
KEEPS = (  # functions whose result has the dtype of the first argument
    *("T", "abs", "broadcast_to", "copy", "cumprod", "cumsum", "diagonal", "flip", "max", "min", "moveaxis", "ravel"),
    *("reshape", "roll", "sign", "swapaxes", "take_along_axis", "tile", "transpose", "tril", "triu"),
)
CONSTANTS = ("nan", "inf", "pi", "float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8")


def torch_source(module: Module) -> str:
    """The text of the module in PyTorch; raises NotSupportedError where PyTorch has no such function."""
    translator = _Translator(module)
    lines: list[str] = []
    for chunk in _chunks(module.text):
        lines += translator.lines(chunk)
    if "torch." in "\n".join(lines):
        lines.insert(lines.index("") + 1, "import torch")
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines))


def _chunks(text: str) -> list[list[str]]:
    """The lines of each statement; a comment and an empty line stand alone."""
    chunks: list[list[str]] = []
    open_: list[str] = []
    for line in text.splitlines():
        open_.append(line)
        alone = len(open_) == 1 and (not line.strip() or line.lstrip().startswith("#"))
        if alone or _parsed(open_) is not None:
            chunks.append(open_)
            open_ = []
    if open_:
        raise absent(open_[0].strip())
    return chunks


def _parsed(lines: list[str]) -> ast.stmt | None:
    """The statement that these lines hold; one with a block of its own without the block."""
    text = "\n".join(lines).strip()
    try:
        return ast.parse(f"{text} pass" if text.endswith(":") else text).body[0]
    except (SyntaxError, IndexError):
        return None


class _Translator(ast.NodeTransformer):
    """Translates statements, knowing dtype and shape of the tensors that have names."""

    def __init__(self, module: Module):
        self.functions = module.functions
        self.in_helper = True
        symbols = [*module.inputs, *module.results, *module.taken]
        known = {s.args[0]: s for s in symbols if s.name is not None}
        known |= {s.name: s.value for s in (*module.program.forward, *module.program.backward)}
        self.kinds = {name: e.dtype.kind if e.dtype.kind in ORDER else "i" for name, e in known.items()}
        self.ndims = {name: e.ndim for name, e in known.items()}

    # ── statements ──────────────────────────────────────────────────────────────────────────────

    def lines(self, chunk: list[str]) -> list[str]:
        """The lines of a statement, or of a comment that quotes some, translated."""
        indent = chunk[0][: len(chunk[0]) - len(chunk[0].lstrip())]
        statement = _parsed(chunk)
        if statement is None:
            return [f"{indent}# {self._comment(chunk[0].strip()[2:])}"] if chunk[0].strip() else chunk
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            return [] if _imports_numpy(statement) else chunk
        self.in_helper = self.in_helper and getattr(statement, "name", "") != "forward"
        if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Name):
            self.kinds.setdefault(target.id, self.kind(statement.value))
        before = ast.dump(statement)
        after = self.visit(statement)
        if ast.dump(after) == before:
            return chunk
        return [indent + line for line in _wrapped(_typed(after))]

    def _comment(self, text: str) -> str:
        """A comment; where it quotes lines of code, those lines as they now read."""
        statements: list[Any] = [_parsed([part]) for part in text.split("; ")]
        if any(not isinstance(s, (ast.Assign, ast.AugAssign, ast.Expr)) for s in statements):
            return re.sub(r" = .*np\..*", " = …", text)
        before = [ast.dump(s) for s in statements]
        after = [self.visit(s) for s in statements]
        if [ast.dump(s) for s in after] == before:
            return text
        whole = "; ".join(map(_typed, after))
        return whole if len(whole) <= WIDTH else f"{text.partition(' = ')[0]} = …"

    # ── expressions ─────────────────────────────────────────────────────────────────────────────

    def code(self, node: ast.expr) -> str:
        """An expression translated, as code that stands among operators."""
        inside = ast.unparse(self.visit(copy.deepcopy(node)))
        return inside if isinstance(node, (ast.Name, ast.Constant, ast.List, ast.Tuple)) else f"({inside})"

    def visit_Call(self, node: ast.Call) -> Any:
        name, nodes = dotted(node.func), list(node.args)
        root = name.partition(".")[0]
        if root not in ("np", "special"):
            if isinstance(node.func, ast.Name) or root in self.functions:
                args, keywords = [self.visit(a) for a in node.args], [self.visit(k) for k in node.keywords]
                return ast.Call(node.func, args, keywords)
            assert isinstance(node.func, ast.Attribute)
            name, nodes = f".{node.func.attr}", [node.func.value, *nodes]
        say = TABLE.get(name)
        if say is None:
            raise absent(name)
        kwargs = {str(k.arg): self.code(k.value) for k in node.keywords}
        return _expression(say(self, Called(name, nodes, [self.code(a) for a in nodes], kwargs)))

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id in ("np", "special"):
            if node.attr not in CONSTANTS:
                raise absent(dotted(node))
            return _expression(f"torch.{node.attr}")
        if node.attr not in ATTRIBUTES:
            raise absent(f".{node.attr}")
        ndim = self.ndim(node.value)
        self.generic_visit(node)
        if node.attr == "T" and ndim not in (None, 2):
            return _expression(f"({ast.unparse(node.value)}).permute({', '.join(map(str, range(ndim)[::-1]))})")
        return node

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        if dotted(node.value) == "np.s_":
            return node  # the index of np.add.at, which looks into it
        keys = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        back = [i for i, k in enumerate(keys) if isinstance(k, ast.Slice) and is_number(k.step, below=0)]
        if not back:
            return self.generic_visit(node)
        if any(not isinstance(k, ast.Slice) or _typed(k) not in (":", "::-1") for k in keys):
            raise absent(f"[{_typed(node.slice)}]")
        return _expression(f"{self.code(node.value)}.flip({', '.join(map(str, back))})")

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        kinds = [self.kind(node.left), self.kind(node.right)]
        numbers = [is_number(node.left), is_number(node.right)]
        whole = [k != "f" and not n for k, n in zip(kinds, numbers, strict=True)]
        alone = kinds[0] != "f" and kinds[1] != "f" and isinstance(node.op, ast.Div)
        mixed = any(k == "f" and n for k, n in zip(kinds, numbers, strict=True))
        self.generic_visit(node)
        if any(whole) and (alone or mixed):  # NumPy goes on in float64, PyTorch in its default dtype
            side = "left" if whole[0] else "right"
            setattr(node, side, _expression(f"({ast.unparse(getattr(node, side))}).to({FLOAT})"))
        return node

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id == "bool" and node.id not in self.kinds:
            return _expression("torch.bool")
        return ast.Name("dim", node.ctx) if self.in_helper and node.id == "axis" else node

    def visit_arg(self, node: ast.arg) -> Any:
        return ast.arg("dim") if self.in_helper and node.arg == "axis" else node

    def visit_keyword(self, node: ast.keyword) -> Any:
        return ast.keyword("dim" if node.arg == "axis" else node.arg, self.visit(node.value))

    # ── what is known ───────────────────────────────────────────────────────────────────────────

    def kind(self, node: ast.AST) -> str:
        """Whether NumPy's value is of bools, integers or floats: "b", "i", "f"."""
        if isinstance(node, ast.Constant):
            return {bool: "b", int: "i"}.get(type(node.value), "f")
        if isinstance(node, ast.Name):
            return {"bool": "b"}.get(node.id, "f") if node.id not in self.kinds else self.kinds[node.id]
        if isinstance(node, ast.Compare):
            return "b"
        if isinstance(node, (ast.List, ast.Tuple)):
            return max(map(self.kind, node.elts), key=ORDER.index, default="f")
        if isinstance(node, ast.BinOp):
            return "f" if isinstance(node.op, ast.Div) else self.kind(ast.List([node.left, node.right]))
        if isinstance(node, ast.UnaryOp):
            return self.kind(node.operand)
        if isinstance(node, ast.Call):
            return self._kind_of_call(node)
        if isinstance(node, ast.Attribute):
            return "i" if "int" in node.attr else "f" if dotted(node).startswith("np.") else self.kind(node.value)
        return self.kind(node.value) if isinstance(node, ast.Subscript) else "f"

    def _kind_of_call(self, node: ast.Call) -> str:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        of_method = isinstance(node.func, ast.Attribute) and not dotted(node.func).startswith(("np.", "special."))
        if name in ("isnan", "isinf", "isfinite", "any", "all"):
            return "b"
        if name in ("arange", "argsort", "argmax", "argmin"):
            return "i"
        asked = [k.value for k in node.keywords if k.arg == "dtype"]
        if asked:
            return self.kind(asked[0])
        if name in ("zeros", "ones", "full", "array", "astype") and len(node.args) > (
            name in ("zeros", "ones", "array")
        ):
            return self.kind(node.args[-1])
        if name in ("array", "where", "maximum", "minimum", "concatenate", "stack"):
            return self.kind(ast.List(node.args[name == "where" :]))
        if name in ("sum", "prod", "cumsum", "cumprod"):
            return max(self.kind(node.func.value), "i", key=ORDER.index)  # type: ignore[attr-defined]
        if name in KEEPS:
            return self.kind(node.func.value if of_method else node.args[0])  # type: ignore[attr-defined]
        return "f"

    def ndim(self, node: ast.AST) -> int | None:
        """How many dimensions a value has, where that is known."""
        if isinstance(node, ast.List):
            return 1 + (self.ndim(node.elts[0]) or 0) if node.elts else 1
        return self.ndims.get(node.id) if isinstance(node, ast.Name) else None


def _imports_numpy(statement: ast.Import | ast.ImportFrom) -> bool:
    name = statement.module if isinstance(statement, ast.ImportFrom) else statement.names[0].name
    return name in ("numpy", "scipy")


def _expression(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


def _typed(node: ast.AST) -> str:
    """A node as code: without a tuple's parentheses where they may go, strings in double quotes."""
    code = ast.unparse(node)
    if isinstance(node, COMPOUND):
        code = code.rpartition("\n")[0]
    code = re.sub(r"^(\w+(?:, \w+)+) = \((.*)\)$", r"\1 = \2", code)
    return code if '"' in code else code.replace("'", '"')
