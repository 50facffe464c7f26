"""Settings of all training runs; a model's `config.json` records those that it was trained with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from backend.animate.fomm.generator import GeneratorSize
from backend.animate.fomm.hourglass import HourglassSize
from backend.animate.fomm.model import FommConfig
from backend.animate.generator import GeneratorConfig
from backend.core.errors import InputError
from backend.forecast.gru_nf import ForecasterConfig
from backend.forecast.joint_flow import JointConfig
from backend.keypoints.captions import VOCABULARY
from backend.starflow.flow import LatentFlowConfig
from backend.starflow.model import StarFlowConfig

ForecasterKind = Literal["gru_nf", "gru_gaussian", "vrnn"]
ForecasterStage = Literal["likelihood", "scores"]
GeneratorStage = Literal["motion", "details", "all"]
StarFlowStage = Literal["autoencoder", "flow", "denoiser", "regression"]


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Settings that all runs share; subclasses set the defaults."""

    # updates, minutes: length of the run, whichever ends first, over all its resumptions; 0 sets no limit
    updates: int = 0
    minutes: float = 0.0
    batch: int = 8
    learning_rate: float = 1e-3  # highest rate; it rises over `warm_up_updates`, then falls to 0 along half a cosine
    warm_up_updates: int = 100
    max_norm: float = 1.0  # gradients of a larger norm are scaled down to it
    ema: float = 0.998  # decay of the averaged weights, which are validated and kept; 0 takes the plain weights
    keep: Literal["best", "last"] = "best"  # weights of the best validation, or of the last one
    # updates between validations, checkpoints and sample sheets; `validate_first` adds one at the start
    validate_every: int = 200
    validate_first: bool = False
    seed: int = 0  # of fresh weights, data order and noise
    threads: int = 2


@dataclass(frozen=True, kw_only=True)
class MotionTraining(RunSettings):
    """Settings that trainings on motion share."""

    # steps of training windows (80 ms each), one length after the other: short ones are found in short clips too, long ones
    # show how a stream goes on
    windows: tuple[int, ...] = (24, 48)
    # context, horizon: frames seen and forecast when paths are sampled
    context: int = 8
    horizon: int = 16
    weight_decay: float = 1e-2
    augment: bool = True  # whether windows are augmented (`MotionSampler`)
    threads: int = 1  # Tensors are small: a second thread gains little and costs much when cores are shared.


@dataclass(frozen=True, kw_only=True)
class ForecasterTraining(MotionTraining):
    """Settings of a forecaster's training."""

    kind: ForecasterKind = "gru_nf"  # `gru_gaussian` is the GRU-NF without coupling blocks
    updates: int = 3000
    batch: int = 48
    warm_up: int = 3  # frames at a window's start that the likelihood leaves out, while the GRU has seen too little
    input_noise: float = 0.0  # noise on the frames the GRU reads, in standard deviations of a step, correlated as steps are
    target_noise: float = 0.02  # noise on the step to be explained: repeated video frames would give infinite densities
    # rollout_every, rollout_paths, rollout_rows, rollout_weight: the energy-score loss; weight 0 turns it off
    rollout_every: int = 1
    rollout_paths: int = 4
    rollout_rows: int = 32
    rollout_weight: float = 0.0
    jitter_weight: float = 0.5  # weight of the energy score of the paths' differences
    gaussian_weight: float = 0.2  # weight of the likelihood of the flow's Gaussian without its blocks
    validate_every: int = 100
    # sizes of the GRU-NF and its Gaussian rival; the VRNN has the predecessors' sizes
    architecture: ForecasterConfig = field(default_factory=ForecasterConfig)

    def with_scores(self) -> ForecasterTraining:
        """Return settings that continue a training by the scores of sampled paths, in a few hundred updates."""
        scores: dict[str, Any] = {"rollout_weight": 0.5, "jitter_weight": 1.0, "rollout_rows": 48, "windows": (26, 40)}
        return replace(self, **scores, learning_rate=4e-4, warm_up_updates=20, ema=0.99, validate_every=50)


@dataclass(frozen=True, kw_only=True)
class JointTraining(MotionTraining):
    """Settings of a joint flow's training."""

    updates: int = 450
    batch: int = 32
    learning_rate: float = 1.2e-3
    warm_up_updates: int = 50
    windows: tuple[int, ...] = (18, 40)
    weight_decay: float = 0.1
    ema: float = 0.995
    # moments of a window from which paths are sampled; before each the GRU has seen `first` frames or more, and `least` steps
    # or more follow it
    moments: int = 6
    first: int = 3
    least: int = 8
    paths: int = 4  # of each moment
    near: float = 0.3  # step h counts h^-near: near steps are the more predictable ones
    # quiet moments weigh more, as (root mean square step + 0.15)^-quiet: otherwise lively people decide all
    quiet: float = 0.4
    # weights of the scores of whole paths, and of first and second differences
    whole: float = 0.5
    velocity: float = 0.25
    acceleration: float = 0.3
    validate_every: int = 50
    joint: JointConfig = field(default_factory=JointConfig)


