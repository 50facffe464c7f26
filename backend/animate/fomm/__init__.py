"""The First Order Motion Model in its authors' own layout (Siarohin et al., NeurIPS 2019), so that published weights load.

Written anew from the paper. Two things differ from the rest of `animate`, because the published weights were trained so:
grids span [-1, 1] from pixel centre to pixel centre (`align_corners=True`), and features are warped, not the picture.
"""
