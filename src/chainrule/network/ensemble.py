"""Several networks that answer as one: the mean of their outputs."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.equations import name_of
from chainrule.errors import InputError, ShapeError
from chainrule.given import positive_number
from chainrule.network.display import ensemble_display
from chainrule.network.network import Network
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt

__all__ = ["Ensemble", "is_linear", "members_of"]


ROUNDED = 1e-12  # sums of shares that are 1 but for rounding


@dataclass(frozen=True, eq=False, init=False)
class Ensemble:
    r"""Networks of the same inputs and outputs, called like one of them: the mean of what they give.

    With K members it is :math:`\bar a = (a_1 + a_2 + \dots + a_K) / K`, summed in their order, so that the
    bits are the same on every machine, in every batch and for every number of threads. A mean of
    probabilities is one of probabilities.

    Parameters
    ----------
    members : iterable of Network
        Two or more, of the same numbers of inputs and outputs, output activation and dtype. Hidden layers,
        and losses, may differ.
    weights : iterable of float, optional
        What each counts in the mean, above 0: its share of their sum. All count the same where none are
        given.

    Raises
    ------
    ShapeError
        Members have other numbers of inputs or outputs.
    InputError
        There are fewer than two, one is no network, or their output activations or dtypes differ.

    Examples
    --------
    >>> from chainrule import Ensemble, Network
    >>> both = Ensemble([Network([[[1.0, 2.0]]], "identity"), Network([[[2.0, 5.0]]], "identity")])
    >>> both([[1.0], [2.0]])
    array([[5. ],
           [8.5]])
    >>> both
    Ensemble(2 networks 1-1, identity, rss, float64)
    """

    members: tuple[Network, ...]
    weights: tuple[float, ...] | None

    def __init__(self, members: Iterable[Network], weights: Iterable[float] | None = None) -> None:
        object.__setattr__(self, "members", _checked(members))
        object.__setattr__(self, "weights", None if weights is None else self._checked_weights(weights))

    def _checked_weights(self, weights: Iterable[float]) -> tuple[float, ...]:
        """Shares of the members, whose sum is 1."""
        try:
            given = tuple(weights)
        except TypeError:
            raise InputError(
                parameter="weights",
                given=weights,
                needs="must be a number above 0 for each network",
                advice="Leave them out where all count the same.",
            ) from None
        found = tuple(positive_number(one, "weights", "0.5") for one in given)
        if len(found) != len(self.members):
            raise ShapeError(
                f"There are {len(found)} weights but {len(self.members)} networks.",
                parameter="weights",
                given=given,
                needs="needs one for each",
                advice="Leave them out where all count the same.",
            )
        try:
            total = math.fsum(found)
        except OverflowError:
            raise InputError(
                parameter="weights",
                given=given,
                needs="must have a sum that a float can hold",
                advice="Divide them all by the largest.",
            ) from None
        return found if abs(total - 1) < ROUNDED else tuple(one / total for one in found)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of every number in the networks, float32 or float64.

        Examples
        --------
        >>> from chainrule import Ensemble, Network
        >>> Ensemble(Network.random((2, 1), seed=seed) for seed in (0, 1)).dtype
        dtype('float64')
        """
        return self.members[0].dtype

    def __call__(self, X: npt.ArrayLike, *, threads: int | None = None) -> npt.NDArray[Any]:
        """Compute the mean outputs, (n_samples, n_outputs), or (n_outputs,) for the inputs of one sample."""
        if self.weights is not None:
            return self._weighted(X, threads)
        first, *others = self.members
        total = first(X, threads=threads)
        for member in others:
            total = total + member(X, threads=threads)
        mean: npt.NDArray[Any] = total / total.dtype.type(len(self.members))
        return mean

    def _weighted(self, X: npt.ArrayLike, threads: int | None) -> npt.NDArray[Any]:
        """Sum of the outputs, each times its share, by that of the shares, both in their order.

        Rounded shares need not come to 1, and a mean of probabilities would else be above it.
        """
        shares = [self.dtype.type(weight) for weight in self.weights or ()]
        total, whole = self.members[0](X, threads=threads) * shares[0], shares[0]
        for member, share in zip(self.members[1:], shares[1:], strict=True):
            total, whole = total + member(X, threads=threads) * share, whole + share
        mean: npt.NDArray[Any] = total / whole
        return mean

    def __len__(self) -> int:
        return len(self.members)

    def __reduce__(self) -> tuple[type[Ensemble], tuple[object, ...]]:
        return Ensemble, (self.members, self.weights)

    def __repr__(self) -> str:
        alike = Counter(repr(member)[len("Network(") : -1] for member in self.members)
        kinds = [f"{counted(n, 'network')} {one}" for one, n in alike.items()]
        return f"Ensemble({'; '.join(kinds)})"

    def _repr_html_(self) -> str:
        return ensemble_display(repr(self)[len("Ensemble(") : -1], self.members, self.weights)


def members_of(network: Network | Ensemble) -> tuple[Network, ...]:
    """The networks of an ensemble, or the one that there is.

    Examples
    --------
    >>> from chainrule import Network
    >>> len(members_of(Network.random((2, 1))))
    1
    """
    return network.members if isinstance(network, Ensemble) else (network,)


def is_linear(network: Network | Ensemble) -> bool:
    """Whether no network has a layer before that of its outputs.

    Examples
    --------
    >>> from chainrule import Network
    >>> is_linear(Network.random((2, 1))), is_linear(Network.random((2, 3, 1)))
    (True, False)
    """
    return all(len(net.weights) == 1 for net in members_of(network))


def _checked(members: Iterable[Network]) -> tuple[Network, ...]:
    """Members that can answer as one, or the error that says why they cannot."""
    try:
        found = tuple(members)
    except TypeError:
        found = ()
    wrong = next((one for one in found if not isinstance(one, Network)), None)
    if len(found) < 2 or wrong is not None:  # noqa: PLR2004 (one alone is no ensemble)
        raise InputError(
            parameter="members",
            given=members if wrong is None else wrong,
            needs="must be two networks or more",
            advice="Take the network itself where there is but one.",
        )
    first = found[0]
    for k, member in enumerate(found[1:], 2):
        ends, own = ((net.sizes[0], net.sizes[-1]) for net in (first, member))
        if own != ends:
            raise ShapeError(
                f"Member {k} has {own[0]} inputs and {own[1]} outputs",
                parameter="members",
                given=own,
                needs=f"the first one has {ends[0]} and {ends[1]}",
                advice="Give networks of the same inputs and outputs.",
            )
        pairs = (
            ("output activation", *(name_of(net.activations[-1]) for net in (first, member))),
            ("dtype", str(first.dtype), str(member.dtype)),
        )
        for what, there, here in pairs:
            if here != there:
                raise InputError(
                    f"Member {k} has the {what} {here}",
                    parameter="members",
                    given=here,
                    needs=f"the first one has {there}: a mean is of like numbers",
                    advice=f"Give networks of the same {what}.",
                )
    return found
