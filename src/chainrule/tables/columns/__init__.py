"""What was read: a table of columns, what their cells mean and what each is used for."""
