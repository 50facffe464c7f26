"""The project's own checks of names, words and links: `python -m tools.lint`."""
