from backend.core.recording import Recording
from backend.evaluate.bench.sharpness import measure_sharpness
from backend.server.http.recordings import RECORDINGS


def test_layers_are_as_sharp_as_the_portrait_at_rest_and_small_pictures_are_not(pipeline, tmp_path):
    recording = Recording.load(RECORDINGS / "quiet.npz")
    Recording(recording.landmarks[:60], recording.timestamps[:60], recording.source).save(tmp_path / "quiet.npz")
    found = measure_sharpness(pipeline, tmp_path)
    assert set(found) == {"tile_pictures_128", "tile_pictures_256", "tile_layers"}
    assert all(set(row) == {"sharpness_rest", "sharpness_moving"} for row in found.values())
    rest = {row: metrics["sharpness_rest"].value for row, metrics in found.items()}
    assert abs(rest["tile_layers"] - 1) < 0.01
    assert 0 < rest["tile_pictures_128"] < rest["tile_pictures_256"] < 0.95 * rest["tile_layers"]
