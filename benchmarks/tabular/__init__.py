"""How well tables are learnt: chainrule beside other tools, over many tables, with the same rows for all.

`tables` and `made` say what is learnt, `splits` which rows are for training, `preparing` what each tool is
handed, `rivals` how it is fitted; `running` keeps what came out, line by line; `summary` has the arithmetic,
and `report` the tables of a page.
"""
