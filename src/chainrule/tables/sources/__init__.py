"""Where a table comes from: files and data frames, and the one function that reads them all."""