@dataclass(frozen=True, kw_only=True)
class GeneratorTraining(RunSettings):
    """Settings of a generator's training."""

    # `motion` trains the optical flow by the warped portrait (four times as many updates an hour, and most of the error is
    # motion's); `details` trains the painting of eyes and lips on their crops (five times as many); `all` trains everything
    stage: GeneratorStage = "all"
    updates: int = 20_000
    learning_rate: float = 4e-4
    warm_up_updates: int = 200
    # gradient, ssim: weights of the image gradients and of (1 - SSIM) / 2 beside L1
    gradient: float = 1.0
    ssim: float = 0.2
    warp: float = 0.3  # weight of the warped portrait's error, which teaches motion before inpainting can hide its faults
    # paint, details: weights of the inpainting's and the close-ups' own errors: where alpha is near 1 they would otherwise
    # receive no gradient
    paint: float = 0.5
    details: float = 1.0
    # cost of inpainting where the portrait's own pixels would do. Low values give the least error and a blur wherever the
    # network is unsure; this one stays sharp for 2 % more error. Eyes and lips are exempt.
    own_pixels: float = 0.1
    # adversarial, matching: weights of the discriminators' losses; `adversarial` 0 trains without them
    adversarial: float = 0.01
    matching: float = 0.3
    validate_every: int = 500
    device: str = "cpu"
    architecture: GeneratorConfig = field(default_factory=GeneratorConfig)


@dataclass(frozen=True, kw_only=True)
class StarFlowTraining(RunSettings):
    """Settings of one stage of the video model's training."""

    # the part to train, after those before it. `regression` is what the flow is compared with: one deep block of the flow's
    # size that predicts the mean.
    stage: StarFlowStage = "flow"
    minutes: float = 30.0
    batch: int = 16  # frames per update (autoencoder), or windows
    learning_rate: float = 5e-4
    warm_up_updates: int = 300
    ema: float = 0.999
    no_caption: float = 0.5  # share of windows trained without their caption, for guidance and for futures without a caption
    cut_start: float = 0.25  # share of windows that begin a frame later, as continuations do
    # share of a denoiser's training, at its end, that regresses the flow's score; before it, the noise itself, which is several
    # times cheaper to compute
    matched: float = 0.5
    known: int = 8  # frames of a window that sample sheets continue from
    device: str = "cpu"
    architecture: StarFlowConfig = StarFlowConfig(flow=LatentFlowConfig(vocabulary=len(VOCABULARY) - 1, deep_rank=16))


@dataclass(frozen=True, kw_only=True)
class DetectorTraining(RunSettings):
    """Settings of a keypoint detector's training, by Adam with betas 0.5 and 0.999 as in the FOMM paper."""

    # size, keypoints: side of the pictures in pixels, and N
    size: int = 64
    keypoints: int = 10
    updates: int = 5000
    warm_up_updates: int = 50
    max_norm: float = 10.0
    ema: float = 0.0
    keep: Literal["best", "last"] = "last"
    validate_first: bool = True
    # reconstruction, value, jacobian: weights of the paper's losses. It gives 10 to each; its features of a VGG network are
    # about a hundred times larger than pixel differences, hence the first.
    reconstruction: float = 50.0
    value: float = 10.0
    jacobian: float = 10.0
    # weight of a loss that the paper lacks: it keeps keypoints apart, or in a short training all of them would follow the same
    # part of the scene
    crowding: float = 5.0
    moving: float = 0.5  # share of the reconstruction's weight that lies where the two pictures differ

    def architecture(self) -> FommConfig:
        """Return sizes that a CPU can train: about a hundredth of the published model's work per picture.

        Raises the error `size` if `size` is not 64, 128 or 256.
        """
        if self.size not in (64, 128, 256):
            raise InputError("size", f"A detector is trained at 64, 128, 256 pixels, not {self.size}.")
        hourglass = HourglassSize(width=12, widest=128, depth=4, factor=self.size // 32)
        # Small pictures are warped at full size: at half of it they would come out blurred.
        generator = GeneratorSize(width=20, widest=80, halvings=self.size.bit_length() - 7, residuals=2)
        return FommConfig(self.keypoints, self.keypoints, 3, True, hourglass, hourglass, generator, self.size)
