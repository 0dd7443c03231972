import pytest

from rgbt_perception.recording.ms2_splits import SPLITS, light_and_weather, split_of


def test_the_published_counts():
    assert {name: len(sequences) for name, sequences in SPLITS.items()} == {
        "train": 8,
        "val": 3,
        "test_day": 3,
        "test_night": 3,
        "test_rain": 3,
    }


def test_no_sequence_serves_two_purposes():
    names = [name for sequences in SPLITS.values() for name in sequences]
    assert len(set(names)) == 20
    assert all(split_of(name) == split for split, names in SPLITS.items() for name in names)


@pytest.mark.parametrize(
    ("sequence", "split", "condition"),
    [
        ("_2021-08-06-11-23-45", "test_day", ("day", "clear")),
        ("_2021-08-13-22-03-03", "test_night", ("night", "clear")),
        ("_2021-08-06-16-59-13", "test_rain", ("day", "rain")),
        ("_2021-08-13-21-36-10", "train", ("night", "unknown")),
        ("_2021-08-13-16-08-46", "val", ("day", "unknown")),
        ("_2021-08-13-19-30-00", "none", ("unknown", "unknown")),
        ("my_own", "none", ("unknown", "unknown")),
    ],
)
def test_what_a_sequence_shows(sequence, split, condition):
    assert split_of(sequence) == split
    assert light_and_weather(sequence) == condition
