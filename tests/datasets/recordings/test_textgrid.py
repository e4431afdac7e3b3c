"""Words from TextGrid files, which praatio itself makes here."""

import builtins
import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment import PAUSE
from rmfn_tf.datasets.recordings import textgrid as reader
from rmfn_tf.datasets.recordings.textgrid import read_textgrid
from rmfn_tf.datasets.sources.errors import SourceError
from support.damage import damaged
from support.own_recordings import write_textgrid

FORMS = ("long_textgrid", "short_textgrid")
WORDS = [(0.1, 0.45, "well"), (0.45, 0.8, 'so-"called"'), (1.25, 1.9, "i'm")]
# The aligner's silences are the gaps, which praatio fills with empty labels.
EXPECTED = [
    (0, 0.1, PAUSE),
    (0.1, 0.45, "well"),
    (0.45, 0.8, 'so-"called"'),
    (0.8, 1.25, PAUSE),
    (1.25, 1.9, "i'm"),
]
PHONES = [(0.1, 0.3, "W"), (0.3, 0.45, "EH1"), (0.45, 1.9, "AY1")]


def check(words, expected):
    np.testing.assert_array_equal(words.intervals, [each[:2] for each in expected])
    assert words.texts.tolist() == [text for _, _, text in expected]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["words", "anna - words", "Words"])
def test_montreal_forced_aligner(tmp_path, form, name):
    phones = name.replace("words", "phones")
    tiers = {name: WORDS, "phones" if phones == name else phones: PHONES}
    path = write_textgrid(tmp_path / "a.TextGrid", tiers, form)
    check(read_textgrid(path), EXPECTED)


@pytest.mark.parametrize("form", FORMS)
def test_p2fa(tmp_path, form):
    labels = ["sp", "HELLO", "{NS}", "sil", "{SL}", "SP", "{LG}", "SPIN"]
    tiers = {
        "phone": [(0, 8, "AH0")],
        "word": [(start, start + 1, label) for start, label in enumerate(labels)],
    }
    words = read_textgrid(write_textgrid(tmp_path / "a.TextGrid", tiers, form))
    expected = [PAUSE, "HELLO", PAUSE, PAUSE, PAUSE, PAUSE, PAUSE, "SPIN"]
    assert words.texts.tolist() == expected
    assert words.find_pauses().sum() == 6


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path, form, encoding):
    path = write_textgrid(tmp_path / "a.TextGrid", {"words": [(0, 0.5, "größer"), (0.5, 1, "是")]})
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    path.write_bytes(mark + path.read_text(encoding="utf-8").encode(encoding))
    assert read_textgrid(path).texts.tolist() == ["größer", "是"]


def test_line_ends_of_windows(tmp_path):
    path = write_textgrid(tmp_path / "a.TextGrid", {"words": WORDS})
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    check(read_textgrid(path), EXPECTED)


def test_several_speakers(tmp_path):
    tiers = {"anna - words": WORDS, "bert - words": [(0, 1.9, "yes")], "bert - phones": PHONES}
    path = write_textgrid(tmp_path / "a.TextGrid", tiers)
    with pytest.raises(
        SourceError, match=r"2 tiers that may hold .*'anna - words', 'bert - words'"
    ):
        read_textgrid(path)
    assert read_textgrid(path, "bert - words").texts.tolist() == ["yes"]


@pytest.mark.parametrize("tier", [None, "wordz"])
def test_no_such_tier_lists_those_that_are_there(tmp_path, tier):
    path = write_textgrid(tmp_path / "a.TextGrid", {"phones": PHONES, "swords": WORDS})
    with pytest.raises(SourceError, match=r"no such tier; .*'phones', 'swords'.*--tier"):
        read_textgrid(path, tier)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_cut_off_anywhere_is_refused(tmp_path, form):
    path = write_textgrid(tmp_path / "a.TextGrid", {"phones": PHONES, "words": WORDS}, form)
    whole = path.read_bytes()
    for length in range(len(whole.rstrip()) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(SourceError, match=r"a\.TextGrid"):
            read_textgrid(path)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=80)
@given(data=st.data())
def test_damage_gives_words_or_a_source_error(tmp_path, form, data):
    path = write_textgrid(tmp_path / "a.TextGrid", {"phones": PHONES, "words": WORDS}, form)
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    with contextlib.suppress(SourceError):
        words = read_textgrid(path)
        assert np.isfinite(words.intervals).all()
        assert (words.intervals[:, 0] < words.intervals[:, 1]).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a TextGrid"),
        (b"start,end,word\n0,1,a\n", "not a TextGrid"),
        (b'{"start": 0, "end": 1, "tiers": {}}', "not a TextGrid"),
        (b'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n0\n', "0 tiers"),
        (b'File type = "\xff\xfe"', "neither UTF-8 nor UTF-16"),
        (b"\xff\xfeF", "neither UTF-8 nor UTF-16"),
    ],
)
def test_other_files(tmp_path, content, message):
    path = tmp_path / "a.TextGrid"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_textgrid(path)


def test_sizes_are_checked_before_reading(tmp_path, monkeypatch):
    path = write_textgrid(tmp_path / "a.TextGrid", {"words": WORDS})
    monkeypatch.setattr(reader, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(SourceError, match="bytes"):
        read_textgrid(path)


def test_too_many_tiers(tmp_path):
    path = write_textgrid(tmp_path / "a.TextGrid", {f"t{i}": [(0, 1, "a")] for i in range(1001)})
    with pytest.raises(SourceError, match="1,001 tiers"):
        read_textgrid(path)


def test_a_word_that_is_none(tmp_path):
    path = write_textgrid(tmp_path / "a.TextGrid", {"words": [(0, 1, "a" * 251)]})
    with pytest.raises(SourceError, match="251 letters"):
        read_textgrid(path)


def test_no_file(tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        read_textgrid(tmp_path / "a.TextGrid")


def test_without_praatio(tmp_path, monkeypatch):
    path = write_textgrid(tmp_path / "a.TextGrid", {"words": WORDS})
    whole = builtins.__import__

    def lacking(name, *arguments, **options):
        if name.startswith("praatio"):
            raise ModuleNotFoundError(name=name)
        return whole(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(SourceError, match=r"pip install 'rmfn-tf\[textgrid\]'"):
        read_textgrid(path)
