"""What each kind of tool is handed: a sensible user's preparation, learnt of the training rows alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["categories_of", "matrix", "numbers_of", "with_categories", "without_gaps"]

MISSING = "(missing)"
MOST_LEVELS = 40  # of a category; the rarer ones share a column


def categories_of(X: pd.DataFrame) -> list[str]:
    """Names of the columns of text."""
    return [name for name in X if X[name].dtype.kind not in "if"]


def numbers_of(X: pd.DataFrame) -> list[str]:
    """Names of the columns of numbers."""
    return [name for name in X if X[name].dtype.kind in "if"]


def matrix(X: pd.DataFrame) -> Any:
    """Transformer to standardised numbers, indicators of what was missing, and a column for each level."""
    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
            numbers_of(X),
        ),
        (
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value=MISSING, missing_values=None),
                OneHotEncoder(
                    handle_unknown="infrequent_if_exist", max_categories=MOST_LEVELS, sparse_output=False
                ),
            ),
            categories_of(X),
        ),
    )


def with_categories(train: pd.DataFrame, others: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """These tables with the training rows' levels as pandas' categories; other levels are missing."""
    levels = {name: sorted(train[name].dropna().unique()) for name in categories_of(train)}
    return [
        X.assign(
            **{
                name: pd.Categorical(X[name].where(X[name].isin(known)), categories=known)
                for name, known in levels.items()
            }
        )
        for X in (train, *others)
    ]


def without_gaps(train: pd.DataFrame, others: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """These tables with the training rows' median where a number is missing, and an indicator of it."""
    numbers, texts = numbers_of(train), categories_of(train)
    medians = train[numbers].median().fillna(0.0)
    gaps = [name for name in numbers if train[name].isna().any()]
    return [
        X.fillna(medians.to_dict()).assign(
            **{f"{name} missing": X[name].isna().astype(float) for name in gaps},
            **{name: X[name].where(X[name].notna(), MISSING) for name in texts},
        )
        for X in (train, *others)
    ]
