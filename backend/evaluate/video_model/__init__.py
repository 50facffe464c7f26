"""How good the video model is: likelihood, inversion, clean-up, drift, futures and edits, on people it has never seen."""
