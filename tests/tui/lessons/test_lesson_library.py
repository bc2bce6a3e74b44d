"""Which lessons there are: the package's, the user's, by language; and that a broken one hides no other."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gradtui.lessons import check
from gradtui.lessons.library import VARIABLE, Entry, entries, find, names, user_folder

GOOD = "+++\ntitle = '{title}'\nsummary = 'S'\n+++\n## A\n\nText.\n"
SHIPPED = [each.id for each in entries("en", Path("/no/such/folder"))]


def write(folder: Path, name: str, title: str = "Mine", text: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text or GOOD.format(title=title), encoding="utf-8")


def titles(folder: Path, language: str = "en") -> dict[str, str]:
    return {each.id: each.title for each in entries(language, folder)}


def test_lessons_come_in_the_order_of_their_names() -> None:
    assert sorted(SHIPPED) == SHIPPED
    assert len(SHIPPED) >= 10


def test_a_users_lesson_stands_among_the_shipped_ones_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, "03a-mine.md")
    names = [each.id for each in entries("en", tmp_path)]
    assert names == sorted([*SHIPPED, "03a-mine"])


def test_a_users_lesson_of_the_same_name_takes_the_place_of_the_shipped_one_in_every_language(tmp_path: Path) -> None:
    write(tmp_path, f"{SHIPPED[2]}.md")
    for language in ("en", "zh"):
        assert titles(tmp_path, language)[SHIPPED[2]] == "Mine"
        assert len(titles(tmp_path, language)) == len(SHIPPED)


def test_a_subfolder_serves_one_language_and_wins_over_what_serves_all(tmp_path: Path) -> None:
    write(tmp_path, "mine.md", "for all")
    write(tmp_path / "zh", "mine.md", "for zh")
    write(tmp_path / "zh", "only.md", "zh alone")
    assert titles(tmp_path, "zh")["mine"] == "for zh"
    assert titles(tmp_path, "en")["mine"] == "for all"
    assert "only" in titles(tmp_path, "zh")
    assert "only" not in titles(tmp_path, "en")


def test_where_a_language_lacks_a_lesson_the_english_one_is_shown(tmp_path: Path) -> None:
    write(tmp_path / "en", "mine.md", "in English")
    assert titles(tmp_path, "zh")["mine"] == "in English"
    english = {each.id: each.title for each in entries("en", tmp_path)}
    assert {each.id: each.title for each in entries("xx", tmp_path)} == english


def test_a_broken_lesson_is_listed_with_its_faults_and_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path, "broken.md", text="+++\ntitel = 'a'\n+++\n## A\n```step\nview = 'explor'\n```\n")
    write(tmp_path, "good.md")
    found = find("broken", "en", tmp_path)
    assert found is not None
    assert found.lesson is None
    assert found.title == "broken"
    assert len(found.faults) >= 3
    assert all(each.startswith(f"{tmp_path}/broken.md:") for each in found.faults)
    assert found.summary == found.faults[0]
    assert titles(tmp_path)["good"] == "Mine"
    assert set(SHIPPED) < set(titles(tmp_path))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xffa+++", "is not UTF-8 text (byte 0)"),
        (b"x" * 300_000, "300000 bytes are no lesson"),
        (b"", "front matter"),
    ],
)
def test_a_file_that_is_no_text_is_a_fault(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "x.md").write_bytes(content)
    found = find("x", "en", tmp_path)
    assert found is not None
    assert says in found.summary


def test_a_name_that_leads_to_no_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.md").mkdir()
    for name in ("gone", "folder"):
        found = find(name, "en", tmp_path)
        assert found is not None
        assert "cannot be read" in found.summary


def test_other_files_are_no_lessons(tmp_path: Path) -> None:
    write(tmp_path, "notes.txt")
    write(tmp_path, "mine.md.orig")
    assert list(titles(tmp_path)) == SHIPPED


def test_the_variable_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "mine.md")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert user_folder() == tmp_path
    assert "mine" in [each.id for each in entries("en")]


def test_a_variable_that_names_no_folder_is_a_fault_and_hides_no_lesson(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    first, *others = entries("en")
    assert first.id == VARIABLE
    assert "is no folder" in first.summary
    assert str(tmp_path / "none") in first.summary
    assert [each.id for each in others] == SHIPPED


def test_without_the_variable_it_is_the_users_data_directory() -> None:
    assert user_folder({}).name == "lessons"
    assert "gradtui" in str(user_folder({}))
    assert user_folder({VARIABLE: ""}) == user_folder({})


def test_there_is_no_lesson_of_another_name(tmp_path: Path) -> None:
    assert find("nothing", "en", tmp_path) is None


# -- the check that a teacher runs -------------------------------------------------------------------------

ASKS = "+++\ntitle='T'\nsummary='S'\nexperiment={{depth=5}}\n+++\n## A\n```step\nask='?'\n{block}\n```\n"


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("choices=[{say='a',when='ratio > 1e9'},{say='b',when='ratio > 1e8'}]", "no choice is true"),
        ("choices=[{say='a',when='ratio > 0'},{say='b',when='loss > 0'}]", "choices A, B are all true"),
        ("measure='norm_factor@2'", "there is none at stage 2"),
        ("measure='half_life'\nthen={depth=1}", "nothing to compare with"),
        ("measure='activation_mean@2'\ndecades=1\nthen={activation='tanh',init='zeros'}", "no orders of magnitude"),
    ],
)
def test_what_is_not_true_of_the_computed_trace_is_reported(tmp_path: Path, block: str, says: str) -> None:
    write(tmp_path, "x.md", text=ASKS.format(block=block))
    out = io.StringIO()
    assert check.report([str(tmp_path / "x.md")], out) == 1
    assert says in out.getvalue()
    assert "step 1" in out.getvalue()


def test_a_true_lesson_is_reported_as_such(tmp_path: Path) -> None:
    write(tmp_path, "x.md")
    out = io.StringIO()
    assert check.report([str(tmp_path / "x.md")], out) == 0
    assert out.getvalue() == f"✓ {tmp_path}/x.md: Mine\n"


def test_a_file_that_there_is_not_is_reported(tmp_path: Path) -> None:
    out = io.StringIO()
    assert check.report([str(tmp_path / "none.md")], out) == 1
    assert "cannot be read" in out.getvalue()


@pytest.mark.parametrize("language", ["en", "zh", "xx"])
def test_the_names_are_those_of_the_entries(tmp_path: Path, language: str) -> None:
    write(tmp_path, "mine.md")
    write(tmp_path / "zh", "broken.md", text="nothing")
    assert names(language, tmp_path) == tuple(each.id for each in entries(language, tmp_path))
    for each in entries(language, tmp_path):
        assert find(each.id, language, tmp_path) == each


def test_an_entry_is_a_lesson_or_has_faults() -> None:
    for language in ("en", "zh"):
        for each in entries(language, Path("/no/such/folder")):
            assert isinstance(each, Entry)
            assert (each.lesson is None) == bool(each.problems)
