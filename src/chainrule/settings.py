"""What is asked of a training and of a fit: each setting is defined once, where everything about it stands.

A setting's definition has its default, its range, its meaning and its unit. The options of the command line
and their help, the checks, the docstrings of `train` and `fit` and the reference page are made from it, and a
model file's record keeps it. Charter: no NumPy, so that the command line's help comes at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from chainrule.equations import (
    ACTIVATIONS,
    CRITERIA,
    ENGINES,
    LOSSES,
    RULES,
    SCHEDULES,
    STARTS,
    Patience,
    name_of,
)
from chainrule.errors import InputError, UnknownNameError, argument
from chainrule.given import (
    check_seed,
    not_negative_number,
    own_number,
    positive_number,
    share_below_1,
    truth,
    whole_number_from_1,
    whole_number_from_2,
)
from chainrule.words import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from chainrule.equations import Kind

    Check = Callable[[Any, str], Any]

F = TypeVar("F")

__all__ = [
    "BALANCED", "NETWORK", "ROWS", "TRAINING", "FitSettings", "Setting", "Settings", "called_otherwise",
    "documented", "plain", "refuse_unknown_settings", "settings_of",
]  # fmt: skip

BALANCED = "balanced"
# What others call arguments that are no settings.
OTHERS_CALLED = {
    "callback": "on_epoch", "callbacks": "on_epoch", "checkpoint": "resume", "warm_start": "resume",
}  # fmt: skip
DTYPES = ("float64", "float32")
# What an option shows that it takes, and what that is in Python.
TYPES = {
    "NUMBER": "float",
    "SHARE": "float",
    "N": "int",
    "NAME": "str or object",
    "UNITS": "int or sequence of int",
    "WEIGHTS": "str or dict",
    "": "bool",
}
NETWORK, TRAINING, ROWS = "Network", "Training", "Rows"  # what a setting is about


@dataclass(frozen=True)
class Setting:
    """Definition of one setting.

    Attributes
    ----------
    name : str
    default : object
        MISSING where one must be given; None where nothing, or what suits the others, is taken.
    meaning : str
        One or more sentences, in plain text.
    check : callable of value and name
        Gives the value as it is kept, or raises InputError.
    takes : str
        What it takes, as an option shows it: "NUMBER", "SHARE", "N", "NAME" or a word of its own; "" for one
        that is switched off.
    values : str
        Its range in words.
    unit : str
    about : str
        Heading that it stands under.
    is_free : bool
        Whether a training that goes on may have another one.
    is_recorded : bool
        Whether it is kept in a model file's record.
    since : int
        First format of model files that has it; in an older file it may be missing, and is the default then.
    varies : bool
        Whether a fit's default depends on the table.
    switch : str
        What switching it off does, where that is all that there is to say.
    also_called, resembles : tuple of str, mapping of str to str
        Names that others give to it; and to something like it, with a sentence on the difference. They are
        for messages alone, as those of a kind are.

    Examples
    --------
    >>> {one.name: one.default for one in settings_of(Settings)}["l2"]
    0.0
    """

    name: str
    default: Any
    meaning: str
    check: Check
    takes: str
    values: str
    unit: str = ""
    about: str = TRAINING
    is_free: bool = False
    is_recorded: bool = True
    since: int = 5
    varies: bool = False
    switch: str = ""
    also_called: tuple[str, ...] = ()
    resembles: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What it means, and its range and unit, in sentences."""
        unit = f", in {self.unit}" if self.unit else ""
        return f"{self.meaning} Takes {self.values}{unit}." if self.values else self.meaning

    @property
    def option(self) -> str:
        """What it is called on the command line."""
        return f"--{'no-' if not self.takes else ''}{self.name.replace('_', '-')}"


