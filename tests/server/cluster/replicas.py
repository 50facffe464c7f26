"""Model replicas without a cluster: in this process, with the fake pipeline; they end or are busy on request."""

from __future__ import annotations

import pickle

from backend.core.errors import MotionFanError
from backend.server.cluster.gateway import GatewayThread, ReplicaLost, ReplicasBusy
from backend.server.cluster.replica import ModelReplica
from backend.server.live.session_slot import SessionPortrait
from tests.server.conftest import Live
from tests.server.fake_pipeline import FakePipeline


class NearResponse:
    def __init__(self, step) -> None:
        self._step = step

    def result(self):
        return self._step()


class NearModels:
    """`ending` holds how many of the next jobs lose their replica, `busy` how many are refused, `failing` how many fail."""

    def __init__(self, load, default: SessionPortrait, replicas: int = 2) -> None:
        self._members = [ModelReplica(load, 0, default, pickle.loads) for _ in range(replicas)]
        self.asked, self.closed = [0] * replicas, False
        self.ending = self.busy = self.failing = 0
        self._next = 0

    @property
    def replicas(self) -> int:
        return len(self._members)

    def loaded(self):
        return self._members[0].loaded()

    def share(self, portrait):
        return pickle.dumps(portrait)

    def submit(self, job):
        if self.busy:
            self.busy -= 1
            raise ReplicasBusy
        at, self._next = self._next, (self._next + 1) % len(self._members)
        self.asked[at] += 1
        lost = self.ending > 0
        self.ending -= lost
        # As on its way to another machine.
        job = pickle.loads(pickle.dumps(job))

        def step():
            if lost:
                raise ReplicaLost
            if self.failing:
                self.failing -= 1
                raise MotionFanError("inference_failed", "The models failed.")
            return self._members[at].step([job])[0]

        return NearResponse(step)

    def close(self):
        self.closed = True

    def call(self, request):
        return self._members[0].call(request)


class Ingress(Live):
    """A server with two replicas in this process, in `models`."""

    def __init__(self, **options) -> None:
        self.models: NearModels
        self.directory = options.get("directory")
        super().__init__(launch=self._launch, **options)

    def _launch(self, connection, load, tile, default):
        self.models = NearModels(FakePipeline, default)
        thread = GatewayThread(connection, self.models)
        thread.start()
        return thread
