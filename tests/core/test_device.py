import numpy as np
import pytest
import torch

from backend.core import device
from backend.core.device import on_host, seeded_generator, to_host
from backend.core.errors import InputError

META = torch.device("meta")


def test_values_come_back_in_their_shapes():
    tensors = torch.arange(6.0).view(2, 3), torch.tensor(7.0), torch.zeros(0, 4)
    for tensor, array in zip(tensors, to_host(*tensors), strict=True):
        assert array.shape == tensor.shape and np.array_equal(array, tensor.numpy())


def test_tensors_of_another_device_come_back_joined_in_one_transfer(monkeypatch):
    monkeypatch.setattr(device, "on_host", lambda _: False)
    transfers, copy = [], torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: transfers.append(tensor.shape) or copy(tensor))
    tensors = torch.arange(6.0).view(2, 3), torch.tensor(7.0), torch.zeros(0, 4), torch.ones(2, 1)
    arrays = to_host(*tensors)
    assert transfers == [(9,)]
    for tensor, array in zip(tensors, arrays, strict=True):
        assert array.shape == tensor.shape and array.tolist() == tensor.tolist()


def test_one_seed_gives_one_sequence_on_its_device():
    one, other = (torch.rand(3, generator=seeded_generator(torch.device("cpu"), 4)) for _ in range(2))
    assert torch.equal(one, other)
    assert seeded_generator(META, 4) is None


def test_only_the_memory_of_the_processor_is_read_without_waiting():
    assert on_host(torch.device("cpu"))
    assert not on_host(META) and not on_host(torch.device("cuda", 1))


def test_values_that_are_not_there_cannot_be_read():
    with pytest.raises(NotImplementedError):
        to_host(torch.zeros(2, device=META), torch.zeros(3, device=META))


@pytest.mark.parametrize("name", ["abacus", "meta", "cuda:99", "", "cpu:x"])
def test_a_device_that_holds_no_values_here_is_refused(name):
    with pytest.raises(InputError) as caught:
        device.check_device(name)
    assert caught.value.code == "device_unusable"
    device.check_device("cpu")
