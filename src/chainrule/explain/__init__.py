"""The backprop of a recorded graph: seen, derived, and written out."""

from .explanation import Explanation as Explanation
from .explanation import explain as explain
