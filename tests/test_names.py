"""Which names modalities can have, beside each other and beside all else in a model."""

import pytest

from rmfn_tf.names import check_modalities

TAKEN = (
    *("lengths", "mask", "head", "head_dropout", "prediction", "rmfn", "early_fusion", "lstm_1"),
    *("bidirectional_2", "attention", "z", "next_z", "id", "label", "words", "present", "file"),
)


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_with_a_meaning_of_its_own(name):
    with pytest.raises(ValueError, match=f"cannot be called '{name}'.* a meaning of its own"):
        check_modalities(["language", name])


@pytest.mark.parametrize(
    "part", ["acoustic_scaling", "h_acoustic", "c_acoustic", "attention_acoustic"]
)
def test_a_part_of_another_modality(part):
    check_modalities([part])
    with pytest.raises(ValueError, match=f"'{part}': a part of the modality 'acoustic'"):
        check_modalities([part, "acoustic"])


@pytest.mark.parametrize("name", ["self", "2d", "_x", "facial features", "ä", "", "a" * 101, 3])
def test_what_is_no_name(name):
    with pytest.raises(ValueError, match="use a letter, then letters, digits and '_'"):
        check_modalities([name])


def test_each_name_once_and_all_mistakes_at_once():
    with pytest.raises(ValueError, match=r"'voice': another .* 'mask': .* 'z': "):
        check_modalities(["voice", "mask", "voice", "z"])
