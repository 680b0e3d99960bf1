"""A recogniser goes into one file and comes out the same; nothing else comes in."""

import dataclasses
import io
import json
import os
import pickle
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from conftest import SR, tone

from ser_helpers import answering, data, features, files, origin, predict, split, train, weights
from ser_helpers.further import adapt


@pytest.fixture(scope="module")
def recogniser(result) -> predict.Recogniser:
    return predict.from_result(result)


@pytest.fixture(scope="module")
def file(recogniser, tmp_path_factory):
    return predict.save(recogniser, tmp_path_factory.mktemp("saved") / "deep" / "mine.npz")


def test_a_stored_recogniser_serves_its_own_clips_and_split_only(corpus, table, result, tmp_path):
    """In the first edition the folder's name decided: a corpus that grew kept its old network."""
    trained = []

    def answer(table, parts):
        before = set(tmp_path.iterdir())
        recogniser = predict.stored(corpus, table, parts, folder=tmp_path)
        trained.append(set(tmp_path.iterdir()) != before)
        return recogniser

    first = answer(table, result.parts)
    assert predict.load(next(tmp_path.iterdir())).provenance == first.provenance
    answer(table, result.parts)
    others = split.by_speaker(corpus.clips, test_size=0.4, seed=3)
    second = answer(table, others)
    for speaker in corpus.clips.actor[others == "test"].unique():
        assert not predict.heard(second, speaker)
    grown = table.copy()
    grown.attrs = table.attrs | {"content": "one clip more"}
    answer(grown, result.parts)
    answer(table, result.parts)
    assert trained == [True, False, True, True, False]
    (tmp_path / "a file").touch()
    with pytest.warns(UserWarning, match="is not stored"):
        predict.stored(corpus, table, others, folder=tmp_path / "a file")


def test_the_command_answers_and_says_what_it_was_trained_on(file, corpus, tmp_path, capsys):
    good, bad = corpus.clips.path.iloc[0], tmp_path / "bad.wav"
    bad.write_bytes(b"no sound")
    assert answering.main([str(good), "--recogniser", str(file)]) == 0
    out = capsys.readouterr().out
    assert "Trained on" in out and "speakers (500" in out
    assert str(good) in out
    asked = [str(good.parent / f"{good.stem[:8]}*.wav"), str(bad), "--recogniser", str(file)]
    assert answering.main([*asked, "--json"]) == 1
    said = capsys.readouterr()
    files = json.loads(said.out)["files"]
    assert len(files) > 2 and "is not sound" in files.pop(str(bad))["error"]
    assert "bad.wav is not sound" in said.err
    expected = predict.predict_file(predict.load(file), good)
    assert files[str(good)]["probabilities"] == expected.astype(float).round(4).to_dict()
    for answer in files.values():
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert answering.main([str(good), "--recogniser", str(bad)]) == 1
    assert "is not a whole recogniser file" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        answering.main([])


@pytest.fixture(scope="module")
def content(file) -> bytes:
    return file.read_bytes()


def rewritten(content: bytes, header: dict | None = None, **arrays: np.ndarray | None) -> bytes:
    """Change some fields of a saved recogniser; None takes one out."""
    with np.load(io.BytesIO(content)) as saved:
        held = {name: saved[name] for name in saved.files}
    told = json.loads(str(held["header"])) | (header or {})
    held["header"] = np.array(json.dumps({k: v for k, v in told.items() if v is not None}))
    file = io.BytesIO()
    np.savez(file, **{k: v for k, v in (held | arrays).items() if v is not None})
    return file.getvalue()


def test_a_round_trip_gives_equal_probabilities(result, recogniser, file, table):
    back = predict.load(file)
    assert back.classes == recogniser.classes == data.EMOTIONS
    assert back.audio_settings == features.AudioSettings()
    assert not back.model.training
    pd.testing.assert_frame_equal(
        predict.predict(back, table), predict.predict(recogniser, table), rtol=0, atol=0
    )
    pd.testing.assert_frame_equal(predict.predict(back, table), result.probabilities, atol=1e-5)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_file_may_be_shared(file):
    """Others in the class may read what a teacher saved: rights are as for any new file."""
    (ordinary := file.with_suffix(".txt")).touch()
    assert file.stat().st_mode == ordinary.stat().st_mode
    ordinary.unlink()


