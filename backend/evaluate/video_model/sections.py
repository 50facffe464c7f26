"""The sections of a video flow's report: what each table means."""

from __future__ import annotations

from dataclasses import dataclass

from backend.evaluate.forecast.text import Column

MOST = 1e9
"""More is better, without an end."""


@dataclass(frozen=True)
class Part:
    """A section of the report: beginning of its results' names, heading, what its table means, and its columns."""

    prefix: str
    title: str
    meaning: str
    columns: tuple[Column, ...]


def parts(count: int) -> dict[str, Part]:
    """All sections by prefix; `count` futures were drawn of a window."""
    best = f"mae_best{count}"
    found = (
        Part(
            "futures",
            "Futures of the same windows",
            f"All see the same frames and draw {count} futures of 16 more; pixels are compared with what the camera saw. "
            "To stand still is hard to beat: most of a picture does not move. keypoint_nf and keypoint_snf forecast the "
            "face's keypoints and animate the last known frame; keypoint_still and keypoint_true_motion are that "
            "generator at the last and at the true keypoints. sliding_last is the last frame, sliding a little in random "
            "directions: the luck of having several. copy_last_through_autoencoder is what the video flow's own pictures "
            "lose. The mean of all futures pays for being different; the best of them is what diversity is for.",
            (
                Column("mae", "MAE", "Mean absolute difference of pixels in [0, 1], over all futures; less is better."),
                Column(
                    best, f"MAE, best of {count}", "The same of the one future that is nearest to what came; less is better."
                ),
                Column("apd", "APD", "Mean absolute difference of two futures of the same window: diversity.", None),
                Column("apd_over_mae", "APD / MAE", "Diversity over error.", None),
                Column("motion", "Motion", "Change from frame to frame over the truth's; 1 is as lively as real clips.", None),
                Column("sharpness", "Sharpness", "Gradients over the truth's; 1 is as sharp, below is blurred.", None),
            ),
        ),
        Part(
            "likelihood",
            "How likely are real clips?",
            "Bits of every latent number of a frame, given the frames before it; the first frame of a window is given to all. "
            "Everybody scores the same latents with the same noise. level is what the flow starts from, without any network: "
            "what every place has shown so far, and how much it moves. It and the Gaussian around the last frame are fitted to "
            "the very windows that are scored, which favours them; the flow has never seen these people. With a caption, it is "
            "told what will happen.",
            (Column("bits", "Bits per number", "Negative log likelihood, base 2; less is better."),),
        ),
        Part(
            "cleanup",
            "Taking the noise out",
            "The flow has learned latents with noise, and draws such. True frames are given that noise, cleaned, decoded "
            "and compared with themselves; reconstruction_bound never had it. Flicker is how much the error shakes from "
            "frame to frame. The last column is of drawn clips, which have no truth: the mean second difference in time, "
            "beside that of real clips (truth).",
            (
                Column("psnr", "PSNR", "Peak signal-to-noise ratio in dB; more is better.", 100.0),
                Column("ssim", "SSIM", "Structural similarity; 1 is best.", 1.0),
                Column("flicker", "Flicker", "Mean absolute second difference in time of the error; less is better."),
                Column(
                    "drawn_flicker",
                    "Drawn clips",
                    "Mean absolute second difference in time; real clips have that of truth.",
                    None,
                ),
            ),
        ),
        Part(
            "inversion",
            "Jacobi against token by token",
            "The same noise becomes the same 16 frames, token by token (sequential) and in blocks whose tokens are guessed "
            "together until they stand still. Both ran in turn on the same machine; times are medians. The deep block is "
            "the part that goes over all frames; the whole draw has the shallow blocks too. as_drawn is how draws are solved "
            "by default.",
            (
                Column("passes", "Passes, deep", "Passes through the deep block's transformer.", None),
                Column("ms", "ms, deep", "Time of the deep block.", None),
                Column("error", "Difference, deep", "Norm of the difference from the sequential answer, over its norm.", None),
                Column("deep_saved", "Fewer passes, deep", "Sequential passes over these.", MOST),
                Column("deep_faster", "Faster, deep", "Sequential time over this.", MOST),
                Column("draw_passes", "Passes", "Passes of the whole draw.", None),
                Column("draw_ms", "ms", "Time of the whole draw.", None),
                Column("draw_error", "Difference", "Of the whole draw.", None),
                Column("saved", "Fewer passes", "Of the whole draw.", MOST),
                Column("faster", "Faster", "Of the whole draw.", MOST),
                Column("settled", "Tokens a pass", "Settled by a pass of the deep block, on average.", None),
            ),
        ),
        Part(
            "round_trip",
            "There and back",
            "Noisy latents of whole windows to noise and back, in float32: the largest error of any number; latents have "
            "deviation 1.",
            (Column("max_error", "Largest error", "Absolute.", None),),
        ),
        Part(
            "draw",
            "How long a draw takes",
            "16 frames, from pictures to pictures; a row for how many futures are drawn at once.",
            (
                Column("ms", "ms", "Median of three.", None),
                Column("frames_per_s", "Frames a second", "Of all futures together.", None),
            ),
        ),
        Part(
            "drift",
            "Three windows on",
            "Each window is drawn behind the end of the one before, 48 frames in all. The flow draws one future; the "
            "regression, of the same size, says the mean of what may come next, and goes on from that. A mean is nearest "
            "to the truth and blurs; a sample is sharp, and goes its own way: so error alone is not the measure.",
            (
                Column("mae", "MAE", "Mean absolute difference of pixels in [0, 1]; less is better."),
                Column("sharpness", "Sharpness", "Gradients over the truth's; 1 is as sharp.", None),
                Column("motion_left", "Motion", "Change from frame to frame over the truth's; 1 is as lively.", None),
                Column("latent_size", "Latent size", "Root mean square of a frame's latents; real frames have about 1.", None),
            ),
        ),
        Part(
            "retold",
            "Told again",
            "A clip's own noise, drawn again from its first frame. Unchanged, it should give the clip back, about as the "
            "autoencoder does; its first frame all the time is what it has to beat. From somebody else's first frame, the same "
            "motion should happen to another face: follows is how the change from frame to frame goes up and down with the "
            "clip's own (correlation over time), beside clips drawn from that frame with fresh noise.",
            (
                Column("psnr", "PSNR", "Against the clip, in dB; more is better.", 100.0),
                Column("follows", "Follows", "Correlation over time of how much changes; 1 is the clip's own rhythm.", 1.0),
            ),
        ),
        Part(
            "told",
            "Clips from words",
            "Each caption draws clips of nobody in particular (imagined), and clips that begin with a portrait. Followed: "
            "in how many of them the rule that made the captions for training finds the caption again; elsewhere: in how "
            "many clips drawn from another caption, which is chance. Lost: frames in which no face is found (truth: in "
            "real frames, as small).",
            (
                Column("followed", "Followed", "Share of clips that do what their caption says.", 1.0),
                Column("elsewhere", "Elsewhere", "Share of other captions' clips that do it.", None),
                Column("lost", "Lost", "Share of frames in which Face Mesh finds no face; less is better."),
            ),
        ),
    )
    return {part.prefix: part for part in found}
