"""The model replicas as a Ray Serve deployment: joins the cluster, deploys them unless they are, and sends them jobs."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import structlog

from backend.core.errors import InputError, MotionFanError
from backend.core.settings import Settings
from backend.server.cluster.gateway import GatewayThread, ReplicaLost, ReplicasBusy
from backend.server.cluster.replica import Job, ModelReplica
from backend.server.live.exchange import BatchReport, Call, Loaded
from backend.server.live.host import Launch
from backend.server.live.session_slot import SessionPortrait, ShownPortrait

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle, DeploymentResponse

    from backend.pipeline import Pipeline

log = structlog.get_logger(__name__)

APPLICATION = NAMESPACE = "motionfan"

RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # by default it reports its use to its makers
    "RAY_ENABLE_AUTO_CONNECT": "0",  # a call while this server ends would start a cluster of its own
    "GRPC_VERBOSITY": "NONE",  # it writes a line at every fork
}

MAX_JOBS_AT_ONCE = 8
"""Jobs that a replica runs as one batch: one of each server that has work."""

MAX_WAITING_JOBS = 32
"""Jobs of one server that may wait for a replica; more are refused, since their frames would be stale."""

BUSY_SHARE = 0.7
"""Part of the time that replicas work, on average, from which on another one is started."""

STEP_S, LOAD_S = 5.0, 300.0
"""Seconds after which an answer is waited for no longer: of a batch, and of a start."""

POLL_S = 1.0
"""Seconds between two looks at how many replicas run."""


def join_cluster() -> None:
    """Join the Ray cluster that runs here or at `RAY_ADDRESS`; start one on this machine if there is none.

    Raises:
        InputError: `cluster_missing` if Ray is not installed; `cluster_unreachable`.
    """
    for name, value in RAY_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.serve
    except ImportError:
        raise InputError(
            "cluster_missing", "Ray is not installed.", "Run: pip install -e '.[cluster]' -c constraints.txt"
        ) from None
    if ray.is_initialized():
        return
    # It warns of every thread, and has a log of its own.
    for name in ("ray", "ray.serve"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        ray.init(namespace=NAMESPACE, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
    except ConnectionError as error:
        reason = f"The Ray cluster cannot be reached ({error})."
        raise InputError("cluster_unreachable", reason, "Check RAY_ADDRESS and `ray status`.") from None


class Replica:
    """A `ModelReplica` in a Ray actor: joins waiting jobs to one batch, and works in a thread, so that it stays reachable."""

    def __init__(self, load: Callable[[], Pipeline], tile: int, default: SessionPortrait) -> None:
        import ray
        from ray import serve

        self._replica = ModelReplica(load, tile, default, ray.get)
        self._lock = asyncio.Lock()
        self._batch = serve.batch(max_batch_size=MAX_JOBS_AT_ONCE, batch_wait_timeout_s=0.0)(self._run)

    async def loaded(self) -> Loaded:
        """Return what a server must know of the models."""
        return self._replica.loaded()

    async def call(self, request: Call) -> Any:
        """Call a function with the models."""
        async with self._lock:
            return await asyncio.to_thread(self._replica.call, request)

    async def step(self, job: Job) -> BatchReport:
        """Run a job, in one batch with others that wait."""
        report: BatchReport = await self._batch(job)
        return report

    async def _run(self, jobs: list[Job]) -> list[BatchReport]:
        async with self._lock:
            return await asyncio.to_thread(self._replica.step, jobs)


class RayResponse:
    """The answer of a replica to a job."""

    def __init__(self, response: DeploymentResponse[Any]) -> None:
        self._response = response

    def result(self, timeout_s: float = STEP_S) -> Any:
        """Wait for it; raises as `gateway.Response.result`."""
        from ray.exceptions import RayActorError, RayTaskError
        from ray.serve.exceptions import RayServeException

        try:
            return self._response.result(timeout_s=timeout_s)
        except RayActorError:
            raise ReplicaLost from None
        except (RayServeException, TimeoutError):
            raise ReplicasBusy from None
        except RayTaskError as error:
            cause = error.cause
            raise cause if isinstance(cause, MotionFanError) else MotionFanError("inference_failed", str(cause)) from None


class RayModels:
    """The replicas of the cluster, as `gateway.Models`.

    Args:
        settings: of the server; the first server of a cluster decides on its models.
        load: builds the pipeline, in a replica.
        default: the portrait that sessions start with.
    """

    def __init__(self, settings: Settings, load: Callable[[], Pipeline], default: SessionPortrait) -> None:
        self._settings, self._load, self._default = settings, load, default
        self._joined, self._count, self._closed = False, 1, threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="replicas", daemon=True)

    def loaded(self) -> Loaded:
        """Deploy the replicas unless they are, and wait until one has loaded; raises `cluster_models_failed`."""
        join_cluster()
        self._joined = True
        self._handle = self._deploy()
        loaded: Loaded = RayResponse(self._ask("loaded")).result(LOAD_S)
        self._watcher.start()
        return loaded

    def close(self) -> None:
        """Leave the cluster; its replicas stay, unless this server has started it."""
        if not self._joined:
            return
        import ray

        self._closed.set()
        if self._watcher.ident is not None:
            # It would join the cluster again.
            self._watcher.join(POLL_S)
        ray.shutdown()

    @property
    def replicas(self) -> int:
        """How many run, at least one."""
        return self._count

    def share(self, portrait: ShownPortrait) -> Any:
        """Put a portrait into the cluster's store, while the result is held."""
        import ray

        return ray.put(portrait)

    def submit(self, job: Job) -> RayResponse:
        """Send a job to a replica."""
        return RayResponse(self._ask("step", job))

    def call(self, request: Call) -> Any:
        """Call a function at one replica."""
        return RayResponse(self._ask("call", request)).result()

    def _ask(self, method: str, *arguments: Any) -> Any:
        return getattr(self._handle, method).remote(*arguments)

    def _deploy(self) -> DeploymentHandle[Any]:
        from ray import serve
        from ray.serve.schema import ApplicationStatus, LoggingConfig

        quiet = LoggingConfig(log_level="WARNING", enable_access_log=False)
        serve.start(proxy_location="Disabled", logging_config=quiet)
        # A second `run` would start all replicas again.
        running = serve.status().applications.get(APPLICATION)
        if running is None or running.status not in (ApplicationStatus.RUNNING, ApplicationStatus.DEPLOYING):
            least, most = self._settings.replica_range
            gpus = 1.0 if self._settings.device.startswith("cuda") else 0.0
            scaling = {
                "min_replicas": least,
                "max_replicas": most,
                "target_ongoing_requests": BUSY_SHARE,
                "upscale_delay_s": 5.0,
                "downscale_delay_s": 60.0,
            }
            deployment = serve.deployment(
                name="Models",
                autoscaling_config=scaling,
                max_ongoing_requests=MAX_JOBS_AT_ONCE,
                max_queued_requests=MAX_WAITING_JOBS,
                ray_actor_options={"num_cpus": max(1, self._settings.threads), "num_gpus": gpus},
                health_check_period_s=1.0,
                health_check_timeout_s=10.0,
                graceful_shutdown_timeout_s=5.0,
                logging_config=quiet,
            )(Replica)
            try:
                return serve.run(
                    deployment.bind(self._load, self._settings.tile, self._default), name=APPLICATION, route_prefix=None
                )
            except RuntimeError as error:
                reason = f"The model replicas cannot be started: {error}"
                raise MotionFanError("cluster_models_failed", reason, "See `serve status` and the replicas' log.") from None
        return serve.get_app_handle(APPLICATION)

    def _watch(self) -> None:
        """Count the replicas, now and then."""
        from ray import serve

        while not self._closed.wait(POLL_S):
            try:
                states = serve.status().applications[APPLICATION].deployments["Models"].replica_states
                self._count = max(1, sum(count for state, count in states.items() if state == "RUNNING"))
            except Exception as error:
                log.warning("replicas_unknown", error=str(error))


def launch_gateway(settings: Settings) -> Launch:
    """Return what launches a gateway to the cluster, in place of an inference process."""
    return partial(_launch, settings)


def _launch(
    settings: Settings, connection: Connection, load: Callable[[], Pipeline], _: int, default: SessionPortrait
) -> GatewayThread:
    thread = GatewayThread(connection, RayModels(settings, load, default))
    thread.start()
    return thread
