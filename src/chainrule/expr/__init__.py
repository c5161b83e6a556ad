"""Formulas: what forwards and rules say when symbols flow through them in place of numbers."""

from .expression import Expr as Expr
from .expression import evaluate as evaluate
from .expression import substitute as substitute
from .expression import walk as walk
from .formulas import forward_formula as forward_formula
from .formulas import jvp_formula as jvp_formula
from .formulas import symbols_for as symbols_for
from .formulas import vjp_formula as vjp_formula
from .latex import aligned as aligned
from .latex import latex as latex
from .mathml import mathml as mathml
from .numpy_source import Writer as Writer
from .simplify import simplify as simplify
from .text import formula as formula
from .text import text as text
