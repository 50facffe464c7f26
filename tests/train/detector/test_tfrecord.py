"""Softmotion TFRecords are read as TensorFlow would, and damaged ones are refused in words.

The files are written here by other means: checksums bit by bit, protobuf messages by Google's own package.
"""

import struct

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import InputError
from backend.train.detector.tfrecord import read_records, read_softmotion
from backend.train.detector.videos import VideoSet


def slow_crc(data):
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


def masked(data):
    crc = slow_crc(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def framed(data):
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(length)) + data + struct.pack("<I", masked(data))


def example_class():
    """`tf.train.Example`, declared as its .proto file does."""
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="tensorflow", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto

    def message(name, *fields):
        made = file.message_type.add(name=name)
        for number, (field, label, kind, type_name) in enumerate(fields, 1):
            made.field.add(name=field, number=number, label=label, type=kind, type_name=type_name)
        return made

    many, one = kinds.LABEL_REPEATED, kinds.LABEL_OPTIONAL
    message("BytesList", ("value", many, kinds.TYPE_BYTES, None))
    message("FloatList", ("value", many, kinds.TYPE_FLOAT, None))
    message("Int64List", ("value", many, kinds.TYPE_INT64, None))
    feature = message(
        "Feature",
        *(
            (name, one, kinds.TYPE_MESSAGE, f".tensorflow.{kind}")
            for name, kind in [("bytes_list", "BytesList"), ("float_list", "FloatList"), ("int64_list", "Int64List")]
        ),
    )
    feature.oneof_decl.add(name="kind")
    for field in feature.field:
        field.oneof_index = 0
    features = message("Features", ("feature", many, kinds.TYPE_MESSAGE, ".tensorflow.Features.FeatureEntry"))
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=one, type=kinds.TYPE_STRING)
    entry.field.add(name="value", number=2, label=one, type=kinds.TYPE_MESSAGE, type_name=".tensorflow.Feature")
    message("Example", ("features", one, kinds.TYPE_MESSAGE, ".tensorflow.Features"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


EXAMPLE = example_class()


def sequence(frames, camera="image_aux1"):
    example = EXAMPLE()
    for t, picture in enumerate(frames):
        example.features.feature[f"{t}/{camera}/encoded"].bytes_list.value.append(picture.tobytes())
        example.features.feature[f"{t}/action"].float_list.value.extend([0.5, -1.0, 0.0, 2.0])
        example.features.feature[f"{t}/step"].int64_list.value.append(10**12 - t)
    return example.SerializeToString()


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 256, (2, 3, 8, 8, 3), np.uint8)


@pytest.fixture
def path(tmp_path, frames):
    file = tmp_path / "traj_0_to_1.tfrecords"
    file.write_bytes(b"".join(framed(sequence(video)) for video in frames))
    return file


def test_the_checksum_has_the_standards_test_value():
    assert slow_crc(b"123456789") == 0xE3069283  # RFC 3720


@given(st.binary(max_size=40), st.integers(0, 2600))
def test_records_of_any_length_fit_checksums_computed_bit_by_bit(tmp_path_factory, pattern, length):
    data = (pattern or b"\0") * (length // max(len(pattern), 1) + 1)
    file = tmp_path_factory.mktemp("records") / "x.tfrecord"
    file.write_bytes(framed(data) + framed(data[:7]))
    assert list(read_records(file)) == [data, data[:7]]


def test_sequences_come_back_pixel_for_pixel(path, frames):
    got = list(read_softmotion(path))
    assert len(got) == 2
    assert all(np.array_equal(a, b) for a, b in zip(got, frames, strict=True))


def test_the_other_camera_can_be_asked_for(tmp_path, frames):
    file = tmp_path / "x.tfrecord"
    file.write_bytes(framed(sequence(frames[0], "image_main")))
    assert np.array_equal(next(read_softmotion(file, "image_main")), frames[0])


def test_a_folder_of_records_is_data_to_train_on(path, frames):
    videos = VideoSet.read(path.parent, 8)
    assert [len(videos.train), len(videos.held_out)] == [1, 1]
    assert np.array_equal(videos.train[0].frames, frames[0])


def change(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("damage", "code", "words"),
    [
        (lambda data: data[:-1], "tfrecord_truncated", "record 1"),
        (lambda data: data[:7], "tfrecord_truncated", "record 0"),
        (lambda data: data[: len(data) // 2 + 5], "tfrecord_truncated", "record 1"),
        (lambda data: change(data, 2), "tfrecord_crc", "length of record 0"),
        (lambda data: change(data, 100), "tfrecord_crc", "checksum of record 0"),
        (lambda data: b"no TFRecord, but text of some length", "tfrecord_crc", "no TFRecord"),
        (lambda data: framed(b"\xff" * 30), "tfrecord_damaged", "tf.train.Example"),
        (lambda data: framed(b"\x0a\x7f"), "tfrecord_damaged", "longer than its message"),
        (lambda data: framed(b""), "tfrecord_keys", "no pictures at all"),
    ],
)
def test_damaged_files_are_refused_in_words(path, damage, code, words):
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=words) as caught:
        list(read_softmotion(path))
    assert caught.value.code == code


def test_other_contents_are_refused_with_what_was_found(tmp_path):
    file = tmp_path / "x.tfrecord"
    with pytest.raises(InputError) as caught:
        list(read_softmotion(file))
    assert caught.value.code == "tfrecord_missing"
    file.write_bytes(framed(sequence([np.zeros((8, 8, 3), np.uint8)], "image_left")))
    with pytest.raises(InputError, match="0/image_left/encoded") as caught:
        list(read_softmotion(file))
    assert caught.value.code == "tfrecord_keys"
    file.write_bytes(framed(sequence([np.zeros((8, 8, 3), np.uint8), np.zeros((8, 7, 3), np.uint8)])))
    with pytest.raises(InputError, match="picture 1 has 168 bytes"):
        list(read_softmotion(file))
