"""The verbs of the command line, one file per group. Verbs import what they need when they run, so that `--help` is quick."""
