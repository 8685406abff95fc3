"""A fit as a job: a table is read, a network trained and saved, with a checkpoint to go on from."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.disk import check_writable, named_after, write_file, written_somewhere
from chainrule.errors import (
    ChainruleError,
    DivergenceError,
    Faults,
    InputError,
    OutputError,
    TrainingWarning,
    argument,
)
from chainrule.files import content_of
from chainrule.given import path_given, truth
from chainrule.interrupts import put_off
from chainrule.jobs.checkpoint import Checkpoint
from chainrule.jobs.job import Face, Job, hearing, note_all, refuse_to_replace, same_file
from chainrule.models import (
    AskedOutputs,
    FitResult,
    Model,
    cost_in_words,
    fit_settings,
    prepare_again,
    settings_of_checkpoint,
    usable_rows,
)
from chainrule.models.dataset import HELD_OUT
from chainrule.models.defaults import default_settings
from chainrule.models.ensembles import check_calibration, fit_networks
from chainrule.models.fitting import in_folds
from chainrule.models.folds import calibration_by_folds, check_beside_folds, remarks_beside
from chainrule.models.learning import across_arithmetic, diverged_model, parted, start_network
from chainrule.models.recipe.asking import no_recipe_in_words
from chainrule.network import members_of
from chainrule.scores import score_to_json
from chainrule.settings import FitSettings, refuse_unknown_settings, settings_of
from chainrule.stored import plain
from chainrule.table_options import TableOptions, options_of, parted_options
from chainrule.tables import settle_roles
from chainrule.training import StoppedBy
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainrule.models import Calibration, CrossValidation, Dataset
    from chainrule.models.dataset import Usable
    from chainrule.tables import Table
    from chainrule.training import Progress, TrainingState

    States = TrainingState | tuple[TrainingState, ...] | None

__all__ = ["FitJob", "FitOutcome"]

SECONDS_BETWEEN_LOOKS = 0.1
FREE = ("epochs", "strict")  # what may be given with a checkpoint


@dataclass(frozen=True)
class FitOutcome:
    """What a fit leaves.

    Attributes
    ----------
    result : FitResult
    settings : FitSettings
        With the defaults filled in.
    path : Path
        The model file.
    checkpoint : Path or None
        Where an interrupted fit can go on from.
    no_recipe : str
        Which settings put a recipe aside where nobody asked for that; "" else.
    """

    result: FitResult
    settings: FitSettings
    path: Path
    checkpoint: Path | None
    no_recipe: str = ""

    @property
    def was_interrupted(self) -> bool:
        """Whether Ctrl-C or `cancel` ended the training."""
        return self.result.stopped_by is StoppedBy.INTERRUPT

    @property
    def n_watched(self) -> int:
        """How many of the training rows were only watched."""
        return len(parted(self.result.data, self.settings)[1])

    def summary(self) -> dict[str, Any]:
        """All that there is to tell, as plain data, the loss of every epoch included."""
        result, settings = self.result, self.settings
        data, history = result.data, result.history
        learnt, watched = parted(data, settings)
        validated = result.cross_validation
        hurried = self.was_interrupted  # then there is no time for linear models
        return {
            "table": data.table.title,
            "rows": data.table.n_rows,
            "report": plain(data.report),
            "training_rows": len(data.training_rows),
            "watched_rows": len(watched),
            "held_out_rows": len(data.held_out_rows),
            "inputs": [column.name for column in data.encoding.inputs],
            "targets": list(data.encoding.target_names),
            "classes": list(data.encoding.classes) if data.encoding.classes else None,
            "remarks": list(data.remarks),
            "network": repr(result.model.network),
            "sizes": list(members_of(result.model.network)[0].sizes),
            "hidden": list(settings.hidden),
            "activation": settings.activation,
            "output": settings.output,
            "start": settings.start,
            "recipe": settings.recipe,
            "effort": settings.effort,
            "choice": [list(one) for one in _choice(result)],
            **settings.to_json(),
            "batch_size": settings.for_rows(len(learnt)).batch_size,
            "validation": settings.validation,
            "folds": settings.folds,
            "ensemble": settings.ensemble,
            "ensemble_by": settings.ensemble_by,
            "members": [_member(one) for one in result.members],
            "dtype": settings.dtype,
            "engine": settings.engine,
            "arithmetic": list(history.arithmetic),
            "stopped_by": str(result.stopped_by),
            "epochs_run": len(history.epochs),
            "loss_before": history.loss_before,
            "loss": history.loss_after,
            "best_epoch": result.training.best_epoch,
            "loss_of_epochs": list(history.loss),
            "validation_loss_of_epochs": list(history.validation_loss),
            "diagnosis": [vars(one) for one in result.diagnosis],
            "calibration": None if result.model.calibration is None else plain(result.model.calibration),
            "seconds": sum(history.seconds),
            "training_score": score_to_json(result.training_score, intervals=False),
            "held_out_score": score_to_json(result.held_out_score),
            "held_out_scores_of_members": [
                score_to_json(one, intervals=False) for one in result.scores_of_members
            ],
            "cross_validation": None if validated is None else validated.to_json(compared=not hurried),
            "linear_score": None if hurried else score_to_json(result.linear_score, intervals=False),
            "gain": None if hurried or result.gain is None else result.gain.to_json(),
            "model": str(self.path),
        }


def _choice(result: FitResult) -> tuple[tuple[str, float, float], ...]:
    """Candidates of a recipe: the name, the share and the error of each."""
    record = result.model.training
    return () if record is None else record.choice


def _member(one: FitResult) -> dict[str, Any]:
    """What is told of one network of an ensemble."""
    record, history = one.model.training, one.history
    return {
        "seed": None if record is None else record.seed,
        "epochs_run": len(history.epochs),
        "stopped_by": str(one.training.stopped_by),
        "best_epoch": one.training.best_epoch,
        "loss": history.loss_after,
        "loss_of_epochs": list(history.loss),
        "validation_loss_of_epochs": list(history.validation_loss),
    }


class FitJob(Job):
    """Fit a network to a table and save it, with a checkpoint every minute and where it is interrupted.

    Parameters
    ----------
    table : path, data frame or Table
    target : str, int or sequence of them, optional
        Column to learn, as for `chainrule.fit`; one name may stand for several that are separated by commas.
    out : path, optional
        Model file; the table's name with .safetensors where not given.
    overwrite : bool
        Whether a file that stands there may be replaced.
    resume : path, optional
        Checkpoint to go on from: it settles everything but `epochs`.
    **given
        What is said of the table, and settings, as for `chainrule.fit`; None stands for what is not given.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "iris.st")
    ...     job = FitJob("examples/iris.csv", target=["species"], epochs=5, out=path)
    ...     outcome = job.run()
    ...     outcome.path.name, outcome.summary()["epochs_run"]
    ('iris.st', 5)
    """

    def __init__(
        self,
        table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        *,
        target: str | int | Sequence[str] | None = None,
        out: str | Path | None = None,
        overwrite: bool = False,
        resume: str | Path | None = None,
        **given: Any,  # noqa: ANN401 (what is said of the table, and settings)
    ) -> None:
        super().__init__()
        self.faults = Faults()  # what a face has found wrong already is said with the rest
        self.table, self.overwrite = table, truth(overwrite, "overwrite")
        self.resume = None if resume is None else path_given(resume, "resume")
        self.target = target
        self.calibration: Calibration | None = None
        self.options, self.given = parted_options(given)
        stem = Path(table).stem if isinstance(table, (str, Path)) else ""
        self.path = Path(f"{stem or 'model'}.safetensors") if out is None else path_given(out, "out")

    def run(self, face: Face | None = None) -> FitOutcome:
        """Read, train, save.

        Raises
        ------
        InputError, OutputError
            Something that was asked does not fit, or cannot be written.
        DivergenceError
            Training left the finite numbers; the last finite network is kept in a file that the error names,
            unless that was in a fold.
        KeyboardInterrupt
            Ctrl-C or `cancel` came before the network that is kept was trained, as in a fold.
        """
        face = hearing(face)
        data, settings, state, usable = (self._anew if self.resume is None else self._again)(face)
        content_of(Model(start_network(data, settings), data.encoding))  # refused now rather than at the end
        if settings.recipe is not None:
            face.note(cost_in_words(data, settings))
        states = state if isinstance(state, tuple) else ()
        kept = Checkpoint(data, settings, self.path, resumed=self.resume, face=face, states=states)

        def look(training: Progress) -> None:
            self.look()
            face.progress(training)
            kept(training)

        strict = truth(self.options.get("strict") or False, "strict")
        if words := across_arithmetic(data, settings, state, strict=strict):
            face.note(words)
        if settings.folds is not None and usable is not None:
            check_calibration(data, settings, has_rows=True)
        self.look()
        validated = self._validated(usable, data, settings, face)
        if validated is not None and settings.calibrate and settings.recipe is None:
            self.calibration = calibration_by_folds(validated, data.encoding)
        kept.calibration = self.calibration
        with put_off():  # but in the epochs
            try:
                result = self._trained(data, settings, state, look, kept.took)
            except DivergenceError as error:
                error.advise(kept.stands().lstrip())
                raise
            checkpoint = kept.keep(result)
            self._save(content_of(result.model), kept)
            if result.stopped_by is not StoppedBy.INTERRUPT:
                kept.remove()
        result = replace(result, cross_validation=validated)
        no_recipe = no_recipe_in_words(self.given) if self.resume is None else ""
        return FitOutcome(result, settings, self.path, checkpoint, no_recipe)

    def _save(self, content: bytes, kept: Checkpoint) -> None:
        """Write the model; where it cannot be written where it should, it is kept somewhere else."""
        try:
            write_file(self.path, content, overwrite=self.overwrite)
        except OutputError as error:
            error.advise(_kept(written_somewhere(content, self.path)) + kept.stands())
            raise
        except KeyboardInterrupt:  # nobody reads the pipe
            raise KeyboardInterrupt(_kept(written_somewhere(content, self.path)) + kept.stands()) from None

    def _validated(
        self, usable: Usable | None, data: Dataset, settings: FitSettings, face: Face
    ) -> CrossValidation | None:
        """Judge the folds that were asked for; a training that goes on has done so when it began."""
        if settings.folds is None:
            return None
        if usable is None:
            face.note("The folds were judged when this training began, and are not repeated.")
            return None

        def look(training: Progress) -> None:
            self.look()
            face.progress(training)

        try:
            validated = in_folds(
                usable,
                settings.folds,
                data.seed,
                {**self.given, "calibrate": None} if settings.recipe is None else self.given,
                on_time=look,
                every_seconds=SECONDS_BETWEEN_LOOKS,
            )
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(f"{stop} Nothing was saved.") from None
        note_all(face, remarks_beside(data.decisions, validated))
        return validated

    def _anew(self, face: Face) -> tuple[Dataset, FitSettings, States, Usable | None]:
        """Table and settings of a training from the beginning."""
        faults = self.faults
        if self.target is None:
            faults.found.append(
                InputError(
                    f"{argument('target')} is missing.",
                    parameter="target",
                    needs="must be a column to learn",
                    advice=f"Give the column to learn, as in {argument('target', 'species')}; "
                    "chainrule inspect lists all columns.",
                )
            )
        self._check_given()
        options = TableOptions()
        with faults:
            options = TableOptions(**self.options)
        source = self._read(face, **options.of_file)
        with faults:
            roles = settle_roles(source, self.target, options, need_target=self.target is not None)
        faults.refuse()
        given = dict(self.given)
        seed, usual = given.pop("seed", 0), 0.0 if "folds" in given else HELD_OUT
        share = given.pop("held_out", usual)
        usable = usable_rows(source, roles, strict=options.strict, outputs=AskedOutputs.of(given))
        data = usable.encode(usable.part(held_out=share, seed=seed), held_out=share, seed=seed)
        settings = fit_settings(data, **given)
        notes = [
            one.sentence
            for one in data.decisions[len(source.decisions) :]
            if one.is_warning or (one.column in roles.targets and one.advice)
        ]
        note_all(face, notes)
        return data, settings, None, usable

    def _again(self, face: Face) -> tuple[Dataset, FitSettings, States, Usable | None]:
        """Table and settings of a training that goes on: the checkpoint settles everything but its end."""
        self._check_given()
        asked = ["target"] * (self.target is not None) + [*self.options, *self.given]
        for name in asked:
            with self.faults:
                if name in FREE:
                    continue
                raise InputError(
                    f"{argument(name)} was given with {argument('resume')}, which settles it.",
                    parameter=name,
                    given={"target": self.target, **self.options, **self.given}[name],
                    needs=f"must not be given with {argument('resume')}",
                    advice=f"Leave it out; only {argument('epochs')} may change.",
                )
        model: Model | None = None
        with self.faults:
            model = self.load(str(self.resume), "resume")
            if not model.states or model.training is None:
                raise InputError(
                    f"{printable(str(self.resume))} is no checkpoint of `chainrule fit`, so that there is "
                    "nothing to go on from.",
                    parameter="resume",
                    given=self.resume,
                    needs="must be a checkpoint",
                    advice="Give the one that it keeps while it trains and when it is interrupted.",
                )
        source = self._read(face, layout=model.encoding.layout if model and model.encoding else None)
        self.faults.refuse()
        assert model is not None  # noqa: S101 (else it is among the faults)
        settings = settings_of_checkpoint(model, epochs=self.given.get("epochs"))
        self.calibration = model.calibration
        states = model.states if settings.ensemble else model.states[0]
        return prepare_again(source, model), settings, states, None

    def _check_given(self) -> None:
        """Look at all that can be judged before the table is read."""
        given = {name: value for name, value in self.given.items() if name != "defaults"}
        with self.faults:
            default_settings(self.given.get("defaults", "modern"), 1, classes=True)
        with self.faults:
            others = ("target", "out", "overwrite", "resume", "defaults", *(one.name for one in options_of()))
            refuse_unknown_settings(given, FitSettings, others)
        for one in settings_of(FitSettings):
            if one.name in given:
                with self.faults:
                    one.check(given[one.name], one.name)
        if "folds" in given:
            with self.faults:
                check_beside_folds(given.get("held_out"), self.options.get("split"))

    def _read(self, face: Face, **how: Any) -> Table:  # noqa: ANN401 (as `read_table` takes them)
        """Table, with what its reader should know said, and the place of the model looked at."""
        with self.faults:
            refuse_to_replace(self.path, self.resume, "checkpoint")
            if not same_file(self.path, self.table):
                check_writable(self.path, overwrite=self.overwrite)
        try:
            source = self.read(self.table, face, **how)
        except ChainruleError as error:
            raise self.faults.together(error) from error.__cause__
        with self.faults:
            refuse_to_replace(self.path, self.table, "table")
        return source

    def _trained(
        self,
        data: Dataset,
        settings: FitSettings,
        state: States,
        look: Callable[[Progress], None],
        took: Callable[[TrainingState], None],
    ) -> FitResult:
        """Train; the last finite network of a training that diverges is kept beside the asked-for name."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", TrainingWarning)  # they are in the result
                return fit_networks(
                    data,
                    settings,
                    on_time=look,
                    every_seconds=SECONDS_BETWEEN_LOOKS,
                    resume=state,
                    on_member=took,
                    calibration=self.calibration,
                )
        except InputError as error:
            if self.resume is None or error.parameter != "resume":
                raise
            raise InputError(
                f"{data.table.title} is not the table whose training {printable(str(self.resume))} holds.",
                parameter="resume",
                given=self.resume,
                needs="must be a checkpoint of the same table",
                advice=f"Give the table as it was, or leave {argument('resume')} out to start anew.",
            ) from error
        except DivergenceError as error:
            content = content_of(diverged_model(data, settings, error))
            kept = written_somewhere(content, named_after(self.path, ".diverged"))
            error.advise(_kept(kept, f"The last finite network, after {error.epoch - 1} epochs,"))
            raise


def _kept(path: Path | None, what: str = "The trained network") -> str:
    """Where a network is that could not be written where it should."""
    return f"{what} is lost." if path is None else f"{what} is kept in {printable(str(path))}."