def test_predict_file_is_predict_of_describe(recogniser, corpus):
    path = corpus.clips.path.iloc[7]
    answer = predict.predict_file(recogniser, path)
    row = features.describe(data.load_clip(path))
    expected = predict.predict(recogniser, row[None]).iloc[0]
    np.testing.assert_array_equal(answer, expected)
    assert answer.name == path.stem
    assert answer.index.tolist() == list(data.EMOTIONS)
    assert answer.sum() == pytest.approx(1, abs=1e-5)


def test_columns_are_the_classes_of_the_outputs_whatever_their_order(result, recogniser, table):
    """The order of a recogniser is its own, not that of EMOTIONS."""
    flipped = dataclasses.replace(recogniser, classes=recogniser.classes[::-1])
    answer = predict.predict(flipped, table)
    assert tuple(answer.columns) == data.EMOTIONS[::-1]
    np.testing.assert_allclose(answer["SAD"], result.probabilities["ANG"], atol=1e-5)


SPRUNG = []


def spring() -> None:
    SPRUNG.append(True)


class Trap:
    def __reduce__(self):
        return spring, ()  # whoever unpickles this runs code that the file chose


@pytest.mark.parametrize("how", ["a pickled object in an array", "a pickle", "a pickled array"])
def test_a_pickled_object_is_refused_and_its_code_never_runs(tmp_path, content, how):
    SPRUNG.clear()
    trapped = np.array([Trap()], dtype=object)
    path = tmp_path / "trap.npz"
    if how == "a pickled object in an array":
        path.write_bytes(rewritten(content, mean=trapped))
    elif how == "a pickle":
        path.write_bytes(pickle.dumps(Trap()))
    else:
        with path.open("wb") as file:
            np.save(file, trapped, allow_pickle=True)
    with pytest.raises(data.DataError, match="not a whole recogniser file") as error:
        predict.load(path)
    assert "unsafely" not in str(error.value)  # numpy's own advice
    assert SPRUNG == []
    loaded = np.load(path, allow_pickle=True)  # the trap is a real one
    if how == "a pickled object in an array":
        loaded["mean"]
        loaded.close()
    assert SPRUNG == [True]


def test_a_file_cut_short_anywhere_is_refused(tmp_path, content):
    path = tmp_path / "cut.npz"
    for length in [0, 1, 30, *range(64, len(content), 500), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(data.DataError, match=r"cut\.npz is not a whole recogniser file"):
            predict.load(path)


def test_changed_bytes_are_noticed_or_do_no_harm(tmp_path, content, recogniser, table):
    path = tmp_path / "damaged.npz"
    expected = predict.predict(recogniser, table)
    rng = np.random.default_rng(0)
    for at in rng.integers(len(content), size=300):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :])
        try:
            back = predict.load(path)
        except data.DataError:
            continue
        pd.testing.assert_frame_equal(predict.predict(back, table), expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"header": {"version": 1}}, "another version of the course"),  # of the first edition
        ({"header": {"version": [2, 99]}}, r"file 2\.99, here 2\.\d+"),
        ({"header": {"format": "something else"}}, "it holds something else"),
        ({"header": {"version": None}}, "not a whole recogniser"),
        ({"header": {"classes": ["ANG", "SAD"]}}, "does not fit together"),
        ({"header": {"classes": list("ABCDEF")}}, r"the classes are \('A'"),
        ({"header": {"hidden": [9]}}, "does not fit together"),
        ({"header": {"audio_settings": {"n_mfcc": 20}}}, r"mean has the shape"),
        ({"header": {"audio_settings": {"n_mfcc": 99}}}, "n_mfcc=99 is more than n_mels=64"),
        ({"scale": np.ones(1, "float32")}, r"scale has the shape \(1,\)"),
        ({"scale": np.full(271, np.nan, "float32")}, "scale holds what is not a number"),
        ({"scale": None}, "does not fit together .*scale"),
        ({"mean": None}, "does not fit together .*mean"),
    ],
    ids=str,
)
def test_what_does_not_belong_together_is_refused(tmp_path, content, change, says):
    path = tmp_path / "other.npz"
    path.write_bytes(rewritten(content, **change))
    with pytest.raises(data.DataError, match=says):
        predict.load(path)


