"""Look inside and check: one step with all its numbers, and the gradients against independent estimates."""

from chainrule.inspection.check_result import GradientCheck, MethodCheck, WeightPlace
from chainrule.inspection.gradient_check import check_gradients
from chainrule.inspection.trace import Trace, trace

__all__ = ["GradientCheck", "MethodCheck", "Trace", "WeightPlace", "check_gradients", "trace"]
