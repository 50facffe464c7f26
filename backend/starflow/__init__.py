"""STARFlow-V, small: a normalizing flow that generates video, with exact likelihood (arXiv 2511.20462).

Shape suffixes: B batch, T frames, H and W rows and columns of latents, L tokens, C channels of a token, D width, K keys.
"""
