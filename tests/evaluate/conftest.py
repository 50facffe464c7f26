import numpy as np
import pytest
import torch

from backend.forecast.gru_nf import Forecaster, ForecasterConfig


@pytest.fixture(scope="session")
def keypoint_folder(tmp_path_factory):
    """A few recordings of two keypoints by two people, and a small untrained forecaster for them in `model`."""
    folder = tmp_path_factory.mktemp("recordings")
    rows = ["clip,person,split"]
    for number in range(4):
        random = np.random.default_rng(number)
        flat = random.normal(0, 0.3, (1, 12)) + random.normal(0, 0.01, (64, 12)).cumsum(0)
        np.savez(folder / f"clip{number}.npz", keypoints=flat.astype(np.float32), fps=12.5)
        rows.append(f"clip{number},p{number // 2},val")
    (folder / "clips.csv").write_text("\n".join(rows))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        Forecaster(ForecasterConfig(features=12, hidden=8, blocks=2, block_hidden=8)).save(folder / "model")
    return folder
