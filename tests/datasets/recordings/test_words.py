"""Words from tables, and from TextGrid files, which praatio itself makes here."""

import builtins
import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment.align import PAUSE
from rmfn_tf.datasets.recordings.tables import Table
from rmfn_tf.datasets.recordings.words import open_words, read_textgrid, read_words
from rmfn_tf.datasets.source import SourceError
from support.damage import damaged
from support.own_recordings import write_csv, write_textgrid

FORMS = pytest.mark.parametrize("form", ["long_textgrid", "short_textgrid"])
WORDS = [(0.1, 0.45, "well"), (0.45, 0.8, 'so-"called"'), (1.25, 1.9, "i'm")]
# The aligner's silences are the gaps, which praatio fills with empty labels.
EXPECTED = [(0, 0.1, PAUSE), *WORDS[:2], (0.8, 1.25, PAUSE), WORDS[2]]
PHONES = [(0.1, 0.3, "W"), (0.3, 0.45, "EH1"), (0.45, 1.9, "AY1")]
SILENT = ["sp", "SIL", "<eps>", "{SL}", "{NS}", "{lg}", ""]
SPOKEN = ["HELLO", "SPIN", "null", "NA", "nan", "None"]


def read(folder, text):
    path = folder / "words.csv"
    path.write_text(text, encoding="utf-8")
    table = Table(path)
    return read_words(table, table.rows())


def check(words, expected):
    np.testing.assert_array_equal(words.intervals, [each[:2] for each in expected])
    assert words.texts.tolist() == [text for _, _, text in expected]


@pytest.mark.parametrize(
    "header", ["start,end,word", "Begin, End ,Text", "XMIN;xmax;label", "onset\toffset\ttoken"]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_names_delimiters_and_line_ends(tmp_path, header, line_end):
    delimiter = next(each for each in ";\t," if each in header)
    rows = [["0.5", "1", "well"], ["1", " 1.25", " über "], ["1.25", "2", ""], ["2", "3", "SIL"]]
    lines = [header, *(delimiter.join(row) for row in rows), ""]
    words = read(tmp_path, line_end.join(lines))
    check(words, [(0.5, 1, "well"), (1, 1.25, "über"), (1.25, 2, PAUSE), (2, 3, PAUSE)])


def test_other_columns_and_their_order_do_not_matter(tmp_path):
    words = read(tmp_path, ',word,speaker,end,start\n0,a,anna,2,1\n\n1,"b, c",bert,4,3\n,,,,\n')
    check(words, [(1, 2, "a"), (3, 4, "b, c")])


@pytest.mark.parametrize("form", ["table", "long_textgrid", "short_textgrid"])
def test_silence_and_noise_are_pauses_and_all_else_is_a_word(tmp_path, form):
    entries = [(start, start + 1, label) for start, label in enumerate([*SILENT, *SPOKEN])]
    if form == "table":
        rows = [f"{start},{end},{label}" for start, end, label in entries]
        words = read(tmp_path, "\n".join(["start,end,word", *rows]))
    else:
        tiers = {"phone": [(0, 13, "AH0")], "word": entries}
        words = read_textgrid(write_textgrid(tmp_path / "a.TextGrid", tiers, form))
    assert words.texts.tolist() == [PAUSE] * len(SILENT) + SPOKEN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("starts,end,word\n0,1,a\n", "line 1: no column 'start', .*Did you mean 'starts'"),
        ("0,1,a\n", "line 1: no column 'start', only '0', '1', 'a'"),
        (
            "start;end;word\n0,5;1;a\n",
            "line 2: column 'start': '0,5' is not a number.*decimal point",
        ),
        ("start,end,word\n0,inf,a\n", "line 2: column 'end': 'inf'"),
        ("start,end,word\n2,1,a\n", "line 2: a word from 2 to 1"),
        ("start,end,word\n0,250,a\n250,500,b\n", "longer than 250.*milliseconds"),
        (f"start,end,word\n0,1,{'a' * 251}\n", "line 2: a word of 251 letters"),
    ],
)
def test_errors_name_file_and_line(tmp_path, text, message):
    with pytest.raises(SourceError, match=rf"words\.csv, .*{message}"):
        read(tmp_path, text)


