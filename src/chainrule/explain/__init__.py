"""The backprop of a recorded graph: seen, derived, and written out.

The package is what `chainrule.explain` names, and it can be called: `chainrule.explain(loss)`.
"""

import sys as _sys
from types import ModuleType as _ModuleType

from .explanation import Explanation as Explanation
from .explanation import explain as explain


class _Explain(_ModuleType):
    """A module that is called as its function: importing a submodule puts the module where the function would be."""

    __call__ = staticmethod(explain)


_sys.modules[__name__].__class__ = _Explain
