"""First inputs of each parser: one of each kind of thing that it reads."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from parsers import unpacked

import chainrule
from chainrule.cli.options import SETTINGS, TABLE
from chainrule.equations import RULES
from chainrule.files import model_to_bytes
from messy_table import MESSY, OF_MESSY

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "examples"
TABLES = (
    b"x,y\n1,2.5\n3,-4e2\n", b"x;y\n1,5;a\n2,5;b\n", b"x\ty\n1\t2\n", b"a|b\n1|2\n", b"sep=;\na;b\n1;2\n",
    b"title\n\nx,y,z\n1,2,3\n4,5,6\n", b'x,"y ""z"\n1,"a\nb"\n', b"x y z\n1 2 3\n4 5 6\n", b"x\n1\nNA\n3\n",
    b"'x','y'\n'1','a,b'\n", b"\xef\xbb\xbfx,y\n1,true\n2,FALSE\n", b"x,y\r\n1,\xe9\r\n",
    b"\xff\xfex\0,\0y\0\n\0001\0,\0002\0\n\0", b",y,\n1,2,\n2,3,\n",
    b"d,p\n2024-01-31,12 %\n31.12.2024,5 %\n",
    b't,n\n12:30,"1,234"\n13:00,"5,678"\n', b"x,y\n" + b"1,a\n2,b\n" * 120,
    b"x,y\ninf,nan\n-Infinity,null\n", MESSY.encode(),
    b"1,a,2024-01-31\n2,b,2024-02-01\n3,a,\n4,b,2024-02-03\n", b"x,y\n1,a\n2,b,3\nx,y\n4\n5,a\n,\n6,b\n",
    b"# made by hand\n# x y\n1 2\n3 4\n", b"007,y\n008,1\n009,0\n010,1\n007,0\n",
    b"p;q\n1.234,50 EUR;< 5\n12,00 EUR;> 7\n3,25 EUR;6\n", b"t;y\n1:30;P1D\n0:45;PT5M\n2:00;P2DT3H\n",
)  # fmt: skip
LINES = (
    b'{"x": 1, "y": "a"}\n{"x": 2.5, "y": null}\n', b'[{"x": 1}, {"x": true}]',
    b'{"x": [1], "y": {"z": 1}}\n',
    b'{"x": NaN}\n{"x": -Infinity, "y": 1e400}\n', b'{"\\u00e9": "\\ud83d\\ude00"}\n\n{"a": false}\n',
    b"[[]]", b"[]",
)  # fmt: skip
DECLARED = (
    b"% t\n@relation 'a b'\n\n@attribute x real\n@attribute 'c d' {u, 'v w'}\n@data\n1,u\n?,'v w'\n",
    b"@RELATION t\n@attribute x numeric\n@attribute d date 'dd.MM.yyyy'\n@data\n1,'29.02.2024'\n2,?\n",
    b"@relation t\n@attribute x real\n@attribute s string\n@data\n1,'it\\'s'\n2,\"a,b\"\n",
    b"@relation t\n@attribute x integer\n@attribute c {a,b}\n@data\n{0 5, 1 b}\n{}\n{1 'a'}\n1,a,{0.5}\n",
    b"@relation t\n@attribute x real\n@attribute d date\n@data\n1 2024-02-29T12:30:00\n2\t?\n",
)
TYPED = (
    b"hidden 8\nrate 0.5\nepochs 10\n", b"hidden 16,8\nactivation leaky_relu:0.1\nstart uniform:0.3\n",
    b"hidden none\nclass_weight yes=5,no=1\n", b"class_weight balanced\nschedule warmup:3,cosine\n",
    b"rule adam:0.8:0.99\nstopping patience:5,generalization_loss:5\nloss huber:1.5\noutput softmax\n",
)  # fmt: skip


def seeds(parser: str) -> list[bytes]:
    """First inputs of a parser."""
    made = {"delimited": TABLES, "json_lines": LINES, "arff": DECLARED, "options": (*TYPED, *_options())}
    if parser in made:
        return list(made[parser])
    return [unpacked(content) for content in (_models() if parser == "model_file" else _checkpoints())]


def _options() -> Iterator[bytes]:
    for name, one in SETTINGS.items():
        yield f"{name} {one.default}\n".encode()
        yield f"{name} 1e3\n".encode()
    for name in TABLE:
        yield f"{name} x\n".encode()
        yield f"{name} 1,x*:decimal-comma\n{name} a,b\n".encode()


def _models() -> Iterator[bytes]:
    yield model_to_bytes(chainrule.Model(chainrule.Network.random((1, 2, 1), "tanh", dtype="float32")))
    table = pa.table({"x": [1.0, 2.0, 4.0, 3.0] * 3, "c": ["a", "b", "a"] * 4, "t": ["u", "v", "w"] * 4})
    few: dict[str, Any] = {"hidden": 1, "epochs": 1, "batch_size": 12}
    for target in ("t", "x"):
        yield model_to_bytes(chainrule.fit(table, target=target, **few).model)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", chainrule.TableWarning)
        path = Path(folder, "t.csv")
        path.write_text(MESSY, encoding="utf-8")
        for said in OF_MESSY:
            yield model_to_bytes(chainrule.fit(path, **said, **few).model)


def _checkpoints() -> Iterator[bytes]:
    net = chainrule.Network.random((1, 1), "identity")
    X, Y = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [0.0], [2.0]])
    for rule in (rule for rule in RULES if not RULES.is_own(RULES[rule])):
        rate = 0.1 if RULES.fact(RULES[rule], "takes_rate") else None
        trained = chainrule.train(
            net, X, Y, rule=rule, rate=rate, epochs=2, engine="reference", validation=(X, Y), patience=2
        )
        yield model_to_bytes(chainrule.Model(trained.network, state=trained.state))