def test_what_is_no_recogniser_says_so(tmp_path, corpus):
    (tmp_path / "notes.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    for path in (tmp_path / "notes.npz", tmp_path / "other.npz", corpus.clips.path.iloc[0]):
        with pytest.raises(data.DataError, match=f"{path.name} is not a whole recogniser file"):
            predict.load(path)
    for path in (tmp_path / "missing.npz", tmp_path):
        with pytest.raises(data.DataError, match="cannot be read"):
            predict.load(path)


def test_the_older_file_stays_when_writing_fails(tmp_path, recogniser, content, monkeypatch):
    path = tmp_path / "mine.npz"
    path.write_bytes(content)

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", full_disk)
        with pytest.raises(data.DataError, match="No space left.*choose another folder"):
            predict.save(recogniser, path)
    assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["mine.npz"]
    predict.save(dataclasses.replace(recogniser, mean=recogniser.mean + 1), path)
    assert not np.array_equal(predict.load(path).mean, recogniser.mean)


def test_rows_that_are_not_the_features_are_refused(recogniser, table):
    for rows in (table.iloc[:, :-1], table[table.columns[::-1]], table.to_numpy()[0], [1.0, 2.0]):
        with pytest.raises(data.DataError, match=r"\(n_clips, 271\) are needed"):
            predict.predict(recogniser, rows)
    with pytest.raises(data.DataError, match="not numbers"):
        predict.predict(recogniser, table.replace(table.iloc[3, 5], np.nan))


CHANGES = {
    "nothing": lambda table: table,
    "a copy": lambda table: table.copy(),
    "some rows": lambda table: table.iloc[::2],
    "another order": lambda table: table.sample(frac=1, random_state=0),
    "other numbers of the same value": lambda table: table.astype(np.float64),
    "arithmetic": lambda table: table * 1.5,
    "one number": lambda table: table.mask(np.eye(*table.shape, dtype=bool), 0.0),
    "rounding": lambda table: table.round(1),
    "centring": lambda table: table - table.mean(),
    "columns": lambda table: table.iloc[:, :30],
    "reordered columns": lambda table: table[table.columns[::-1]],
    "renamed columns": lambda table: table.set_axis(table.columns[::-1], axis=1),
    "notes lost": lambda table: pd.DataFrame(table.to_numpy(), table.index, table.columns),
    "two tables": lambda table: pd.concat([table.iloc[:9], table.iloc[9:] + 1]),
}
AS_DESCRIBED = set(list(CHANGES)[:5])


@pytest.mark.parametrize("change", CHANGES)
def test_only_features_as_described_make_a_recogniser(corpus, table, result, change):
    """The values decide: attrs travel along with arithmetic."""
    changed = CHANGES[change](table)
    settings = train.TrainSettings(max_epochs=1, hidden=(4,))
    again = train.fit(
        changed, corpus.clips.emotion, result.parts, settings=settings, progress=False
    )
    pd.testing.assert_frame_equal(again.answers(changed), again.probabilities, atol=1e-6)
    if change in AS_DESCRIBED:
        predict.from_result(again)
    else:
        with pytest.raises(data.DataError, match="not as features.extract returned it"):
            predict.from_result(again)


def test_a_table_standardised_by_speaker_says_so(corpus, table):
    adapted = adapt.standardise_by_speaker(table, corpus.clips.actor)
    assert "standardised by speaker" in origin.origin_of(adapted)["changed"]
    json.dumps(adapted.attrs)  # Parquet keeps them


def test_a_recogniser_knows_what_it_was_trained_on(result, corpus, table, tmp_path):
    path = predict.save(predict.from_result(result, corpus=corpus), tmp_path / "mine.npz")
    assert path.read_bytes() == predict.save(predict.load(path), tmp_path / "twin.npz").read_bytes()
    mine = predict.load(path)
    for part in split.PARTS:
        for speaker in corpus.clips.actor[result.parts == part].unique():
            assert predict.heard(mine, speaker) == (part != "test")
            assert str(speaker) in str(mine)
    assert f"numpy {np.__version__}" in str(mine)
    assert predict.belongs(mine, corpus, table, result.parts)
    others = split.by_speaker(corpus.clips, test_size=0.4, seed=1)
    assert not predict.belongs(mine, corpus, table, others)
    grown = table.copy()
    grown.attrs["content"] = "of other files"
    assert not predict.belongs(mine, corpus, grown, result.parts)
    assert not predict.belongs(mine, corpus, table + 1, result.parts)
    assert predict.from_result(result).provenance == mine.provenance  # the table has it noted
    unnoted = dataclasses.replace(result, origin=result.origin | {"actors": ""})
    unknown = predict.from_result(unnoted)
    assert not predict.belongs(unknown, corpus, table, result.parts)
    assert "speakers not noted" in str(unknown)
    with pytest.raises(data.DataError, match="does not know whom it has heard"):
        predict.heard(unknown, 5001)
    assert "Nothing is known" in str(dataclasses.replace(mine, provenance=weights.Provenance()))


def test_a_speaker_is_the_same_as_number_and_as_text(result, corpus):
    mine = predict.from_result(result, corpus=corpus)
    trained, tested = (
        int(corpus.clips.actor[result.parts == p].iloc[0]) for p in ("train", "test")
    )
    for write in (int, str, float, np.int64, lambda n: f" {n} "):
        assert predict.heard(mine, write(trained))
        assert not predict.heard(mine, write(tested))
    assert mine.provenance.parts_of(trained) == ("train",)
    assert mine.provenance.parts_of(1) == ()


@pytest.mark.parametrize("change", ["two clips in each other's part", "a label", "a file"])
def test_the_same_counts_and_speakers_are_not_the_same_training(corpus, table, result, change):
    mine = predict.from_result(result, corpus=corpus)
    parts, other, grown = result.parts.copy(), corpus.clips.copy(), table.copy()
    if change == "a label":
        other.loc[table.index[0], "emotion"] = "SAD"
    elif change == "a file":
        grown.attrs = table.attrs | {"content": "other"}
    else:
        one, two = (parts.index[(parts == p)][0] for p in ("train", "test"))
        parts[[one, two]] = parts[[two, one]].to_numpy()
    other = dataclasses.replace(corpus, clips=other)
    assert predict.belongs(mine, corpus, table, result.parts)
    assert not predict.belongs(mine, other, grown, parts)


def test_rows_that_say_they_are_of_another_kind_get_no_answer(corpus, table, result):
    recogniser = predict.from_result(result)
    adapted = adapt.standardise_by_speaker(table, corpus.clips.actor)
    with pytest.raises(data.DataError, match="were standardised by speaker"):
        predict.predict(recogniser, adapted)
    with pytest.raises(data.DataError, match="are standardised by speaker"):
        result.answers(adapted)
    other = features.AudioSettings(hop_length=200)
    elsewise = features.extract(corpus.clips.iloc[:2], settings=other, progress=False)
    with pytest.raises(data.DataError, match="'hop_length': 200"):
        predict.predict(recogniser, elsewise)
    with pytest.raises(data.DataError, match="271 columns of the training table"):
        result.answers(table[table.columns[::-1]])


def deflated(content: bytes) -> bytes:
    """Pack a file anew, so that it unpacks to far more than it is long."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
        new.writestr("weights/more.npy", bytes(50_000_000))
    return packed.getvalue()


def told_shape(content: bytes, shape: str) -> bytes:
    """Let ``mean`` say that it has another shape than its bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        members = {member.filename: old.read(member) for member in old.infolist()}
    was = b"(271,), }" + b" " * (len(shape) - 6)
    members["mean.npy"] = members["mean.npy"].replace(was, f"({shape},), }}".encode())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as new:
        for name, data in members.items():
            new.writestr(name, data)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("forge", "says"),
    [
        (deflated, "unpack to more than it holds"),
        (lambda c: told_shape(c, "271000000000"), "not as many numbers as it says"),
        (lambda c: rewritten(c, {"hidden": [10**10]}), "does not fit together"),
        (
            lambda c: rewritten(c, {"audio_settings": {"n_mfcc": 10**7, "n_mels": 10**7}}),
            "no sound needs",
        ),
        (lambda c: rewritten(c, mean=np.zeros(271)), "mean is of the kind float64"),
        (lambda c: rewritten(c, mean=np.zeros(271, complex)), "mean is of the kind complex"),
        (lambda c: rewritten(c, scale=np.zeros(271, np.float32)), "scale is not above 0"),
        (lambda c: rewritten(c, {"version": [99, 1]}), "file 99.1.*update the course"),
        (lambda c: rewritten(c, {"provenance": [1]}), "does not fit together"),
        (lambda c: rewritten(c, {"provenance": {"speakers": {"train": 3}}}), "not fit together"),
        (lambda c: rewritten(c, {"provenance": {"speakers": {}, "n_clips": "many"}}), "n_clips"),
    ],
    ids=range(11),
)
def test_a_forged_file_is_refused_and_takes_no_memory(tmp_path, content, forge, says):
    path = tmp_path / "forged.npz"
    path.write_bytes(forge(content))
    tracemalloc.start()
    with pytest.raises(data.DataError, match=says):
        predict.load(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20_000_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_recogniser(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(data.DataError, match="is no file"):
        predict.load(tmp_path / "pipe.npz")


def test_loading_draws_no_random_number(file):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    predict.load(file)
    assert torch.equal(torch.rand(3), expected)


def test_the_command_takes_folders_and_patterns_and_each_file_once(
    file, corpus, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "voices"
    (folder / "deep").mkdir(parents=True)
    paths = [folder / "a.wav", folder / "deep" / "b.wav"]
    for path, clip in zip(paths, corpus.clips.path, strict=False):
        path.write_bytes(clip.read_bytes())
    (folder / "notes.txt").write_text("no sound")
    monkeypatch.chdir(tmp_path)
    given = ["voices", "voices/*.wav", "nothing*.wav", "voices/a.wav"]
    assert answering.main([*given, "--recogniser", str(file), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    wanted = [str(path.relative_to(tmp_path)) for path in paths]
    assert list(said["files"]) == [*wanted, "nothing*.wav"]
    assert "error" in said["files"]["nothing*.wav"]
    answer = said["files"][wanted[0]]
    assert answer["answer"] == max(answer["probabilities"], key=answer["probabilities"].get)


def test_the_commands_help_does_not_wait_for_torch():
    loaded = "import sys; sys.argv[1:] = ['--help']; import runpy\n"
    loaded += "try: runpy.run_module('ser_helpers.predict', run_name='__main__')\n"
    loaded += "except SystemExit as end: sys.exit(bool(end.code or 'torch' in sys.modules))"
    subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True)


def test_predict_file_refuses_what_is_no_sound(recogniser, tmp_path):
    path = tmp_path / "mine.wav"
    for content, says in ((b"", "empty"), (b"hello", "is not"), (None, "cannot be read")):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(data.DataError, match=says):
            predict.predict_file(recogniser, path)


def test_the_rate_of_the_settings_travel_with_the_recogniser(recogniser, tmp_path):
    """Another sampling rate at prediction time is a classic: the file's own settings decide."""
    settings = features.AudioSettings(sr=8_000, fmax=4_000.0)
    slow = dataclasses.replace(recogniser, audio_settings=settings)
    soundfile.write(tmp_path / "a.wav", tone(5001, "ANG"), SR)
    row = features.describe(data.load_clip(tmp_path / "a.wav", sr=8_000), settings)
    answer = predict.predict_file(slow, tmp_path / "a.wav")
    np.testing.assert_array_equal(answer, predict.predict(slow, row[None]).iloc[0])
    assert not np.allclose(answer, predict.predict_file(recogniser, tmp_path / "a.wav"))


def test_over_time_is_predict_of_each_window(recogniser, corpus):
    sounds = [data.load_clip(path) for path in corpus.clips.path.iloc[[0, 5, 9]]]
    y = np.concatenate(sounds)  # 1.8 s
    answers = predict.over_time(recogniser, y, window=0.6, hop=0.2)
    assert answers.index.name == "seconds"
    np.testing.assert_allclose(answers.index, 0.3 + 0.2 * np.arange(7))
    assert answers.columns.tolist() == list(recogniser.classes)
    start = round(0.8 * SR)
    row = features.describe(y[start : start + round(0.6 * SR)])
    expected = predict.predict(recogniser, row[None]).iloc[0]
    np.testing.assert_allclose(answers.iloc[4], expected, atol=1e-6)
    assert (answers.dtypes == np.float32).all()


def test_over_time_a_short_sound_is_one_window_and_a_pause_is_none(recogniser, corpus):
    y = data.load_clip(corpus.clips.path.iloc[0])
    (answer,) = predict.over_time(recogniser, y).itertuples()
    assert answer.Index == pytest.approx(len(y) / SR / 2)
    expected = predict.predict(recogniser, features.describe(y)[None]).iloc[0]
    np.testing.assert_allclose(answer[1:], expected, atol=1e-6)

    soft = np.random.default_rng(0).normal(scale=1e-5, size=SR).astype(np.float32)
    answers = predict.over_time(recogniser, np.concatenate([y, soft, y]), window=0.4, hop=0.2)
    pause = answers.index.to_series().between(0.85, 1.35)
    assert answers[pause].isna().all(axis=None)
    assert answers[answers.index < 0.6].notna().all(axis=None)
    np.testing.assert_allclose(answers.dropna().sum(axis=1), 1, atol=1e-5)


def test_over_time_refuses_silence_and_windows_of_nothing(recogniser):
    for y in (np.zeros(SR, np.float32), np.array([], np.float32)):
        with pytest.raises(data.DataError, match="empty or silent"):
            predict.over_time(recogniser, y)
    for wrong in ({"window": 0.0}, {"hop": 0.0}, {"hop": -1.0}):
        with pytest.raises(ValueError, match="must be at least"):
            predict.over_time(recogniser, np.ones(SR), **wrong)