def documented(record: type[Settings], *, but: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Write the definitions of a record's settings into a docstring, in the place of ``{settings}``."""

    def with_settings(function: F) -> F:
        entries = [_entry(one) for one in settings_of(record) if one.name not in but]
        function.__doc__ = (function.__doc__ or "").replace("    {settings}\n", "".join(entries))
        return function

    return with_settings


def _entry(one: Setting) -> str:
    """A setting as numpydoc has it."""
    is_optional = one.default is None or one.varies
    ends = ", optional" if is_optional and one.default is not MISSING else ""
    lines = fill(one.text, 110, initial_indent=" " * 8, subsequent_indent=" " * 8, break_on_hyphens=False)
    return f"    {one.name} : {TYPES[one.takes]}{ends}\n{lines}\n"


def refuse_unknown_settings(
    given: Mapping[str, object], record: type[Settings], others: Iterable[str] = ()
) -> None:
    """Raise UnknownNameError for a name that is no setting of this record; others may have been meant."""
    known = [one.name for one in settings_of(record)]
    there_are = list(dict.fromkeys([*known, *others]))
    called = {other: (name, "") for other, name in OTHERS_CALLED.items() if name in there_are}
    for name in given:
        if name not in known:
            raise UnknownNameError("setting", name, there_are, name, called | called_otherwise(record))


def called_otherwise(record: type[Settings]) -> dict[str, tuple[str, str]]:
    """Names that others give to the settings of a record: its own name, and what differs or nothing.

    Examples
    --------
    >>> called_otherwise(Settings)["learning_rate"]
    ('rate', '')
    """
    found: dict[str, tuple[str, str]] = {}
    for one in settings_of(record):
        found |= dict.fromkeys(one.also_called, (one.name, ""))
        found |= {other: (one.name, differs) for other, differs in one.resembles.items()}
    return found


def settings_of(record: type[Settings]) -> Iterator[Setting]:
    """Definitions of a record's settings, in their order."""
    for one in fields(record):
        if "setting" in one.metadata:
            yield replace(one.metadata["setting"], name=one.name)


class _Values(NamedTuple):
    """What a setting may be: how that is checked, and how it is said."""

    check: Check
    takes: str
    words: str


def _setting(meaning: str, values: _Values, default: Any = None, **more: Any) -> Any:  # noqa: ANN401 (what dataclasses take for a field)
    definition = Setting("", default, meaning, values.check, values.takes, values.words, **more)
    return field(default=default, metadata={"setting": definition})


def _positive(example: str) -> _Values:
    return _Values(lambda value, name: positive_number(value, name, example), "NUMBER", "a number above 0")


def _not_negative(example: str) -> _Values:
    return _Values(
        lambda value, name: not_negative_number(value, name, example), "NUMBER", "a number of at least 0"
    )


def _share(example: str) -> _Values:
    return _Values(
        lambda value, name: share_below_1(value, name, example), "SHARE", "a share of at least 0 and below 1"
    )


_WHOLE = _Values(whole_number_from_1, "N", "a whole number of at least 1")
_WHOLE_OR_NONE = _Values(
    lambda value, name: None if own_number(value) == 0 else whole_number_from_1(value, name),
    "N",
    "a whole number of at least 0",
)


def _named(kind: Kind[Any], names: str = "") -> _Values:
    """Name of a kind, or an object of it, kept as the object."""
    return _Values(kind.made_of, "NAME", names or ", ".join(kind))


def _mixes(name: str) -> bool:
    """Whether an activation belongs to the outputs alone."""
    return bool(ACTIVATIONS.fact(ACTIVATIONS[name], "mixes_units"))


def _metric(value: Any, name: str) -> Any:  # noqa: ANN401 (a name or a function)
    from chainrule.scores import metric_named  # noqa: PLC0415 (NumPy takes its time to load)

    metric_named(value, name)
    return value


def _kept_as_given(kind: Kind[Any], names: str = "") -> _Values:
    """The same, of which the text, or the object, is kept as it was given."""

    def checked(value: Any, name: str) -> Any:  # noqa: ANN401 (text or object)
        kind.made_of(value, name)
        return value

    return _Values(checked, "NAME", names or ", ".join(kind))


def _engine(value: object, name: str) -> object:
    """Name of an engine; where none is entered yet, the training looks."""
    if ENGINES or not isinstance(value, str):
        ENGINES.named(value if isinstance(value, str) else quoted(value), name)
    return value


def _dtype(value: object, name: str) -> str:
    """Type of every number in a network."""
    name_given = getattr(value, "name", getattr(value, "__name__", value))  # of NumPy's dtypes and types
    text = name_given if isinstance(name_given, str) else ""
    if text not in DTYPES:
        raise InputError(
            parameter=name,
            given=value,
            needs=f"must be {' or '.join(map(repr, DTYPES))}",
            advice=f"Try {argument(name, DTYPES[0])}.",
        )
    return text


def _layers(value: object, name: str) -> tuple[int, ...]:
    """Units of each hidden layer."""
    units = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(whole_number_from_1(n, name) for n in units)


def _class_weight(value: object, parameter: str) -> str | Mapping[Any, float]:
    """Weights of classes, which the table must know."""
    if isinstance(value, str) and value == BALANCED:
        return value
    if not isinstance(value, Mapping):
        raise InputError(
            parameter=parameter,
            given=value,
            needs="must be 'balanced' or a weight for each class",
            advice=f"Try {argument(parameter, BALANCED)}.",
        )
    kept = {name: own_number(weight) for name, weight in value.items()}
    for name, weight in value.items():
        if not 0 < kept[name] < float("inf"):
            raise InputError(
                f"{argument(parameter)} of {quoted(name)} is {quoted(weight)}",
                parameter=parameter,
                given=weight,
                needs="must be a finite number above 0",
                advice="Try 1.",
            )
    return kept


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to train, checked once, when it is made; it then goes whole to the engine and into the model.

    Examples
    --------
    >>> Settings(rate=-1.0, epochs=1)
    Traceback (most recent call last):
    chainrule.errors.InputError: rate is -1.0 but must be a finite number above 0. Try 0.1.
    >>> Settings(rate=0.1, epochs=1, rule="momentum:0.8").rule
    Momentum(momentum=0.8)
    """

    rule: Any = _setting(
        "Update rule; numbers after a colon are its parameters, as in momentum:0.8. irprop_minus, lbfgs and "
        "levenberg_marquardt need all rows at once.",
        _named(RULES),
        default="descent",
        varies=True,
        since=2,
        also_called=("optimizer", "optimiser", "solver", "update_rule"),
        resembles={
            name: f"{what} is a number of the rule: {argument('rule', example)}."
            for name, what, example in (
                ("momentum", "The momentum", "momentum:0.9"),
                ("nesterovs_momentum", "The momentum", "nesterov:0.9"),
                ("betas", "Each beta", "adam:0.9:0.999"),
                ("beta_1", "Each beta", "adam:0.9:0.999"),
                ("beta_2", "Each beta", "adam:0.9:0.999"),
            )
        },
    )
    rate: float | None = _setting(
        "Learning rate. It multiplies the gradient of a batch's mean loss, and so means the same at every "
        "batch size. lbfgs and levenberg_marquardt take none.",
        _positive("0.1"),
        since=1,
        varies=True,
        also_called=("learning_rate", "learning_rate_init", "lr", "eta", "step_size"),
    )
    schedule: Any = _setting(
        "How the rate changes from epoch to epoch, as in step:30:0.1 or warm_up:5,cosine.",
        _named(SCHEDULES),
        default="constant",
        since=2,
        also_called=("scheduler", "lr_scheduler", "learning_rate_schedule", "lr_schedule"),
    )
    epochs: int = _setting(
        "Passes over the training rows, at most; one that goes on counts those before.",
        _WHOLE,
        default=MISSING,
        unit="epochs",
        is_free=True,
        since=1,
        varies=True,
        also_called=(
            "max_iter",
            "n_epochs",
            "num_epochs",
            "max_epochs",
            "nb_epoch",
            "n_iter",
            "iterations",
            "num_iterations",
        ),
    )
    batch_size: int | None = _setting(
        "Rows an update; the last batch of an epoch takes what is left. Where `train` is given none, 1, the "
        "notes' update after every row; for rules that need them, all.",
        _WHOLE,
        unit="rows",
        since=1,
        varies=True,
        also_called=("batch", "minibatch", "minibatch_size", "mini_batch_size"),
    )
    shuffle: bool = _setting(
        "Take the rows in a new random order in each epoch.",
        _Values(truth, "", ""),
        default=True,
        since=1,
        switch="Take the rows in the order of the table in every epoch.",
    )
    clip_norm: float | None = _setting(
        "Norm that the gradient of the whole network is shortened to where it is longer.",
        _positive("1"),
        since=2,
        also_called=("max_norm", "max_grad_norm", "grad_clip", "gradient_clip", "gradient_clipping", "clip"),
        resembles=dict.fromkeys(
            ("clipvalue", "clip_value"), "It shortens the whole gradient, and cuts no number of it by itself."
        ),
    )
    l1: float = _setting(
        "Penalty on the sizes of the weights, added to the mean loss; bias weights are spared, and the "
        "losses of the history are without it.",
        _not_negative("0.0001"),
        default=0.0,
        since=2,
        also_called=("l1_penalty", "l1_regularization", "lasso"),
    )
    l2: float = _setting(
        "Penalty on half the squares of the weights, likewise.",
        _not_negative("0.0001"),
        default=0.0,
        varies=True,
        since=2,
        also_called=("alpha", "l2_penalty", "l2_regularization", "ridge", "penalty", "regularization"),
        resembles={
            "weight_decay": f"The decay of AdamW is a number of the rule: {argument('rule', 'adamw:0.01')}."
        },
    )
    dropout: float = _setting(
        "Share of the hidden units that drop out of each step.",
        _share("0.2"),
        default=0.0,
        since=2,
        also_called=("dropout_rate", "dropout_prob", "drop_rate"),
    )
    patience: int | None = _setting(
        "Stop after so many epochs without a new best, and keep the best network; 0 for never.",
        _WHOLE_OR_NONE,
        unit="epochs",
        is_free=True,
        varies=True,
        since=2,
        also_called=("n_iter_no_change", "early_stopping_rounds", "patience_epochs"),
        resembles={"early_stopping": "It is the number of epochs without a new best."},
    )
    metric: Any = _setting(
        "What patience, stopping and the schedule plateau watch, of the validation rows where there are any: "
        "the loss, the smaller the better, or a metric, the larger the better. A function of your own, of "
        "targets and outputs, knows no weights of samples.",
        _Values(_metric, "NAME", "loss, accuracy, r2"),
        default="loss",
        since=2,
        also_called=("metrics", "scoring", "eval_metric", "monitor", "score"),
    )
    stopping: Any = _setting(
        "A criterion such as generalization_loss:5 or progress_quotient:0.5:5, which need rows that are "
        "watched; the best network is kept.",
        _named(CRITERIA),
        is_free=True,
        since=2,
        also_called=("stopping_criterion",),
    )
    loss_goal: float | None = _setting(
        "Stop after the first epoch whose rows had a mean loss of at most this, each as it was when its turn "
        "came.",
        _positive("0.01"),
        is_free=True,
        since=1,
        also_called=("goal", "target_loss", "error_goal", "desired_error"),
        resembles={"tol": "It is a loss to reach, and no change of one."},
    )
    threads: int | None = _setting(
        "Threads for the batches of the compiled engine; as many as pay off where not given. Their number "
        "changes no bit of the result.",
        _WHOLE,
        is_free=True,
        is_recorded=False,
        since=2,
        also_called=("n_jobs", "n_threads", "num_threads", "workers", "num_workers", "nthread"),
    )
    seed: int = _setting(
        "Settles everything that is random: the same seed gives the same bits.",
        _Values(lambda value, _name: check_seed(value), "N", "a whole number from 0"),
        default=0,
        about=ROWS,
        since=1,
        also_called=("random_state", "random_seed", "rng"),
    )

    def __post_init__(self) -> None:
        for one in settings_of(type(self)):
            value = getattr(self, one.name)
            if value is not None or one.default is not None:
                object.__setattr__(self, one.name, one.check(value, one.name))
        self._check_together()

    def _check_together(self) -> None:
        """Refuse settings that do not go together."""
        rule = name_of(self.rule)
        if RULES.fact(self.rule, "takes_rate"):
            if self.rate is None:
                usual = RULES.fact(self.rule, "usual_rate")
                raise InputError(
                    f"There is no {argument('rate')}",
                    parameter="rate",
                    needs=f"the update rule {rule} needs one",
                    advice=f"Try {argument('rate', usual)}.",
                )
        else:
            for name in ("rate", "clip_norm"):
                value = getattr(self, name)
                if value is not None:
                    self._refuse(name, f"the update rule {rule} finds its own steps")
            if self.dropout:
                needs = f"the update rule {rule} needs the same loss twice for the same weights"
                self._refuse("dropout", needs, f", or take {argument('rule', 'adam')}")
        if RULES.fact(self.rule, "takes_all_rows") and name_of(self.schedule) != "constant":
            what = f"The schedule is {name_of(self.schedule)}"
            self._refuse("schedule", f"the update rule {rule} finds its own steps", what=what)

    def _refuse(self, name: str, needs: str, otherwise: str = "", what: str = "") -> NoReturn:
        """Refuse a setting that does not go with the others."""
        given = plain(getattr(self, name))
        raise InputError(
            what or f"{argument(name)} is {quoted(given).removesuffix('.0')}",
            parameter=name,
            given=given,
            needs=needs,
            advice=f"Leave {argument(name)} out{otherwise}.",
        )

    @property
    def criteria(self) -> tuple[Any, ...]:
        """Everything that may stop the training for the sake of the watched value."""
        patience = () if self.patience is None else (Patience(self.patience),)
        return patience if self.stopping is None else (*patience, self.stopping)

    def for_rows(self, n_rows: int) -> Settings:
        """Settings with the batch size filled in: all rows where the rule needs them, else 1.

        Raises
        ------
        InputError
            The batch size does not suit the rule.
        """
        size = self.batch_size
        if RULES.fact(self.rule, "takes_all_rows"):
            if size is not None and size < n_rows:
                rule = name_of(self.rule)
                self._refuse("batch_size", f"the update rule {rule} needs all {n_rows} rows in one batch")
            size = n_rows
        return replace(self, batch_size=1 if size is None else min(size, n_rows))

    def to_json(self) -> dict[str, Any]:
        """Every setting of a training as plain data: objects by the text that stands for them.

        Examples
        --------
        >>> Settings(rate=0.1, epochs=5, rule="adam").to_json()["rule"]
        'adam'
        """
        return {one.name: plain(getattr(self, one.name)) for one in settings_of(Settings)}


@dataclass(frozen=True, kw_only=True)
class FitSettings(Settings):
    """How to fit a network to a table: the network, the rows and the training.

    Examples
    --------
    >>> settings = FitSettings(hidden=8, rate=0.5, epochs=100)
    >>> settings.hidden, settings.activation
    ((8,), 'logistic')
    """

    hidden: tuple[int, ...] = _setting(
        "Units of each hidden layer: 8, or 16,8, or none.",
        _Values(_layers, "UNITS", "whole numbers of at least 1"),
        default=(),
        unit="units",
        about=NETWORK,
        is_recorded=False,
        varies=True,
        also_called=(
            "hidden_layer_sizes",
            "hidden_layers",
            "hidden_units",
            "hidden_sizes",
            "n_hidden",
            "layers",
            "layer_sizes",
            "units",
            "neurons",
        ),
    )
    activation: Any = _setting(
        "Activation of the hidden layers, as in leaky_relu:0.1.",
        _kept_as_given(ACTIVATIONS, ", ".join(g for g in ACTIVATIONS if not _mixes(g))),
        default="logistic",
        about=NETWORK,
        is_recorded=False,
        varies=True,
        also_called=("activation_function", "hidden_activation", "nonlinearity", "transfer_function"),
    )
    output: Any = _setting(
        "Output activation.",
        _kept_as_given(ACTIVATIONS),
        default="logistic",
        about=NETWORK,
        is_recorded=False,
        varies=True,
        also_called=("output_activation", "out_activation", "final_activation", "last_activation"),
    )
    loss: Any = _setting(
        "Loss, as in huber:1.5.",
        _kept_as_given(LOSSES),
        default="rss",
        about=NETWORK,
        is_recorded=False,
        varies=True,
        also_called=("loss_function", "loss_fn", "criterion", "objective", "cost", "cost_function"),
    )
    start: Any = _setting(
        "Formula of the first weights, as in uniform:0.3.",
        _kept_as_given(STARTS),
        default="glorot_uniform",
        about=NETWORK,
        since=1,
        varies=True,
        also_called=("init", "initializer", "kernel_initializer", "weight_init", "initialization"),
    )
    dtype: str = _setting(
        "Type of every number in the network: float32 takes half the memory, and less time.",
        _Values(_dtype, "NAME", " or ".join(DTYPES)),
        default=DTYPES[0],
        about=NETWORK,
        is_recorded=False,
        also_called=("precision", "data_type", "float_type"),
    )
    engine: str = _setting(
        "What runs the epochs: compiled kernels, the same bits on every machine; or reference, the equations "
        "themselves, for any activation and loss.",
        _Values(_engine, "NAME", "compiled or reference"),
        default="compiled",
        since=4,
        also_called=("backend",),
    )
    validation: float = _setting(
        "Share of the training rows to watch, and not to learn from.",
        _share("0.15"),
        default=0.0,
        about=ROWS,
        varies=True,
        since=2,
        also_called=(
            "validation_fraction",
            "validation_split",
            "validation_size",
            "val_split",
            "eval_set",
            "validation_data",
        ),
    )
    class_weight: str | Mapping[str, float] | None = _setting(
        "What a row of each class counts: balanced, or yes=5,no=1.",
        _Values(_class_weight, "WEIGHTS", "balanced, or a number above 0 for each class"),
        about=ROWS,
        since=2,
    )
    held_out: float = _setting(
        "Share of the rows to judge by at the end, and never to look at before.",
        _share("0.25"),
        default=0.25,
        about=ROWS,
        since=1,
        also_called=("test_size", "test_split", "test_fraction", "test", "holdout"),
    )
    folds: int | None = _setting(
        "Cross-validate first, in so many folds: each in turn is held out of a network that learns from the "
        "others. The network that is kept learns from all rows.",
        _Values(
            lambda value, name: whole_number_from_2(value, name, "5"), "N", "a whole number of at least 2"
        ),
        about=ROWS,
        also_called=(
            "cv",
            "n_splits",
            "n_folds",
            "num_folds",
            "nfold",
            "k_folds",
            "kfold",
            "cross_validation",
        ),
    )


def plain(value: object) -> Any:  # noqa: ANN401 (JSON)
    """Setting as plain data."""
    plain = value is None or isinstance(value, (bool, int, float, str, tuple, list, Mapping))
    return value if plain else name_of(value)
