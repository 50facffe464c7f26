"""The verbs of the command line. They import what they need when they run, so that `--help` is quick."""
