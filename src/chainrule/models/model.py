"""A model: a network, and how a table becomes its inputs and its outputs become answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import InputError, argument, said, warn_of_table
from chainrule.models.displays.model import model_display
from chainrule.models.judging.scoring import gives_chances, score_of
from chainrule.models.rows import row_weights, with_value
from chainrule.network import Ensemble, as_sample_weight, as_samples, check_as_many, members_of
from chainrule.tables import Encoding, Report, Said, Table, as_table, predictions_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.models.judging.calibration import Calibration
    from chainrule.models.record import TrainingRecord
    from chainrule.network import Network
    from chainrule.scores import Score
    from chainrule.tables import Predictions
    from chainrule.training import TrainingState

__all__ = ["Model"]


@dataclass(frozen=True, repr=False)
class Model:
    """A network together with its encoding of tables, and the record of its training.

    Attributes
    ----------
    network : Network or Ensemble
    encoding : Encoding or None
        None for a network that was saved alone.
    training : TrainingRecord or None
        Of an ensemble, its settings and what the training of its first network added.
    state : TrainingState or None
        Where the training stands, in a checkpoint of one network.
    report : Report or None
        What became of the table that it was fitted to.
    calibration : Calibration or None
        What rows that it has not learnt from say of its answers: temperatures and intervals.
    members : tuple of Model
        Of an ensemble, a model for each of its networks, with its own record and, in a checkpoint, its
        state; none where there is one network. Encoding and report are the same for all.

    Examples
    --------
    >>> import chainrule, pyarrow
    >>> table = pyarrow.table({"x": [1.0, 2.0, 3.0, 4.0] * 5, "kind": ["a", "a", "b", "b"] * 5})
    >>> model = chainrule.fit(table, target="kind", epochs=50, seed=1).model
    >>> model.predict(pyarrow.table({"x": [1.0, 4.0]}))["kind"]
    array(['a', 'b'], dtype=object)
    >>> model.classes
    ('a', 'b')
    """

    network: Network | Any  # an Ensemble where there are members; most code has one network alone
    encoding: Encoding | None = None
    training: TrainingRecord | None = None
    state: TrainingState | None = None
    report: Report | None = None
    members: tuple[Model, ...] = ()
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        """Make the members agree with the network, the encoding and the report, which may be new."""
        networks = members_of(self.network) if isinstance(self.network, Ensemble) else ()
        given = self.members if isinstance(self.members, tuple) else ()
        are_its_own = tuple(getattr(one, "network", None) for one in given) == networks
        models = given if are_its_own else tuple(map(Model, networks))
        members = tuple(replace(one, encoding=self.encoding, report=self.report) for one in models)
        object.__setattr__(self, "members", members)

    def _repr_html_(self) -> str:
        return model_display(self)

    def __repr__(self) -> str:
        return f"Model({self.network!r})"

    @property
    def states(self) -> tuple[TrainingState, ...]:
        """Where the trainings stand, of all networks that have a state: of one alone, or of the members."""
        found = [one.state for one in self.members or (self,)]
        return tuple(state for state in found if state is not None)

    @property
    def table_encoding(self) -> Encoding:
        """The encoding; InputError where the model has none."""
        if self.encoding is None:
            raise InputError(
                "The model holds a network alone, without the encoding of a table.",
                parameter="model",
                given=self.network,
                needs="must be fitted to a table",
                advice="Call the network with arrays in Python, or fit a model from a table with "
                "`chainrule fit`.",
            )
        return self.encoding

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """The classes in their own type, in the order of outputs and probabilities; None for numbers.

        Of several targets a tuple of those of each.
        """
        return self.table_encoding.class_values

    def read(self, table: Any) -> Table:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        """Read a table as the one was read that the model has learnt; its targets may be missing."""
        return as_table(table, **self.table_encoding.how_read)

    def predict(
        self,
        table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        *,
        interval: float | None = None,
        strict: bool = False,
    ) -> Predictions:
        """Predict the targets of each row of a raw table; columns are found by name.

        What was guessed to read the table, and a cell that is not as learnt, is said in the predictions'
        `remarks`, and in a `TableWarning`.

        Parameters
        ----------
        table : path, data frame or Table
        interval : float, optional
            Share of rows whose number is to lie between the columns ``<target>_low`` and ``<target>_high``,
            by a model that was fitted with `calibrate`.
        strict : bool
            Whether such a cell is refused instead.

        Raises
        ------
        TableError
            A column is missing; or, where strict, a cell is not what the model has learnt.
        InputError
            There can be no such interval.

        Examples
        --------
        >>> import chainrule
        >>> table = "examples/penguins.csv"
        >>> result = chainrule.fit(table, target="body_mass_g", validation=0.3, calibrate=True, epochs=20)
        >>> result.model.predict(table, interval=0.9).names
        ('body_mass_g', 'body_mass_g_low', 'body_mass_g_high')
        """
        source = self.read(table)
        known = table.decisions if isinstance(table, Table) else ()
        news = [one for one in source.decisions if (one.is_guess or one.is_warning) and one not in known]
        predictions = self.predictions(source, interval=interval, strict=strict)
        remarks = (*(said(one.sentence) for one in news), *predictions.remarks)
        warn_of_table(remarks)
        return replace(predictions, remarks=remarks)

    def outputs(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Outputs of the network, with probabilities at the temperatures of the calibration."""
        outputs = self.network(X)
        return outputs if self.calibration is None else self.calibration.outputs(outputs, self.table_encoding)

    def predictions(
        self, table: Table, *, interval: float | None = None, strict: bool = False
    ) -> Predictions:
        """Predict the targets of each row of a table that was read."""
        encoding, heard = self.table_encoding, Said(is_strict=strict)
        if interval is not None and self.calibration is None:
            record, advice = self.training, f"Fit it with {argument('calibrate')}."
            if record is not None and record.recipe is not None:
                was_interrupted = record.stopped_by == "interrupt"
                advice = f"Fit it {'to the end' if was_interrupted else 'without calibrate=False'}."
            raise InputError(
                "The model was fitted without looking at how far off it is",
                parameter="interval",
                given=interval,
                needs="intervals need that",
                advice=advice,
            )
        outputs = self.outputs(encoding.encode_inputs(table, heard))
        ends = None
        if interval is not None and self.calibration is not None:
            ends = self.calibration.ends(outputs, encoding, interval, members_of(self.network)[0].loss)
        chances = gives_chances(self.network, encoding)
        remarks = [said(one.words) for one in heard.remarks()]
        return predictions_of(encoding, table, outputs, chances=chances, ends=ends, remarks=remarks)

    def score(self, table: Any) -> Score:  # noqa: ANN401 (a path, or any frame that speaks Arrow)
        """Compare predictions with the targets in the table, in the rows that have one.

        Rows count by their weights where the model was fitted with a column of weights, and the table has it.

        Returns
        -------
        ClassScore, or a tuple of NumberScore or of ClassScore, one for each target

        Raises
        ------
        TableError
            As for `predict`; no row has a target; or a weight is no number above 0.
        """
        encoding = self.table_encoding
        source = self.read(table)
        used, _ = with_value(source, encoding.has_target(source))
        weights = row_weights(used, encoding.rows) if encoding.rows.weights in used.names else None
        return self.score_arrays(encoding.encode_inputs(used), encoding.encode_targets(used), weights)

    def score_arrays(
        self,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        weights: npt.NDArray[Any] | None = None,
    ) -> Score:
        """Score on rows that are encoded already; of weights only the ratios count."""
        encoding, record = self.table_encoding, self.training
        X = as_samples(X, encoding.n_inputs, self.network.dtype, "X")
        Y = as_samples(Y, encoding.n_outputs, np.float64, "Y")
        check_as_many(X, Y)
        return score_of(
            encoding,
            Y,
            self.outputs(X),
            chances=gives_chances(self.network, encoding),
            majority=None if record is None else record.majority,
            weights=as_sample_weight(weights, len(X), np.float64, "weights"),
            seed=0 if record is None else record.seed,
        )
