"""What every face calls: a fit, a prediction, a score, a check, a trace, a look at a table, and none prints.

A job is made of what was asked, says on its way what a face may tell, and gives what it found as data. A face
is an object with two methods, `note` and `progress`; it renders errors in its own words.
"""

from chainrule.jobs.checking import CheckJob
from chainrule.jobs.fit import FitJob, FitOutcome
from chainrule.jobs.inspecting import InspectJob, InspectOutcome
from chainrule.jobs.job import Face, Job
from chainrule.jobs.precompiling import PrecompileJob, PrecompileOutcome
from chainrule.jobs.prediction import PredictionJob, PredictionOutcome
from chainrule.jobs.scoring import ScoreJob, ScoreOutcome
from chainrule.jobs.tracing import TraceJob, TraceOutcome

__all__ = [
    "CheckJob", "Face", "FitJob", "FitOutcome", "InspectJob", "InspectOutcome", "Job", "PrecompileJob",
    "PrecompileOutcome", "PredictionJob", "PredictionOutcome", "ScoreJob", "ScoreOutcome",
    "TraceJob", "TraceOutcome",
]  # fmt: skip
