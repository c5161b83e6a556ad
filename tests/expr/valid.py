"""Whether a text is LaTeX that amsmath reads, or MathML Core."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

# ── LaTeX ───────────────────────────────────────────────────────────────────────────────────────

COMMANDS = """
    , odot neq leq geq land lor veebar lnot ll gg cdot times otimes leftarrow partial sum prod top ldots bmod infty
    lfloor rfloor lceil rceil lvert rvert lVert rVert exp log sin cos tan arcsin arccos arctan sinh cosh tanh max min
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""
ARGUMENTS = dict.fromkeys(COMMANDS.split(), 0)  # the commands we write, with how many arguments they take
ARGUMENTS |= dict.fromkeys(("sqrt", "operatorname", "mathrm", "mathit", "mathbf", "text", "mathrel"), 1) | {"frac": 2}
ESCAPES = "{}$&#_%"  # characters that a backslash makes plain
FENCES = {"(", ")", "[", "]", *(rf"\{side}{kind}" for side in "lr" for kind in ("floor", "ceil", "vert", "Vert"))}
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


class Latex:
    """Reads a formula by the grammar of TeX, as far as we use it, and raises AssertionError where it breaks."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = [t for t in TOKEN.findall(text) if not t.isspace()]
        self.at = 0

    def fail(self, why: str) -> None:
        raise AssertionError(f"{why} at token {self.at} of {self.text}")

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            self.fail(f"expected {expected or 'something'}, found {token or 'the end'}")
        self.at += 1
        return token

    def formula(self, ends: tuple[str, ...]) -> int:
        """Atoms with their scripts up to one of the ends; how many."""
        count = 0
        while self.peek() not in ends:
            self.atom()
            self.scripts()
            count += 1
        return count

    def scripts(self) -> None:
        seen = set()
        while self.peek() in ("_", "^"):
            kind = self.take()
            if kind in seen:
                self.fail(f"double {kind}")
            seen.add(kind)
            if self.peek() == "{":
                self.group()
            else:
                self.atom()

    def group(self) -> None:
        self.take("{")
        self.formula(("}",))
        self.take("}")

    def words(self) -> None:
        """The argument of \\text or \\operatorname: no mathematics in it."""
        self.take("{")
        while (token := self.take()) != "}":
            if token in tuple("$&#_^%~{"):
                self.fail(f"bare {token} in a text")
            if token in (r"\textbackslash", r"\textasciitilde", r"\textasciicircum"):
                self.take("{")
                self.take("}")
            elif token[0] == "\\" and token[1:] not in tuple(ESCAPES):
                self.fail(f"{token} in a text")

    def atom(self) -> None:
        if self.peek() == "{":
            return self.group()
        token = self.take()
        if token == r"\left":
            return self.paired()
        if token == r"\begin":
            return self.cases()
        if token[0] == "\\":
            name = token[1:]
            if name not in ARGUMENTS:
                self.fail(f"unknown command {token}")
            for _ in range(ARGUMENTS[name]):
                self.words() if name in ("text", "operatorname", "mathrm", "mathit") else self.group()
        elif token in tuple("}&#$%~") or not token.isascii():
            self.fail(f"bare {token}")
        return None

    def paired(self) -> None:
        for end in (r"\right", ""):
            if self.take() not in FENCES:
                self.fail("no fence after \\left or \\right")
            if end:
                self.formula((end,))
                self.take(end)

    def cases(self) -> None:
        for c in "{cases}":
            self.take(c)
        for end in ("&", "\\\\", "&", r"\end"):
            if not self.formula((end,)):
                self.fail("an empty cell")
            self.take(end)
        for c in "{cases}":
            self.take(c)


def check_latex(text: str) -> None:
    """Raise AssertionError for what LaTeX would not read."""
    assert text.strip() == text and text, repr(text)
    reader = Latex(text)
    reader.formula(("",))


# ── MathML ──────────────────────────────────────────────────────────────────────────────────────

CHILDREN = {"mfrac": 2, "msup": 2, "msub": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
LEAVES = {"mi", "mn", "mo", "mtext"}
ATTRIBUTES = {
    "math": {"display", "data-latex"}, "mi": {"mathvariant"}, "mo": {"form", "lspace", "rspace"}, "mspace": {"width"},
}  # fmt: skip


def check_mathml(text: str) -> None:
    """Raise AssertionError (or ParseError) for what is not MathML Core."""
    root = ElementTree.fromstring(text)
    assert root.tag == "math" and len(root) == 1
    for node in root.iter():
        assert node.attrib.keys() <= ATTRIBUTES.get(node.tag, set()), f"{node.tag}: {node.attrib}"
        if node.tag in LEAVES:
            assert not len(node) and node.text, f"{node.tag} without a text, or with parts: {text}"
            continue
        assert not (node.text or "").strip(), f"text in {node.tag}: {text}"
        if node.tag == "mspace":
            assert not len(node)
        else:
            assert node.tag in ("math", "mrow", "msqrt", *CHILDREN), f"{node.tag} is not MathML Core"
            assert len(node) == CHILDREN.get(node.tag, len(node)) and (len(node) or node.tag == "mrow"), (
                f"{node.tag}: {len(node)} parts"
            )
        assert not any((part.tail or "").strip() for part in node)
