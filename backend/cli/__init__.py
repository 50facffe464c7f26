"""The verbs of the command line, a file for each group. A verb loads only what it needs, so that `--help` is quick."""
