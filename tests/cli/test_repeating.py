"""The command that `show --command` prints makes the same model again, whatever its table was like."""

from __future__ import annotations

import csv
import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule.cli.repeating import fit_command
from chainrule.errors import InputError
from messy_table import MESSY, OF_MESSY
from model_documents import with_document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_database")

FEW = ("--hidden", "2", "--epochs", "2")
N = range(24)


def _headless() -> str:
    return "".join(f"{n % 5}.5,{'ab'[n % 2]},2024-0{n % 9 + 1}-1{n % 7}\n" for n in N)


def _hard_names() -> str:
    header = '"a, b","it\'s $HOME",--force,"x:decimal-comma","Q*",Größe,y\n'
    rows = (
        f"{n % 5},{n % 7 * 1.5},{'uvw'[n % 3]},{n * n % 11},{n % 4},{n * 3 % 8},{n % 6 + 0.5}\n" for n in N
    )
    return header + "".join(rows)


def _doubts() -> str:
    header = "n;price;when;took;code;rate;full;note;y\n"
    return header + "".join(
        f"{n};{'n/a' if n % 8 == 5 else f'1.{n % 7}34,5{n % 3}'};0{n % 9 + 1}/0{n % 5 + 1}/24;"
        f"{n % 7}:{n % 6}0;00{n % 4};{n % 9} %;{('yes', 'no')[n % 2]};{'' if n % 3 else f'remark {n}'};"
        f"{'ja' if n % 5 else 'nein'}\n"
        for n in N
    )


def _shares() -> str:
    rows = (f"{n % 8 / 8},{n % 5 / 4},{n * 7 % 11},{n % 3 % 2},{n * n % 5 // 3},5\n" for n in N)
    return "p,q,n,y,z,one\n" + "".join(rows)


def _standard() -> str:
    """Numbers whose mean and deviation say nothing, and of which two are far from all others."""
    return "x,y\n" + "".join(f"{ {7: 5, 30: -5}.get(n, 0) },{n % 9}.5\n" for n in range(50))


def _options(said: dict[str, Any]) -> str:
    return " ".join(
        f"--{name.replace('_', '-')}" + ("" if value is True else f" {value}") for name, value in said.items()
    )


