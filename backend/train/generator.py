"""Train the generator to reconstruct one frame of a person from another, on a pack of face clips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backend.animate.generator import Generator, Rendered
from backend.core.device import check_device
from backend.core.process import configure_process
from backend.train.data.pack import Pack
from backend.train.data.pairs import Pairs, PairSampler
from backend.train.discriminator import Discriminators, adversarial_loss, discriminator_loss, matching_loss
from backend.train.picture_losses import dssim, reconstruction_loss
from backend.train.run import RunState, Task, TrainingProgress, seeded, train
from backend.train.settings import GeneratorTraining


class GeneratorTask(Task[Generator, Pairs]):
    """A generator learns to reconstruct driving frames, and discriminators to tell them from real ones."""

    settings: GeneratorTraining

    def __init__(self, pack: Pack, settings: GeneratorTraining, start_from: Path | None, out: Path) -> None:
        super().__init__(settings, out)
        self.score = {"motion": "l1_warp", "details": "l1_eyes_lips", "all": "l1"}[settings.stage]
        size, device = settings.architecture.size, settings.device
        self.pairs = PairSampler(pack, size)
        self.held_out = PairSampler(pack, size, held_out=True).first_frames(per_clip=6).to(device)
        layout: dict[str, Any] = {"device": device, "memory_format": torch.channels_last}
        self.model = Generator(settings.architecture)
        if start_from is not None:
            self.model.load_state_dict(Generator.load(start_from).state_dict())
        self.model.to(**layout)
        stages: dict[str, nn.Module] = {"motion": self.model.dense_motion, "details": self.model.eye_mouth}
        self.trained = stages.get(settings.stage, self.model)
        self.discriminators = Discriminators(self.pairs.detail_index).to(**layout)
        rate = settings.learning_rate
        self.optimiser = torch.optim.AdamW(self.trained.parameters(), rate, betas=(0.9, 0.99), weight_decay=1e-4)
        self.discriminator_optimiser = torch.optim.AdamW(self.discriminators.parameters(), rate, betas=(0.5, 0.99))
        self.parts = {"discriminators": self.discriminators, "discriminator_optimiser": self.discriminator_optimiser}

    def batch(self, step: int) -> Pairs:
        """Sample pairs of frames."""
        return self.pairs.sample(self.settings.batch, np.random.default_rng((self.settings.seed, step)))

    def losses(self, batch: Pairs, state: RunState) -> dict[str, Tensor]:
        """Compute the losses of the stage that is trained."""
        self.model.eval()
        self.trained.train()
        compute = {"motion": self._motion, "details": self._details, "all": self._all}[self.settings.stage]
        with torch.autocast(self.settings.device, torch.bfloat16):
            return compute(batch.to(self.settings.device))

    @torch.inference_mode()
    def validate(self, model: Generator) -> dict[str, float]:
        """Measure the mean L1 on held-out pairs: the generator's, the warp's, copy-source's, at eyes and lips; and ratios."""
        errors: list[Tensor] = []
        for start in range(0, len(self.held_out.source), 16):
            pairs = self.held_out[start : start + 16]
            out = render_pairs(model, pairs)
            detail = (pairs.weight - 1).clamp(min=0)
            local = ((out.frames - pairs.driving).abs() * detail).sum((1, 2, 3)) / (3 * detail.sum((1, 2, 3)))
            l1 = [(x.float() - pairs.driving).abs().mean((1, 2, 3)) for x in (out.frames, out.warped, pairs.source)]
            errors.append(torch.stack([*l1, local, out.blended[0].mean((1, 2, 3))], 1))
        mean = torch.cat(errors).mean(0).tolist()
        named = dict(zip(("l1", "l1_warp", "l1_copy_source", "l1_eyes_lips", "alpha"), mean, strict=True))
        return named | {"ratio": mean[0] / mean[2], "ratio_warp": mean[1] / mean[2]}

    @torch.inference_mode()
    def sample_sheet(self, model: Generator) -> NDArray[np.uint8]:
        """Render twelve held-out pairs, one a row: source, truth, result, warped portrait, inpainting, alpha."""
        pairs = self.held_out[torch.linspace(0, len(self.held_out.source) - 1, 12).long()]
        out = render_pairs(model, pairs)
        alpha, paint = out.blended
        columns = [pairs.source, pairs.driving, out.frames, out.warped, paint, alpha.expand(-1, 3, -1, -1)]
        sheet = torch.cat([torch.cat(list(column.float()), -2) for column in columns], -1)
        return (sheet.clamp(0, 1) * 255).byte().permute(1, 2, 0).cpu().numpy()

    def _motion(self, pairs: Pairs) -> dict[str, Tensor]:
        warped = self.model.move(pairs.source, pairs.source_keypoints, pairs.driving_keypoints)
        return {"total": self._reconstruction(warped, pairs)}

    def _details(self, pairs: Pairs) -> dict[str, Tensor]:
        details, keypoints = self.model.eye_mouth, pairs.driving_keypoints
        with torch.no_grad():
            warped = self.model.move(pairs.source, pairs.source_keypoints, keypoints)
            crops = details.cut_crops(warped, keypoints).flatten(0, 1)
            truth = details.cut_crops(pairs.driving, keypoints).flatten(0, 1)
            own = details.cut_crops(pairs.source, pairs.source_keypoints)
        condition = self.model.condition(pairs.source_keypoints, keypoints)
        alpha, colour = details(own, warped, keypoints, condition)
        blend = torch.lerp(crops, colour.flatten(0, 1), alpha.flatten(0, 1))
        even = torch.ones_like(truth[:, :1])
        losses = {
            "frame": reconstruction_loss(blend, truth, even, self.settings.gradient),
            "details": reconstruction_loss(colour.flatten(0, 1), truth, even, self.settings.gradient),
        }
        losses["total"] = losses["frame"] + 0.5 * losses["details"]
        return self._with_adversarial(losses, lambda x: [self.discriminators.close(x)], truth, blend)

    def _all(self, pairs: Pairs) -> dict[str, Tensor]:
        settings = self.settings
        out = render_pairs(self.model, pairs)
        truth = self.model.eye_mouth.cut_crops(pairs.driving, pairs.driving_keypoints)
        losses = {
            "frame": self._reconstruction(out.frames, pairs),
            "ssim": dssim(out.frames, pairs.driving),
            "warp": self._reconstruction(out.warped, pairs),
            "paint": self._reconstruction(out.blended[1], pairs),
            "details": (out.details - truth).abs().mean(),
        }
        total = losses["frame"] + settings.ssim * losses["ssim"] + settings.warp * losses["warp"]
        total = total + settings.paint * losses["paint"] + settings.details * losses["details"]
        losses["total"] = total + settings.own_pixels * (1 - out.layers.alpha).mean()
        judge = lambda x: self.discriminators(x, pairs.driving_keypoints)
        return self._with_adversarial(losses, judge, pairs.driving, out.frames)

    def _with_adversarial(
        self, losses: dict[str, Tensor], judge: Callable[[Tensor], list[list[Tensor]]], real: Tensor, rendered: Tensor
    ) -> dict[str, Tensor]:
        """Train the discriminators on these pictures, then add what the generator minimises against them."""
        settings, optimiser = self.settings, self.discriminator_optimiser
        if not settings.adversarial:
            return losses
        optimiser.param_groups[0]["lr"] = self.optimiser.param_groups[0]["lr"]
        loss = discriminator_loss(judge(real), judge(rendered.detach()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            wanted = judge(real)
        found = judge(rendered)
        adversarial, matching = adversarial_loss(found), matching_loss(wanted, found)
        total = losses["total"] + (settings.adversarial * adversarial + settings.matching * matching)
        return losses | {"total": total, "discriminators": loss.detach(), "adversarial": adversarial, "matching": matching}

    def _reconstruction(self, picture: Tensor, pairs: Pairs) -> Tensor:
        return reconstruction_loss(picture, pairs.driving, pairs.weight, self.settings.gradient)


def render_pairs(generator: Generator, pairs: Pairs) -> Rendered:
    """Reconstruct the driving frames from the source frames."""
    with torch.autocast(pairs.source.device.type, torch.bfloat16):
        rendered: Rendered = generator(generator.encode(pairs.source, pairs.source_keypoints), pairs.driving_keypoints)
    return rendered


def train_generator(
    packed: Path,
    run: Path,
    settings: GeneratorTraining,
    *,
    start_from: Path | None = None,
    progress: TrainingProgress | None = None,
) -> Path:
    """Train one stage of a generator, or resume the run, and return the folder of the best weights.

    Args:
        packed: folder written by `pack`.
        run: folder for checkpoint, log, sample sheets and `best/` (weights and config of the best validation).
        settings: settings of the run.
        start_from: folder of earlier weights to start from (a 128 model for a 256 one).
        progress: called after every update.
    """
    check_device(settings.device)
    configure_process(settings.threads)
    with seeded(settings.seed):
        train(GeneratorTask(Pack(packed), settings, start_from, run / "best"), run, progress)
    return run / "best"
