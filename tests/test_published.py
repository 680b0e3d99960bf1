"""What the benchmarks wrote is found by its name, in the units of evaluate."""

import math

import pytest
from conftest import ROOT, load_script, results

from ser_helpers import evaluate
from ser_helpers.errors import DataError


def test_the_numbers_are_those_of_the_readmes_table():
    tool = load_script(ROOT / "tools" / "readme.py")
    table = tool.table()
    for file, (first, *rest), label in tool.ROWS:
        cells = []
        for corpus in tool.CORPORA:
            measured = tool.results(f"{file}{corpus}")
            if rest[0] not in measured.get(first, {}):
                cells.append("not measured")
            elif first == "scores":
                topic = f"{file.removesuffix('_')} / " if file else ""
                found = evaluate.published(corpus, f"{topic}{rest[0]}")
                cells.append(tool.in_percent(value=found.value, low=found.low, high=found.high))
            else:
                cells.append(tool.in_percent(**measured[first][rest[0]]["all"]["uar"]))
        assert cells[-1] != "not measured"  # of real people there is always a number
        assert f"| {label} | {' | '.join(cells)} |" in table


def test_the_readme_counts_the_recipes_that_were_tried():
    trials = results("pretrained_ravdess")["trials"]
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"the best of {len(trials)} recipes on validation speakers" in readme


@pytest.mark.parametrize("corpus", ["demo", "ravdess"])
def test_a_score_comes_with_its_metric_and_its_speakers(corpus):
    main = results(f"{corpus}")
    name = "course, unseen speakers"
    for metric in evaluate.METRICS:
        found = evaluate.published(corpus, name, metric=metric)
        told = main["scores"][name][metric]
        assert (found.value, found.low, found.high) == (told["value"], told["low"], told["high"])
        assert (found.metric, found.name, found.n_actors) == (metric, name, main["n_actors"])
    chance = evaluate.published(corpus, "chance")
    assert chance.value == main["baselines"]["chance"]["uar"]
    assert math.isnan(chance.low)
    assert math.isnan(chance.high)


def test_the_end_of_a_name_is_enough_where_only_one_ends_so():
    short = evaluate.published("demo", "frames, unseen speakers")
    assert short == evaluate.published("demo", "temporal / frames, unseen speakers")
    shift = results("shift_demo")["shift"]["telephone"]
    assert evaluate.published("demo", "shift / telephone").low == shift["low"]
    with pytest.raises(DataError, match="several things(?s:.)*standardised by speaker"):
        evaluate.published("demo", "telephone")


def test_what_is_not_there_is_answered_by_what_is():
    with pytest.raises(DataError, match="'emodb': choose from cremad, demo, ravdess"):
        evaluate.published("emodb", "chance")
    with pytest.raises(DataError, match="(?s)'corse' is not known.*\ncourse, unseen speakers\n"):
        evaluate.published("demo", "corse")
    with pytest.raises(DataError, match="'wer', but: accuracy, uar, macro_f1"):
        evaluate.published("demo", "course, unseen speakers", metric="wer")


def test_every_published_name_can_be_asked_for():
    for corpus in ("cremad", "demo", "ravdess"):
        with pytest.raises(DataError) as error:
            evaluate.published(corpus, "?")
        names = str(error.value).split("\n")[1:]
        assert names
        assert len(set(names)) == len(names)
        for name in names:
            metrics = []
            for metric in evaluate.METRICS:
                try:
                    found = evaluate.published(corpus, name, metric=metric)
                except DataError:
                    continue
                metrics.append(metric)
                assert found.name == name
                assert -1 <= found.value <= 1
                assert math.isnan(found.low) or found.low <= found.value <= found.high
            assert metrics, name