TABLES: dict[str, tuple[str, str]] = {
    **{f"messy {said['target']}": (MESSY, _options(said)) for said in OF_MESSY},
    "no line of names": (_headless(), "--target c2"),
    "names given": (_headless(), "--names 'size,kind,day of sale' --target kind"),
    "names by themselves": (_headless(), "--names 'a, b' --names kind --names day --target kind"),
    "of mean 0 and deviation 1": (_standard(), "--target y --held-out 0"),
    "hard names": (_hard_names(), "--target y"),
    "inputs in another order": (_hard_names(), "--target y --inputs Größe --inputs 'a, b'"),
    "all that is doubtful": (_doubts(), "--target y"),
    "numbers that are two": (_doubts(), "--target rate --numbers rate --categories note"),
    "an index of pandas": (
        ",x,kind\n" + "".join(f"{n},{n * n % 7},{'ab'[n % 2]}\n" for n in N),
        "--target kind",
    ),
    "names in two lines": (
        "size,kind\ncm,\n" + "".join(f"{n * n % 7},{'ab'[n % 2]}\n" for n in N),
        "--target kind",
    ),
    "blanks and comments": ("# x kind\n" + "".join(f"{n * n % 7}  {'ab'[n % 2]}\n" for n in N), "--target 2"),
    "counts": (_hard_names(), "--target Q* --loss poisson"),
    "above 0": (_hard_names(), "--target y --output softplus"),
    "between limits": (_hard_names(), "--target y --output tanh --log y"),
    "the notes": (_shares(), "--target y --defaults notes"),
    "chances": (_shares(), "--target q --loss binary_cross_entropy"),
    "labels": (_shares(), "--target y,z"),
    "one unit": (_shares(), "--target y --one-unit"),
    "a unit each": (_shares(), "--target y --output logistic --no-one-unit"),
    "as they are": (_shares(), "--target n --as-is n,p"),
    "by bins": (_shares(), "--target y --numbers-as piecewise:3"),
    "each in its own way": (
        _standard(),
        "--target y --numbers-as standard+piecewise:5",
    ),
    "names of many kinds": (
        _hard_names(),
        "--target y --numbers-as squashed --numbers-as 'a, b=piecewise:2' --numbers-as Q*=standard+squashed",
    ),
    "shares by bins": (_shares(), "--target y --defaults notes --numbers-as p=squashed+piecewise:2"),
    "a constant beside": (_shares(), "--target n,one"),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_command_makes_the_same_model_again(
    name: str, here: Path, chainrule_command: Callable[..., Any]
) -> None:
    text, options = TABLES[name]
    here.joinpath("t.csv").write_text(text, encoding="utf-8")
    first = chainrule_command("fit", "t.csv", *shlex.split(options), *FEW, "--out", "a.st")
    assert first.code == 0, first.err
    printed = chainrule_command("show", "a.st", "--command")
    assert (printed.code, printed.err) == (0, "")
    words = shlex.split(printed.out)
    assert words[:3] == ["chainrule", "fit", "t.csv"]
    again = chainrule_command(*words[1:], "--out", "b.st")
    assert again.code == 0, again.err
    one, other = (chainrule.load_model(path) for path in ("a.st", "b.st"))
    assert other.encoding == one.encoding
    assert other.training == one.training
    for ours, theirs in zip(one.network.weights, other.network.weights, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    predicted = [chainrule_command("predict", path, "t.csv").out for path in ("a.st", "b.st")]
    assert predicted[0] == predicted[1]
    assert len(list(csv.reader(predicted[0].splitlines()))) > len(N)
    assert chainrule_command("show", "b.st", "--command").out == printed.out


def test_every_decision_is_said_in_the_command(here: Path, chainrule_command: Callable[..., Any]) -> None:
    here.joinpath("t.csv").write_text(_doubts(), encoding="utf-8")
    assert chainrule_command("fit", "t.csv", "--target", "y", *FEW, "--out", "a.st").code == 0
    words = shlex.split(chainrule_command("show", "a.st", "--command").out)
    pairs = {(words[place], words[place + 1]) for place in range(len(words) - 1)}
    assert {
        ("--target", "y"), ("--delimiter", ";"), ("--encoding", "utf-8"), ("--classes", "y"),
        ("--dates", "when:day-month-year"), ("--categories", "code"), ("--categories", "full"),
        ("--numbers", "price:decimal-comma-thousands-point"), ("--numbers", "took:clock"),
        ("--numbers", "rate:decimal-point"), ("--categories", "note"),
        ("--names", "n,price,when,took,code,rate,full,note,y"),
    } <= pairs  # fmt: skip
    [inputs] = [value for option, value in pairs if option == "--inputs"]
    assert inputs == "price,when,took,code,rate,full,note"
    assert "--header" in words


def test_names_that_were_given_in_place_of_others_are_given_again(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    here.joinpath("t.csv").write_text(_hard_names(), encoding="utf-8")
    fit = ("fit", "t.csv", "--names", "a,b,c,d,e,f,g", "--target", "g", *FEW, "--out", "a.st")
    assert chainrule_command(*fit).code == 0
    words = shlex.split(chainrule_command("show", "a.st", "--command").out)
    assert words[words.index("--names") + 1] == "a,b,c,d,e,f,g"
    assert chainrule_command(*words[1:], "--out", "b.st").code == 0
    one, other = (chainrule.load_model(path) for path in ("a.st", "b.st"))
    assert other.encoding == one.encoding
    assert other.network.weights[0].tobytes() == one.network.weights[0].tobytes()


def test_a_model_that_does_not_tell_how_it_came_about_has_no_command(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    chainrule.save(chainrule.Network.random((2, 1)), here / "n.st")
    done = chainrule_command("show", "n.st", "--command")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: The model does not hold all that would make it again")
    with pytest.raises(InputError) as caught:
        fit_command(chainrule.load_model("n.st"))
    assert caught.value.parameter == "model"


def test_what_a_hostile_file_says_is_quoted_for_the_shell(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    """A command is made to be typed again: nothing in it may be another command."""
    evil = "x; touch pwned $(touch pwned) `touch pwned`"
    content = here.joinpath("iris.safetensors").read_bytes()

    def change(document: dict[str, Any]) -> None:
        document["report"]["table"] = evil
        document["training"]["class_weight"] = json.dumps({evil: 2})
        document["encoding"]["inputs"][0]["name"] = f"'{evil}"

    here.joinpath("evil.st").write_bytes(with_document(content, change))
    printed = chainrule_command("show", "evil.st", "--command").out
    words = shlex.split(printed)
    assert words[2] == evil
    assert words[words.index("--class-weight") + 1] == f"{evil}=2"
    assert f"'{evil}:decimal-point" in words
    here.joinpath("own.st").write_bytes(
        with_document(content, lambda document: document["training"].update(metric=evil))
    )
    done = chainrule_command("show", "own.st", "--command")
    assert (done.code, done.out) == (2, "")
    assert "fitted with what this program does not know" in done.err
    here.joinpath("dash.st").write_bytes(
        with_document(content, lambda document: document["report"].update(table="--out=x"))
    )
    assert shlex.split(chainrule_command("show", "dash.st", "--command").out)[2] == "./--out=x"
