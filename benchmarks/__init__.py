"""How long chainrule takes, beside other tools that do the same work and beside what the machine allows."""
