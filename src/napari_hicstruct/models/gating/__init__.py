"""Gates of cell lines: a code of the line, and the features that it opens."""
