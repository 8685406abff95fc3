"""Look inside and check: one step with all its numbers, and the gradients against independent estimates."""

from chainrule.inspection.check_result import (
    CheckRow,
    CheckSummary,
    GradientCheck,
    MethodCheck,
    WeightPlace,
    check_lines,
    summary_of_check,
)
from chainrule.inspection.formulas import name_of_number
from chainrule.inspection.gradient_check import check_gradients
from chainrule.inspection.lines import equation_lines, fitting
from chainrule.inspection.trace import ForwardTrace, Trace, trace, trace_forward
from chainrule.inspection.worked_example import checked_limits, written

__all__ = [
    "CheckRow", "CheckSummary", "ForwardTrace", "GradientCheck", "MethodCheck", "Trace", "WeightPlace",
    "check_gradients", "check_lines", "checked_limits", "equation_lines", "fitting", "name_of_number",
    "summary_of_check", "trace", "trace_forward", "written",
]  # fmt: skip
