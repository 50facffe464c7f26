"""The First Order Motion Model (Siarohin et al., NeurIPS 2019) with the tensor names of its published weights.

Written from the paper. It differs from the rest of `animate` in two ways, which the published weights require: grids span
[-1, 1] between the centres of the outermost pixels (`align_corners=True`), and features are warped instead of the picture.
"""
