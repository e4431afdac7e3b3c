"""`rmfn rollback`, as a shell sees it."""

import json

import pytest


@pytest.fixture
def models(tmp_path):
    """A model folder with the versions 1 and 2."""
    folder = tmp_path / "rmfn"
    for version in ("1", "2"):
        (folder / version).mkdir(parents=True)
        (folder / version / "saved_model.pb").write_text(version)
    return folder


def test_it_says_what_is_served_now(rmfn, models):
    done = rmfn("rollback", models)

    assert (done.code, done.err) == (0, "")
    kept_as = models / ".withdrawn-2"
    assert done.out == f"Withdrew version 2, kept as {kept_as}. Served now: version 1.\n"
    assert sorted(path.name for path in models.iterdir()) == [".withdrawn-2", "1"]
    assert (kept_as / "saved_model.pb").read_text() == "2"


def test_json(rmfn, models):
    done = rmfn("rollback", models, "--json")

    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {
        "withdrawn": 2,
        "kept_as": str(models / ".withdrawn-2"),
        "served": 1,
    }


def test_the_only_version_needs_force(rmfn, models):
    assert rmfn("rollback", models).code == 0

    refused = rmfn("rollback", models)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("rmfn: version 1 is the only one in ")
    assert "--force" in refused.err
    assert refused.err.count("\n") == 1

    forced = rmfn("rollback", models, "--force")
    assert forced.code == 0
    assert forced.out.endswith("Served now: no version.\n")


def test_no_model_folder(rmfn, tmp_path):
    refused = rmfn("rollback", tmp_path / "missing")

    assert refused.code == 1
    assert refused.err == (
        f"rmfn: {tmp_path / 'missing'} has no versions: name the model folder, which holds 1/, 2/, "
        "...\n"
    )
