"""The settings of a training and of a fit: each is defined once, where everything about it stands.

A setting's definition has its default, its range, its meaning and its unit. The options of the command line
and their help, the checks, the docstrings of `train` and `fit` and the reference page are made from it, and a
model file's record keeps it. Charter: no NumPy, so that the command line's help comes at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, replace
from typing import Any, NoReturn

from chainrule.equations import ACTIVATIONS, CRITERIA, LOSSES, RULES, SCHEDULES, STARTS, Patience, name_of
from chainrule.equations.rules.factors import ALL_ALIKE
from chainrule.errors import InputError, argument
from chainrule.settings import values
from chainrule.settings.setting import NETWORK, ROWS, setting, settings_of
from chainrule.words import quoted

__all__ = ["FitSettings", "Settings", "plain"]


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

    rule: Any = setting(
        "Update rule; numbers after a colon are its parameters, as in momentum:0.8. irprop_minus, lbfgs and "
        "levenberg_marquardt need all rows at once.",
        values.named(RULES),
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
    rate: float | None = setting(
        "Learning rate. It multiplies the gradient of a batch's mean loss, and so means the same at every "
        "batch size. lbfgs and levenberg_marquardt take none.",
        values.positive("0.1"),
        since=1,
        varies=True,
        also_called=("learning_rate", "learning_rate_init", "lr", "eta", "step_size"),
    )
    rate_factors: Any = setting(
        "What the rate is multiplied by for each weight matrix but its bias weights, as in 6,ntp,ntp; ntp is "
        "one over the root of a unit's inputs. Decay of adamw is multiplied, too.",
        values.FACTORS,
        default=ALL_ALIKE,
        since=6,
        also_called=("lr_factors", "lr_multipliers", "layer_rates", "lr_mult"),
    )
    bias_rate: float = setting(
        "What the rate is multiplied by for the bias weights of all layers.",
        values.positive("0.1"),
        default=1.0,
        since=6,
        also_called=("bias_lr", "bias_lr_factor"),
    )
    schedule: Any = setting(
        "How the rate changes from epoch to epoch, as in step:30:0.1 or warm_up:5,cosine.",
        values.named(SCHEDULES),
        default="constant",
        since=2,
        also_called=("scheduler", "lr_scheduler", "learning_rate_schedule", "lr_schedule"),
    )
    decay_schedule: Any = setting(
        "How the decay of adamw changes from epoch to epoch, as in flat_cosine, beside the rate.",
        values.named(SCHEDULES),
        default="constant",
        since=6,
        also_called=("wd_schedule", "weight_decay_schedule"),
    )
    label_smoothing: float = setting(
        "Share of each target that all classes get in equal parts, in the rows to learn from alone; for the "
        "losses cross_entropy and binary_cross_entropy.",
        values.share("0.1"),
        default=0.0,
        since=6,
        also_called=("smoothing", "label_smooth", "ls_eps"),
    )
    epochs: int = setting(
        "Passes over the training rows, at most; one that goes on counts those before.",
        values.WHOLE,
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
    batch_size: int | None = setting(
        "Rows an update; the last batch of an epoch takes what is left. Where `train` is given none, 1, the "
        "notes' update after every row; for rules that need them, all.",
        values.WHOLE,
        unit="rows",
        since=1,
        varies=True,
        also_called=("batch", "minibatch", "minibatch_size", "mini_batch_size"),
    )
    steps_per_epoch: int | None = setting(
        "Batches of an epoch, where the rows make more: the next epoch goes on with the rows after them, so "
        "that schedules and criteria of epochs come more often. All rows where not given.",
        values.WHOLE,
        unit="steps",
        since=6,
        also_called=("n_steps_per_epoch", "batches_per_epoch", "limit_train_batches"),
    )
    shuffle: bool = setting(
        "Take the rows in a new random order in each epoch.",
        values.SWITCH,
        default=True,
        since=1,
        switch="Take the rows in the order of the table in every epoch.",
    )
    clip_norm: float | None = setting(
        "Norm that the gradient of the whole network is shortened to where it is longer.",
        values.positive("1"),
        since=2,
        also_called=("max_norm", "max_grad_norm", "grad_clip", "gradient_clip", "gradient_clipping", "clip"),
        resembles=dict.fromkeys(
            ("clipvalue", "clip_value"), "It shortens the whole gradient, and cuts no number of it by itself."
        ),
    )
    l1: float = setting(
        "Penalty on the sizes of the weights, added to the mean loss; bias weights are spared, and the "
        "losses of the history are without it.",
        values.not_negative("0.0001"),
        default=0.0,
        since=2,
        also_called=("l1_penalty", "l1_regularization", "lasso"),
    )
    l2: float = setting(
        "Penalty on half the squares of the weights, likewise.",
        values.not_negative("0.0001"),
        default=0.0,
        varies=True,
        since=2,
        also_called=("alpha", "l2_penalty", "l2_regularization", "ridge", "penalty", "regularization"),
        resembles={
            "weight_decay": f"The decay of AdamW is a number of the rule: {argument('rule', 'adamw:0.01')}."
        },
    )
    dropout: float = setting(
        "Share of the hidden units that drop out of each step.",
        values.share("0.2"),
        default=0.0,
        since=2,
        also_called=("dropout_rate", "dropout_prob", "drop_rate"),
    )
    patience: int | None = setting(
        "Stop after so many epochs without a new best, and keep the best network; 0 for never.",
        values.WHOLE_OR_NONE,
        unit="epochs",
        is_free=True,
        varies=True,
        since=2,
        also_called=("n_iter_no_change", "early_stopping_rounds", "patience_epochs"),
        resembles={"early_stopping": "It is the number of epochs without a new best."},
    )
    metric: Any = setting(
        "What patience, stopping and the schedule plateau watch, of the validation rows where there are any: "
        "the loss, the smaller the better, or a metric, the larger the better. A function of your own, of "
        "targets and outputs, knows no weights of samples.",
        values.METRIC,
        default="loss",
        since=2,
        also_called=("metrics", "scoring", "eval_metric", "monitor", "score"),
    )
    stopping: Any = setting(
        "A criterion such as generalization_loss:5 or progress_quotient:0.5:5, which need rows that are "
        "watched; the best network is kept.",
        values.named(CRITERIA),
        is_free=True,
        since=2,
        also_called=("stopping_criterion",),
    )
    loss_goal: float | None = setting(
        "Stop after the first epoch whose rows had a mean loss of at most this, each as it was when its turn "
        "came.",
        values.positive("0.01"),
        is_free=True,
        since=1,
        also_called=("goal", "target_loss", "error_goal", "desired_error"),
        resembles={"tol": "It is a loss to reach, and no change of one."},
    )
    threads: int | None = setting(
        "Most threads for the batches of the compiled engine, which uses fewer where those are quicker, and "
        "for folds that are trained at once; as many as pay off where not given. Their number changes no bit "
        "of the result.",
        values.WHOLE,
        is_free=True,
        is_recorded=False,
        since=2,
        also_called=("n_jobs", "n_threads", "num_threads", "workers", "num_workers", "nthread"),
    )
    seed: int = setting(
        "Settles everything that is random: the same seed gives the same bits.",
        values.SEED,
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
            for name, unset in (
                ("rate", None), ("clip_norm", None), ("rate_factors", ALL_ALIKE), ("bias_rate", 1.0),
            ):  # fmt: skip
                value = getattr(self, name)
                if value != unset:
                    self._refuse(name, f"the update rule {rule} finds its own steps")
            if self.dropout:
                needs = f"the update rule {rule} needs the same loss twice for the same weights"
                self._refuse("dropout", needs, f", or take {argument('rule', 'adam')}")
        if RULES.fact(self.rule, "takes_all_rows") and name_of(self.schedule) != "constant":
            what = f"The schedule is {name_of(self.schedule)}"
            self._refuse("schedule", f"the update rule {rule} finds its own steps", what=what)

        self._check_decay()

    def _check_decay(self) -> None:
        """Refuse a schedule of what does not decay, or one that looks at losses."""
        schedule = self.decay_schedule
        if name_of(schedule) == "constant":
            return
        what = f"The decay schedule is {name_of(schedule)}"
        if not RULES.fact(self.rule, "decays"):
            rule = name_of(self.rule)
            self._refuse("decay_schedule", f"the update rule {rule} lets no weight decay", what=what)
        if SCHEDULES.fact(schedule, "heeds_losses"):
            self._refuse("decay_schedule", "may not depend on losses", what=what)

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
        size = 1 if size is None else min(size, n_rows)
        return self if size == self.batch_size else replace(self, batch_size=size)

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

    hidden: tuple[int, ...] = setting(
        "Units of each hidden layer: 8, or 16,8, or none.",
        values.LAYERS,
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
    activation: Any = setting(
        "Activation of the hidden layers, as in leaky_relu:0.1.",
        values.HIDDEN_ACTIVATION,
        default="logistic",
        about=NETWORK,
        is_recorded=False,
        varies=True,
        also_called=("activation_function", "hidden_activation", "nonlinearity", "transfer_function"),
    )
    output: Any = setting(
        "Output activation.",
        values.kept_as_given(ACTIVATIONS),
        default="logistic",
        about=NETWORK,
        is_recorded=False,
        varies=True,
        also_called=("output_activation", "out_activation", "final_activation", "last_activation"),
    )
    loss: Any = setting(
        "Loss, as in huber:1.5.",
        values.kept_as_given(LOSSES),
        default="rss",
        about=NETWORK,
        is_recorded=False,
        varies=True,
        also_called=("loss_function", "loss_fn", "criterion", "objective", "cost", "cost_function"),
    )
    input_layers: tuple[str, ...] = setting(
        "Layers between the inputs and the first hidden layer, in their order: scale, piecewise:16 (bins "
        "of each number), periodic:16:3 (cosines of each number, and sums of them).",
        values.INPUT_LAYERS,
        default=(),
        about=NETWORK,
        since=6,
        varies=True,
        also_called=("embedding", "num_embeddings", "front", "front_scale"),
    )
    members: int | None = setting(
        "Networks in one, as TabM has them: they share each weight matrix, and have scales, bias weights and "
        "an output layer of their own. The mean of their losses is made small, and outputs are averaged.",
        values.ENSEMBLE,
        about=NETWORK,
        since=6,
        varies=True,
        also_called=("tabm", "tabm_k", "n_members", "batch_ensemble"),
    )
    start: Any = setting(
        "Formula of the first weights, as in uniform:0.3.",
        values.kept_as_given(STARTS),
        default="glorot_uniform",
        about=NETWORK,
        since=1,
        varies=True,
        also_called=("init", "initializer", "kernel_initializer", "weight_init", "initialization"),
    )
    dtype: str = setting(
        "Type of every number in the network: float32 takes half the memory, and less time.",
        values.DTYPE,
        default=values.DTYPES[0],
        about=NETWORK,
        is_recorded=False,
        also_called=("precision", "data_type", "float_type"),
    )
    effort: str | None = setting(
        "How much is tried where the network and its training are not said: quick, normal or best.",
        values.EFFORT,
        about=NETWORK,
        since=6,
        also_called=("quality", "preset", "presets", "time_limit"),
    )
    recipe: str | None = setting(
        "Version of the recipe that chose the settings, where one did; it follows from the defaults.",
        values.RECIPE,
        about=NETWORK,
        since=6,
    )
    ensemble: int | None = setting(
        "Networks that are trained, each with a seed of its own: seed, seed + 1 and so on. Their outputs are "
        "averaged.",
        values.ENSEMBLE,
        about=NETWORK,
        since=6,
        also_called=("n_estimators", "n_ensemble", "num_networks", "n_networks", "bagging"),
    )
    ensemble_by: str | None = setting(
        "What the networks of an ensemble differ in. seeds: in these alone, and all learn from the same rows "
        "and watch the same, if any. folds: network k watches fold k of the training rows and learns from "
        "all others. seeds where not given.",
        values.ENSEMBLE_BY,
        about=NETWORK,
        since=6,
    )
    engine: str = setting(
        "What runs the epochs: compiled kernels, the same bits on every machine; or reference, the equations "
        "themselves, for any activation and loss.",
        values.ENGINE,
        default="compiled",
        also_called=("backend",),
    )
    validation: float = setting(
        "Share of the training rows to watch, and not to learn from.",
        values.share("0.15"),
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
    class_weight: str | Mapping[str, float] | None = setting(
        "What a row of each class counts: balanced, or yes=5,no=1.",
        values.CLASS_WEIGHT,
        about=ROWS,
        since=2,
    )
    held_out: float = setting(
        "Share of the rows to judge by at the end, and never to look at before.",
        values.share("0.25"),
        default=0.25,
        about=ROWS,
        since=1,
        also_called=("test_size", "test_split", "test_fraction", "test", "holdout"),
    )
    folds: int | None = setting(
        "Cross-validate first, in so many folds: each in turn is held out of a network that learns from the "
        "others. The network that is kept learns from all rows.",
        values.FOLDS,
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
    calibrate: bool = setting(
        "Learn at the end, from rows that the network has not learnt from, how sure and how far off it is: "
        "probabilities get a temperature, numbers intervals. The rows are those of the folds, or else those "
        "that were watched.",
        values.SWITCH,
        default=False,
        about=ROWS,
        is_free=True,
        since=6,
        also_called=(
            "calibration",
            "calibrated",
            "temperature",
            "temperature_scaling",
            "conformal",
            "intervals",
        ),
    )

    def _check_together(self) -> None:
        """Refuse settings that do not go together."""
        super()._check_together()
        if self.ensemble_by is not None and self.ensemble is None:
            self._refuse("ensemble_by", "there is one network alone", f", or give {argument('ensemble', 5)}")
        if self.ensemble_by == "folds" and self.validation:
            self._refuse("validation", "each network watches a fold of its own")


def plain(value: object) -> Any:  # noqa: ANN401 (JSON)
    """Setting as plain data."""
    plain = value is None or isinstance(value, (bool, int, float, str, tuple, list, Mapping))
    return value if plain else name_of(value)