def test_one_table_for_all_in_any_order(tmp_path):
    rows = [["b", 0, 1, "x"], ["a", 1, 2, "y\n"], ["b", 2, 3, "z"], ["b", "zero", 3, "x"]]
    path = write_csv(tmp_path / "w.csv", ["Video ID", "start", "end", "word"], rows[:3])
    found = open_words(path, None, ["a", "b", "c"], lambda _: None)
    assert sorted(found) == ["a", "b"]
    check(found["b"](), [(0, 1, "x"), (2, 3, "z")])
    write_csv(path, ["video", "start", "end", "word"], rows)
    with pytest.raises(SourceError, match="line 6: column 'start': 'zero'"):
        open_words(path, None, ["a", "b"], lambda _: None)["b"]()
    with pytest.raises(SourceError, match=r"no words of any video .*, only of 'a', 'b'"):
        open_words(path, None, ["c"], lambda _: None)
    with pytest.raises(SourceError, match="one TextGrid"):
        open_words(tmp_path / "a.TextGrid", None, ["a"], lambda _: None)


@FORMS
@pytest.mark.parametrize("name", ["words", "anna - words", "Words"])
def test_montreal_forced_aligner(tmp_path, form, name):
    tiers = {name: WORDS, f"{name[:-5]}phones": PHONES}
    check(read_textgrid(write_textgrid(tmp_path / "a.TextGrid", tiers, form)), EXPECTED)


@FORMS
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_encodings_and_line_ends(tmp_path, form, encoding, line_end):
    path = write_textgrid(tmp_path / "a.TextGrid", {"words": [(0, 0.5, "größer"), (0.5, 1, "是")]})
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    text = path.read_text(encoding="utf-8").replace("\n", line_end)
    path.write_bytes(mark + text.encode(encoding))
    assert read_textgrid(path).texts.tolist() == ["größer", "是"]


def test_several_speakers(tmp_path):
    tiers = {"anna - words": WORDS, "bert - words": [(0, 1.9, "yes")], "bert - phones": PHONES}
    path = write_textgrid(tmp_path / "a.TextGrid", tiers)
    with pytest.raises(SourceError, match=r"2 tiers that may hold .*'anna - words', 'bert - w"):
        read_textgrid(path)
    assert read_textgrid(path, "bert - words").texts.tolist() == ["yes"]


@pytest.mark.parametrize("tier", [None, "wordz"])
def test_no_such_tier_lists_those_that_are_there(tmp_path, tier):
    path = write_textgrid(tmp_path / "a.TextGrid", {"phones": PHONES, "swords": WORDS})
    with pytest.raises(SourceError, match=r"no such tier; .*'phones', 'swords'.*--tier"):
        read_textgrid(path, tier)


@FORMS
def test_a_file_cut_off_anywhere_is_refused(tmp_path, form):
    path = write_textgrid(tmp_path / "a.TextGrid", {"phones": PHONES, "words": WORDS}, form)
    whole = path.read_bytes()
    for length in range(len(whole.rstrip()) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(SourceError, match=r"a\.TextGrid"):
            read_textgrid(path)


@FORMS
@settings(max_examples=80)
@given(data=st.data())
def test_damage_gives_words_or_a_source_error(tmp_path, form, data):
    path = write_textgrid(tmp_path / "a.TextGrid", {"phones": PHONES, "words": WORDS}, form)
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    with contextlib.suppress(SourceError):
        words = read_textgrid(path)
        assert np.isfinite(words.intervals).all()
        assert (words.intervals[:, 0] < words.intervals[:, 1]).all()


@FORMS
@pytest.mark.parametrize("time", ["inf", "nan", "1e999"])
def test_a_time_that_is_not_finite_is_refused(tmp_path, form, time):
    path = write_textgrid(
        tmp_path / "a.TextGrid", {"words": [(0, 0.5, "a"), (0.5, 1.25, "b")]}, form
    )
    path.write_text(time.join(path.read_text().rsplit("1.25", 1)))
    with pytest.raises(SourceError, match=r"a\.TextGrid.*") as caught:
        read_textgrid(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "praatio"),
        (b"start,end,word\n0,1,a\n", "praatio"),
        (b'{"start": 0, "end": 1, "tiers": {}}', "no such tier"),
        (b'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n0\n', "praatio"),
        (b'File type = "\xff\xfe"', "UnicodeDecodeError"),
        (b"\xff\xfeF", "UnicodeDecodeError"),
    ],
)
def test_other_files(tmp_path, content, message):
    path = tmp_path / "a.TextGrid"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=rf"a\.TextGrid.*: .*{message}"):
        read_textgrid(path)


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
