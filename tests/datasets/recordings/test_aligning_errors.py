"""Aligning that fails says why, and leaves nothing."""

import shutil

import pytest

from rmfn_tf.datasets.recordings import custom_writer
from rmfn_tf.datasets.sources.errors import SourceError
from support.aligned_folder import WORDS_WITH_A_PAUSE, check, expected_examples, load, run, small
from support.own_recordings import OPENFACE_HEADER, make_recordings, write_csv


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "sdk"}, "mode must be one of default, mmsdk; got 'sdk'"),
        ({"pauses": "none"}, "pauses must be"),
        ({"word_shift": "2"}, "word_shift must be"),
        ({"kind": "ordinal"}, "kind must be"),
        ({"kind": "classification"}, "classes 0, 1, 2, ...; got 0.5 for one"),
        ({"kind": "multilabel"}, "0 or 1; got 0.5"),
        ({"labels": ["mood"]}, "no label column 'mood'"),
        ({"name": "1st"}, "name must begin with a letter"),
        ({"frames": {}}, "one modality at least"),
        ({"frames": {"words": "openface"}}, "'words': that name has a meaning"),
        ({"frames": {"a-b": "openface"}}, "'a-b': use a letter"),
        ({"columns": {"visua": ["AU*"]}}, "Columns of 'visua'"),
        ({"columns": {"visual": ["AX*"]}}, r"no feature column is called 'AX\*'"),
        ({"tier": "phones"}, "no such tier"),
        ({"split_seed": -1}, "seed of the splits"),
    ],
)
def test_wrong_arguments_leave_nothing(tmp_path, options, message):
    make_recordings(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=message):
        run(tmp_path, **options)
    assert sorted(tmp_path.iterdir()) == before


def test_one_class(tmp_path):
    small(tmp_path, [[0, 1, 1]], [[0, 1, 1]], [(0, 3)], WORDS_WITH_A_PAUSE)
    write_csv(tmp_path / "segments.csv", ["video", "start", "end", "y"], [["v", 0, 3, 0]])
    with pytest.raises(ValueError, match="two at least"):
        run(tmp_path, kind="classification")


def test_an_error_in_the_last_video_leaves_nothing(tmp_path, monkeypatch):
    make_recordings(tmp_path)
    monkeypatch.setattr(custom_writer, "SHARD_BYTES", 100)
    (tmp_path / "smile" / "four.csv").write_text("name;frameTime;F0;loudness\na;0;1;2\na;x;1;2\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SourceError, match=r"four\.csv, line 3: column 'frametime': 'x'"):
        run(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_an_interruption_leaves_nothing_and_a_leftover_does_not_matter(tmp_path):
    recordings = make_recordings(tmp_path)
    before = sorted(tmp_path.iterdir())

    def interrupt(done, total):
        assert total == 4
        assert (tmp_path / ".partial-out").is_dir()
        assert not (tmp_path / "out").exists()
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, on_progress=interrupt)
    assert sorted(tmp_path.iterdir()) == before
    (tmp_path / ".partial-out").mkdir()
    (tmp_path / ".partial-out" / "part-00009.npz").write_text("of a run that was killed")
    run(tmp_path)
    assert sorted(tmp_path.iterdir()) == [*before[:1], tmp_path / "out", *before[1:]]
    check(load(tmp_path), expected_examples(recordings))


def test_an_existing_folder_is_taken_only_if_empty(tmp_path):
    make_recordings(tmp_path)
    (tmp_path / "out").mkdir()
    run(tmp_path)
    with pytest.raises(ValueError, match="is there already"):
        run(tmp_path)


@pytest.mark.parametrize("factor", [1000, 25])
def test_frames_in_another_unit_than_the_words(tmp_path, factor):
    """Milliseconds, or frame numbers."""
    frames = [[each * factor / 25, each] for each in range(75)]
    small(tmp_path, [[0, 1, 1]], [[0, 1, 1]], [(0, 3)], WORDS_WITH_A_PAUSE)
    write_csv(tmp_path / "smile" / "v.csv", ["time", "y"], frames)
    with pytest.raises(SourceError, match="seconds: are these milliseconds"):
        run(tmp_path)


def test_no_segment_with_words(tmp_path):
    small(tmp_path, [[0, 1, 1]], [[0, 1, 1]], [(3000, 4000), (7, 7)], WORDS_WITH_A_PAUSE)
    with pytest.raises(SourceError, match=r"none of the 2 segments has words \(.*timed in seconds"):
        run(tmp_path)
    assert not (tmp_path / "out").exists()


def test_frames_of_other_videos_alone(tmp_path):
    make_recordings(tmp_path)
    for path in (tmp_path / "smile").iterdir():
        path.rename(path.with_name(f"{path.stem}_audio.csv"))
    with pytest.raises(SourceError, match=r"no acoustic frames of any video .* 'four_audio'"):
        run(tmp_path)


@pytest.mark.parametrize("content", ["nothing", "another file"])
def test_a_folder_without_files(tmp_path, content):
    make_recordings(tmp_path)
    shutil.rmtree(tmp_path / "words")
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "notes.txt").write_text(content)
    with pytest.raises(SourceError, match=r"no files \.textgrid, \.csv, \.tsv"):
        run(tmp_path)


def test_other_columns_in_one_file_of_a_modality(tmp_path):
    make_recordings(tmp_path)
    write_csv(tmp_path / "openface" / "three.csv", OPENFACE_HEADER[:-1], [[1, 0, 0, 1, 1, 2, 3]])
    with pytest.raises(SourceError, match=r"three\.csv.*other columns.*'gaze_0_x'"):
        run(tmp_path)


def test_two_files_of_one_video(tmp_path):
    make_recordings(tmp_path)
    write_csv(tmp_path / "words" / "two.csv", ["start", "end", "word"], [[0, 1, "a"]])
    with pytest.raises(SourceError, match=r"2 files of the video 'two': two\.TextGrid, two\.csv"):
        run(tmp_path)
