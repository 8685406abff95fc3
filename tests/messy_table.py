"""A small table as people have them: every kind of column, and one of each that says something of rows."""

from __future__ import annotations

from typing import Any

__all__ = ["MESSY", "OF_MESSY"]

# A title, semicolons, decimal commas, units, codes, German dates, missing cells, and an empty row.
MESSY = "of shops;;;;;;;;;;\nkey;price;month;sold;kind;size;code;note;w;part;took\n;;;;;;;;;;\n" + "".join(
    f"k{n};{n * n % 7 + 1},5 €;{n % 12 + 1};0{n % 9 + 1}.0{n % 7 + 1}.2024;{'uvw'[n % 3]};"
    f"{('', 'S', 'L', 'M')[n % 4]};0{n % 5};{'a word or two'[n % 9 :]};{n % 3 + 1};"
    f"{('train', 'train', 'val', 'test')[n % 4]};{n % 4}:{n * 7 % 60:02}:00\n"
    for n in range(24)
)
# What may be said of it, so that there is a part of every kind and a role of every kind.
OF_MESSY: tuple[dict[str, Any], ...] = (
    {"target": "kind", "id": "key", "text": "note"},
    {"target": "sold", "ignore": "key", "weights": "w", "group": "kind", "in_order": True, "missing": "note"},
    {"target": "price", "ignore": "key", "split": "part", "log": "price", "categories": "code"},
)
