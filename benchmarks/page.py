"""Make the page of all benchmarks from what they stored: ``python benchmarks/page.py``.

Writes ``benchmarks/README.md`` and ``benchmarks/figures/*.png`` from
``ser_helpers/results/*.json``. Every number on the page comes from there, those in its sentences,
too. Each figure carries the hash of what it shows, so that a test knows whether it is out of date.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import record
from matplotlib.figure import Figure
from record import OWN, PLAIN, RANDOM

from ser_helpers.files import replace_file
from ser_helpers.plot.base import subplots

HERE = Path(__file__).parent
PAGE, FIGURES = HERE / "README.md", HERE / "figures"
#: Okabe & Ito's blue for ours, grey for others, vermilion for what leaks.
OURS, OTHERS, LEAKS = "#0072B2", "#777777", "#D55E00"
CALLED = {
    "reading": "reading the file, nothing else",
    "ours": "**ours, one row per clip (02)**",
    "ours, frames (09)": "**ours, log-mel frames (09)**",
    "ours, encoder (13)": "**ours, Whisper's encoder (13)**",
    "ours, encoder (13), eight at once": "the same, eight clips at once",
    "tutorials": "the tutorials' loop: 40 MFCC means",
    "Kaggle's 162": "Kaggle's 162 means",
    "DataFlair's 180": "DataFlair's 180 means",
    "PyTorch's 40 MFCCs": "40 MFCC means in PyTorch",
    "Kaldi's 40 MFCCs": "40 MFCC means in Kaldi's C++",
    "openSMILE's eGeMAPS": "openSMILE's eGeMAPSv02",
}
Json = Mapping


def read(name: str) -> dict:
    """Read what a benchmark stored."""
    found = record.read(name)
    assert isinstance(found, dict)
    return found


def is_ours(name: str) -> bool:
    return name.startswith("ours")


def table(head: list[str], rows: list[list[str]]) -> str:
    """Write a table in Markdown; all columns but the first are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def share(found: Json | None) -> str:
    """Write a score and its interval in per cent."""
    if not found:
        return "–"
    low, high = (f"{100 * found[end]:.0f}" for end in ("low", "high"))
    return f"{100 * found['value']:.1f} [{low}–{high}]"


def points(found: Json | None) -> str:
    """Write a difference and its interval in points, with signs."""
    if not found:
        return "–"
    value, low, high = (f"{100 * found[key]:+.1f}" for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]".replace("-", "−")


def spread(found: Json, digits: int = 2) -> str:
    """Write a median with the smallest and the largest value."""
    low, high = (f"{found[end]:.{digits}f}" for end in ("min", "max"))
    return f"{found['median']:.{digits}f} [{low}–{high}]"


def machine(found: Json) -> str:
    """Say where and when something was measured."""
    return (
        f"{found['processor']}, {found['cores']} cores, {found['system']}, {found['date']}; load "
        f"when it ended: {found['load']}{busy(found)}"
    )


def busy(found: Json) -> str:
    """Warn of a machine that did more than it has cores for."""
    if found["load"] <= found["cores"]:
        return ""
    return " (**a busy machine**: absolute times are too long, ratios and scores hold)"


def versions(found: Json) -> str:
    return ", ".join(f"{name} {number}" for name, number in found.items())


# -- 1. speed -------------------------------------------------------------------------------------


def speed() -> str:
    """Write the part on speed."""
    people, demo, start = read("speed_ravdess"), read("speed_demo"), read("start")
    rows = [
        [CALLED[name]]
        + [spread(of["ms_per_clip"][name]) for of in (people, demo)]
        + [
            spread(of["ratios"][f"{name} / ours"], 1) if f"{name} / ours" in of["ratios"] else "–"
            for of in (people, demo)
        ]
        for name in people["ms_per_clip"]
    ]
    ratio = people["ratios"]
    loop, egemaps = (
        ratio[f"{name} / ours"]["median"] for name in ("tutorials", "openSMILE's eGeMAPS")
    )
    encoder = people["ms_per_clip"]["ours, encoder (13)"]["median"]
    at_once = people["ms_per_clip"]["ours, encoder (13), eight at once"]["median"]
    steps = [read(f"scale_{name}")["cost_of_a_clip"] for name in ("demo", "ravdess")]
    profile = [
        [step, *(f"{of['ms'][step]:.2f} ({of['ms'][step] / of['sum']:.0%})" for of in steps)]
        for step in steps[0]["ms"]
    ]
    aim = "is met" if encoder <= 50 else "is missed"
    batches = (
        "does not pay on one core: the filling is computed as well"
        if at_once >= encoder
        else f"takes {at_once:.0f} ms a clip"
    )
    imports = people["import_seconds"]
    lines = [
        "## 1. Speed",
        "",
        f"![Milliseconds per clip of each way, on a logarithmic axis]({figure_name('speed')})",
        "",
        f"Milliseconds of one core per clip: median [smallest–largest] of {people['repeats']} "
        "repeats, whose order alternates; the ratio is taken within each repeat. RAVDESS: "
        f"{people['n_clips']} clips of {people['mean_seconds_per_clip']} s in FLAC; demo voices: "
        f"{demo['n_clips']} of {demo['mean_seconds_per_clip']} s in Ogg Vorbis.",
        "",
        table(
            ["per clip", "RAVDESS, ms", "demo voices, ms", "× ours, RAVDESS", "× ours, demo"], rows
        ),
        "",
        f"- The tutorials' loop takes {loop:.1f} times as long as our row per clip, and eGeMAPS of "
        f"openSMILE {egemaps:.0f} times. Ours holds 271 numbers, the loop 40.",
        f"- Of our {people['ms_per_clip']['ours']['median']:.1f} ms on RAVDESS, reading the file "
        f"is {people['ms_per_clip']['reading']['median']:.1f}; on the demo voices reading (Vorbis "
        "is dear to decode) is most of it, and no feature can be much faster there.",
        f"- The encoder of 13 takes {encoder:.0f} ms for a clip of "
        f"{people['mean_seconds_per_clip']} s: the aim of 50 ms {aim}. Listening to eight "
        f"clips of similar length at once {batches}.",
        "",
        "Where the time of our row goes (milliseconds per clip, best of three, median over clips; "
        "from [notebook 12's benchmark](measure_scale.py), measured on another day):",
        "",
        table(["step", "demo voices (.ogg)", "RAVDESS (.flac)"], profile),
        "",
        f"Starting: `import torch` {spread(imports['torch'])} s, the course's road after it "
        f"{spread(imports['road after torch'])} s.",
    ]
    if start:
        seconds = start["seconds"]
        lines += [
            f"Notebook 00 in a new kernel: the kernel is ready after "
            f"{spread(seconds['kernel is ready'], 1)} s, the first output (the corpus, the road) "
            f"is there after {spread(seconds['first output'], 1)} s, the first sound can be played "
            f"after {spread(seconds['first sound'], 1)} s (median of {start['repeats']}; load "
            f"{start['machine']['load']}{busy(start['machine'])}).",
        ]
        if once := start.get("from_clone"):
            lines += [
                "",
                f"From `git clone` on, once, with a warm pip cache: cloned after {once['cloned']} "
                f"s, environment ready after {once['set up']} s, first sound after "
                f"{once['first sound']} s (load {once['machine']['load']}"
                f"{busy(once['machine'])}); {once['megabytes_on_disk']:,} MB on disk. Downloading "
                "the packages comes on top.",
            ]
    lines += ["", f"*{machine(people['machine'])}. {versions(people['versions'])}.*"]
    return "\n".join(lines)


def draw_speed() -> Figure:
    whole = read("speed_ravdess")
    found = whole["ms_per_clip"]
    names = sorted(found, key=lambda name: found[name]["median"], reverse=True)
    figure, axes = subplots(figsize=(8, 4.2))
    for place, name in enumerate(names):
        own = found[name]
        colour = OURS if is_ours(name) else OTHERS
        axes.plot([own["min"], own["max"]], [place] * 2, color=colour, lw=4, alpha=0.4)
        axes.plot(own["median"], place, "o", color=colour, ms=8)
        axes.annotate(
            f"{own['median']:.1f}", (own["max"], place), (8, 0), textcoords="offset points",
            va="center", color=colour,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(right=2.2 * max(found[name]["max"] for name in names))
    axes.set_yticks(range(len(names)), [CALLED[name].strip("*") for name in names])
    axes.set_xlabel("milliseconds of one core per clip (logarithmic); dot: median, bar: 5 repeats")
    ratio = whole["ratios"]["tutorials / ours"]["median"]
    axes.set_title(
        f"Ours (blue): 271 numbers,\n{ratio:.1f} times as fast as the tutorials' loop with its 40",
        loc="left",
    )
    return figure


# -- 2. scores ------------------------------------------------------------------------------------


def scores() -> str:
    """Write the part on scores."""
    found = read("peers_ravdess")
    names = list(found["cost"])
    rows, apart = [], []
    for name in names:
        uar = {way: found["scores"].get(f"{name}, {way}", {}).get("uar") for way in WAYS}
        cost = found["cost"][name]
        bold = f"**{name}**" if is_ours(name) else name
        rows.append([bold, *map(share, uar.values()), f"{cost['processor_minutes']:.1f}"])
        pairs = found["paired difference"]
        if name != "ours of 05":
            apart.append(
                [bold]
                + [points(pairs.get(f"{name} minus ours of 05, {way}")) for way in WAYS]
                + [points(pairs.get(f"{name} minus ours of 13, {PLAIN}"))]
            )
    return "\n".join(
        [
            "## 2. Scores, one protocol",
            "",
            f"![UAR of each system in three ways]({figure_name('scores')})",
            "",
            f"RAVDESS, {found['n_clips']:,} clips of {found['n_actors']} actors, six emotions. "
            "UAR in per cent [95 % interval over speakers]. Six folds of unseen speakers: each "
            "fold is tested once; the next one chooses what there is to choose (an epoch, a "
            "strength), and the others train. A recipe that chooses nothing (DataFlair's, "
            "Kaggle's) trains on that fold, too, so that the doubt is theirs. "
            "*Standardised by speaker* uses all clips of a test speaker, without labels: a score "
            "for a voice that one has a minute of. *Random rows* put the same people on both "
            "sides. Nothing was tuned on test speakers; one seed, which moves a score by about a "
            f"point. Chance is {100 * found['chance']:.1f}.",
            "",
            table(["", *WAYS, "processor minutes"], rows),
            "",
            "Paired differences of UAR in points [95 % interval over speakers]; where the interval "
            "holds zero, we cannot tell:",
            "",
            table(
                ["", *(f"minus ours of 05, {way}" for way in WAYS), f"minus ours of 13, {PLAIN}"],
                apart,
            ),
            "",
            *findings(found),
            *of_time(found),
            "",
            f"![UAR against processor minutes]({figure_name('cost')})",
            "",
            "Processor minutes: features of all clips and training of all six folds, one core.",
            "",
            built(),
            "",
            f"*{machine(found['machine'])}. {versions(found['versions'])}.*",
        ]
    )


def built() -> str:
    """Say how the others were built."""
    network = (
        "Kaggle's network has the sizes, first weights, optimiser, batches, 50 epochs and falling "
        "step size of its notebook, in PyTorch instead of Keras, its convolutions computed in "
        "bfloat16; it lacks the notebook's two altered copies of each clip (with noise; slower and "
        "higher), which would treble its minutes"
    )
    return (
        "How the others were built ([peers.py](peers.py), written from their descriptions, nothing "
        f"copied): {network}. DataFlair's is scikit-learn's own `MLPClassifier` with its settings. "
        "eGeMAPS comes from openSMILE itself; the kernel and C of the SVM are chosen by the "
        "validation speakers, and it is trained on both parts then."
    )


NETWORK = "Kaggle's 162 and network"
WAYS = (PLAIN, OWN, RANDOM)


def findings(found: Json) -> list[str]:
    """Write what the scores say, each sentence by its numbers."""
    pairs, uars = found["paired difference"], found["scores"]

    def uar(name: str, way: str) -> float:
        return 100 * uars[f"{name}, {way}"]["uar"]["value"]

    said = []
    for name in found["cost"]:
        pair = pairs.get(f"{name} minus ours of 05, {PLAIN}")
        if not pair or is_ours(name):
            continue
        if not pair["tells"]:
            said.append(f"- {name} against ours of 05: we cannot tell ({points(pair)}).")
        elif pair["value"] > 0:
            said.append(f"- **{name} is ahead of ours of 05** by {points(pair)} points.")
    better = [n for n in found["cost"] if f"{n}, {RANDOM}" in uars]
    gained = {name: uar(name, RANDOM) - uar(name, PLAIN) for name in better}
    most = max(gained, key=lambda name: gained[name])
    low, high = min(gained.values()), max(gained.values())
    said.append(
        f"- Random rows flatter every one of them, by {low:.0f} to {high:.0f} points; most of "
        f"all {most}."
    )
    if "ours of 13" in found["cost"]:
        said.append(
            f"- Ours of 13 reaches {uar('ours of 13', PLAIN):.1f} on unseen speakers, "
            f"{uar('ours of 13', OWN):.1f} standardised by speaker. Its encoder was trained by "
            "others on 680,000 hours of speech (of the web; whether RAVDESS was among it, nobody "
            "outside OpenAI knows)."
        )
    return said


def of_time(found: Json) -> list[str]:
    """Say what is to know of the network that sees time, if it was measured."""
    name = "ours of 09"
    if name not in found["cost"]:
        return []
    here, own = (found["scores"][f"{name}, {way}"]["uar"]["value"] for way in (PLAIN, OWN))
    there = read("temporal_ravdess")["scores"]["frames, unseen speakers"]["uar"]["value"]
    return [
        f"- Ours of 09 reaches {100 * here:.1f} here and {100 * there:.1f} in "
        "[its own benchmark](measure_temporal.py), run another time with the same folds and seed: "
        f"so much lies between two runs. Standardised by speaker it reaches {100 * own:.1f}; its "
        "pictures are standardised within each clip anyway."
    ]


def draw_scores() -> Figure:
    found = read("peers_ravdess")
    names = sorted(
        found["cost"], key=lambda name: found["scores"][f"{name}, {PLAIN}"]["uar"]["value"]
    )
    figure, axes = subplots(figsize=(8.5, 5))
    marks = {PLAIN: ("o", 0.2, None), OWN: ("D", 0.0, None), RANDOM: ("x", -0.2, LEAKS)}
    for place, name in enumerate(names):
        for way, (mark, up, colour) in marks.items():
            own = found["scores"].get(f"{name}, {way}", {}).get("uar")
            if own is None:
                continue
            colour = colour or (OURS if is_ours(name) else OTHERS)
            axes.plot([100 * own["low"], 100 * own["high"]], [place + up] * 2, color=colour, lw=1.5)
            filled = colour if way != OWN else "white"
            axes.plot(100 * own["value"], place + up, mark, color=colour, mfc=filled, ms=7)
    for way, (mark, _, colour) in marks.items():
        axes.plot([], [], mark, color=colour or "black", mfc="white" if way == OWN else None,
                  label=way, ls="")  # fmt: skip
    axes.axvline(100 * found["chance"], color="black", ls=":", lw=1)
    axes.annotate("chance", (100 * found["chance"], len(names) - 0.6), (4, 0),
                  textcoords="offset points")  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("UAR in %, 24 actors of RAVDESS, bars: 95 % interval over speakers")
    axes.legend(loc="lower right")
    axes.set_title("Random rows (×) promise what unseen speakers (●) do not keep", loc="left")
    return figure


#: Where the name of a point stands, if not to its right: points from its middle.
LABELS = {
    NETWORK: (-9, 4),
    "ours of 09": (-9, 4),
    "eGeMAPS and SVM": (-9, 4),
    "DataFlair's 180 and MLP": (-20, 32),
    "Kaggle's 162 and our network": (9, -13),
    "40 MFCC means and our network": (9, -18),
}


def draw_cost() -> Figure:
    found = read("peers_ravdess")
    figure, axes = subplots(figsize=(8, 4.6))
    for name, cost in found["cost"].items():
        own = found["scores"][f"{name}, {PLAIN}"]["uar"]
        colour = OURS if is_ours(name) else OTHERS
        minutes = cost["processor_minutes"]
        axes.plot([minutes] * 2, [100 * own["low"], 100 * own["high"]], color=colour, lw=1.5)
        axes.plot(minutes, 100 * own["value"], "o", color=colour, ms=8)
        x, y = LABELS.get(name, (9, 4))
        axes.annotate(
            name, (minutes, 100 * own["value"]), (x, y), textcoords="offset points",
            color=colour, fontsize=9, ha="right" if x == -9 else "left",
        )  # fmt: skip
    axes.set_xscale("log")
    ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    most = max(cost["processor_minutes"] for cost in found["cost"].values())
    least = min(cost["processor_minutes"] for cost in found["cost"].values())
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(0.7 * least, 2.2 * most)
    axes.set_xlabel("minutes of one core for features and six folds of training (logarithmic)")
    axes.set_ylabel("UAR in %, unseen speakers")
    axes.set_title("More minutes do not buy more: what was heard before does", loc="left")
    return figure


# -- 3. growth ------------------------------------------------------------------------------------


def growth() -> str:
    """Write the part on growth."""
    full, grown, frames = read("full_size"), read("growth"), read("scale_demo")["memory_of_frames"]
    rows = [
        [
            f"{row['clips']:,}",
            f"{row['features_cold']['cpu_seconds']} s, {row['features_cold']['peak_mb']:,} MB",
            f"{row['features_warm']['cpu_seconds']} s, {row['features_warm']['peak_mb']:,} MB",
            f"{row['whole_run']['cpu_seconds']} s, {row['whole_run']['peak_mb']:,} MB",
        ]
        for row in full["sizes"]
    ]
    lines = [
        "## 3. Growth",
        "",
        f"![Processor seconds and memory against clips]({figure_name('growth')})",
        "",
        "A folder with CREMA-D's 7,442 names, lengths and bytes, its clips cut from the demo "
        "voices (the load is real, scores would mean nothing). Seconds of the processor, and the "
        "most memory that the process and all its children held. One clip of CREMA-D's list holds "
        "no speech and is left out.",
        "",
        table(["clips", "features, cold", "features, warm", "`python -m ser_helpers`"], rows),
        "",
    ]
    for part, what in (
        ("embedding", "13's embedding"),
        ("out of core", "Out of core (features into shards, a linear classifier from them)"),
    ):
        if part not in grown:
            continue
        own = grown[part]
        most = own["rows"][-1]
        lines += [
            f"- {what}: {own['line']['ms_per_clip']:.1f} ms of the processor per clip after "
            f"{own['line']['seconds_to_start']} s to start; no size lies further than "
            f"{own['line']['furthest_from_the_line']:.0%} from that line. At {most['clips']:,} "
            f"clips {most['cpu_seconds']} s, peak {most['peak_mb']:,} MB (at "
            f"{own['rows'][0]['clips']:,} clips {own['rows'][0]['peak_mb']:,} MB)."
        ]
    lines += [
        f"- Streams of frames for training (12): {frames['clips'][-1]:,} clips, "
        f"{frames['gb'][-1]} GB in all, add {frames['peak_mb'][-1]:.0f} MB to the process.",
        "- Ten times the corpus is the same files under other actors' numbers: right for time and "
        "memory, worth nothing for scores.",
        "",
        "Each notebook at full size (7,442 clips), run as a whole with nbconvert:",
        "",
        table(
            ["notebook", "processor seconds", "peak memory, MB"],
            [
                [name, f"{own['cpu_seconds']:.0f}", f"{own['peak_mb']:,}"]
                for name, own in sorted(full["notebooks"].items())
                if isinstance(own, dict)
            ],
        ),
        "",
        over(full),
        "",
        f"*{full['machine']}, Python {full['python']}; the memory of a process and its children is "
        "added up, and a page that several of them share is counted once.*",
    ]
    return "\n".join(lines)


def over(full: Json) -> str:
    """Say which notebooks need more than the 1.5 GB that were promised."""
    known = {n: own["peak_mb"] for n, own in full["notebooks"].items() if isinstance(own, dict)}
    road = max(row["whole_run"]["peak_mb"] for row in full["sizes"])
    above = {name: mb for name, mb in known.items() if mb > 1500}
    every = {path.stem for path in (HERE.parent / "notebooks").glob("*.ipynb")}
    missing = "".join(f" {name} was not measured." for name in sorted(every - set(known)))
    if above:
        listed = ", ".join(f"{name} ({mb:,} MB)" for name, mb in sorted(above.items()))
        told = f"The aim of 1.5 GB is kept by the road ({road:,} MB), but missed by: {listed}."
        return told + missing
    return f"The aim of 1.5 GB is kept by the road ({road:,} MB) and by every notebook.{missing}"


def draw_growth() -> Figure:
    full, grown = read("full_size"), read("growth")
    series = {
        "the whole road": [(r["clips"], r["whole_run"]) for r in full["sizes"]],
        "features, cold": [(r["clips"], r["features_cold"]) for r in full["sizes"]],
    }
    for part, name in (("embedding", "13's embedding"), ("out of core", "out of core")):
        if part in grown:
            series[name] = [(r["clips"], r) for r in grown[part]["rows"]]
    figure, (left, right) = subplots(1, 2, figsize=(10, 4.4))
    most = max(n for n, _ in series["the whole road"])
    for (name, rows), colour in zip(
        series.items(), ("#0072B2", "#56B4E9", "#CC79A7", "#009E73"), strict=False
    ):
        few = [(n, own) for n, own in rows if n <= most]
        left.plot(
            [n for n, _ in few], [own["cpu_seconds"] for _, own in few], "o-", color=colour
        )  # fmt: skip
        right.plot(
            [n for n, _ in rows], [own["peak_mb"] for _, own in rows], "o-", color=colour,
            label=name,
        )  # fmt: skip
    right.axhline(1500, color=LEAKS, ls="--", lw=1)
    right.annotate("aim: 1,500 MB", (0.99, 1500), (0, 4), color=LEAKS, ha="right",
                   xycoords=("axes fraction", "data"), textcoords="offset points")  # fmt: skip
    left.set(ylabel="seconds of the processor", xlabel="clips", xlim=(0, None), ylim=(0, None))
    right.set(xscale="log", ylabel="peak memory in MB", xlabel="clips (logarithmic)")
    right.set(ylim=(0, 1750))
    ticks = [n for n in (250, 500, 1000, 2000, 4000, 7442, 74_420) if n <= right.get_xlim()[1]]
    right.set_xticks(ticks, [f"{n:,}" for n in ticks])
    right.minorticks_off()
    figure.legend(loc="outside lower center", ncols=4)
    left.set_title("Time grows in straight lines", loc="left")
    right.set_title("Memory grows little", loc="left")
    return figure


# -- 4. trust -------------------------------------------------------------------------------------


def trust() -> str:
    """Write the part on trust."""
    found = read("trust_ravdess")
    sexes, sure = found["UAR by sex"], found["sureness"]
    change = sexes["change of the gap, the same speakers"]
    by_sex = [
        [
            f"**{name}**",
            share(sexes[name]["women"]),
            share(sexes[name]["men"]),
            points(sexes[name]["women minus men"]),
            points(change.get(f"{name} minus ours of 05")),
        ]
        for name in sure
    ]
    rows = [
        [
            f"{name}, {state}",
            f"{100 * own[state]['mean_sureness']:.1f}",
            f"{100 * own[state]['share_right']:.1f}",
            f"{100 * own[state]['expected_calibration_error']:.1f}",
            f"{own[state]['log_loss']:.3f}",
            "" if state == "before" else f"{np.mean(own['temperatures']):.2f}",
        ]
        for name, own in sure.items()
        for state in ("before", "after")
    ]
    covered = found["accuracy against coverage"]
    shares = ("0.1", "0.2", "0.3", "0.5", "0.7", "1.0")
    told = {
        name: sexes[name]["women minus men"]["low"] > 0
        or sexes[name]["women minus men"]["high"] < 0
        for name in sure
    }
    clear = [name for name, tells in told.items() if tells]
    gap = (
        f"The interval of the gap excludes zero for {' and '.join(clear)}; for the others we "
        "cannot tell."
        if clear and len(clear) < len(told)
        else f"The interval of the gap excludes zero for all: {', '.join(clear)}."
        if clear
        else "Whether women or men are recognised better we cannot tell from these 24 people."
    )
    worse = [
        name
        for name, own in sure.items()
        if own["after"]["expected_calibration_error"] > own["before"]["expected_calibration_error"]
    ]
    helps = (
        "The temperature makes the calibration error smaller for all."
        if not worse
        else "Bad news: fitted on the validation speakers, the temperature makes the calibration "
        f"error of {' and '.join(worse)} larger on the test speakers."
    )
    return "\n".join(
        [
            "## 4. Trust",
            "",
            "![Reliability before and after, and accuracy against coverage]"
            f"({figure_name('trust')})",
            "",
            f"RAVDESS, the same six folds of unseen speakers ({found['n_actors']} actors). UAR in "
            "per cent, differences in points. Women and men are different people, so that no "
            "speaker can be paired with another: each sex is drawn for itself. What is paired is "
            "how the gap changes between two of our networks, for the same people answer both.",
            "",
            table(["", "women", "men", "women − men", "change of the gap from 05, paired"], by_sex),
            "",
            f"{gap} The intervals are wide, for there are only "
            f"{sexes['speakers']['female']} women and {sexes['speakers']['male']} men, and one "
            "whose bound lies next to zero is no proof.",
            "",
            "Sureness, before and after a temperature fitted on each fold's validation speakers "
            "(expected calibration error over ten bins, in points):",
            "",
            table(
                [
                    "",
                    "mean sureness, %",
                    "right, %",
                    "calibration error",
                    "log loss",
                    "temperature",
                ],
                rows,
            ),
            "",
            helps,
            "",
            "Share of answers that are right (%) if only the surest are given:",
            "",
            table(
                ["surest", *(f"{float(s):.0%}" for s in shares)],
                [
                    [f"**{name}**", *(f"{100 * own[s]:.0f}" for s in shares)]
                    for name, own in covered.items()
                ],
            ),
            "",
            f"*{machine(found['machine'])}. {versions(found['versions'])}.*",
        ]
    )


def draw_trust() -> Figure:
    found = read("trust_ravdess")
    colours = dict(zip(found["sureness"], ("#0072B2", "#E69F00", "#CC79A7"), strict=False))
    figure, (left, right) = subplots(1, 2, figsize=(10, 4.4))
    left.plot([0, 100], [0, 100], color="black", ls=":", lw=1)
    for name, own in found["sureness"].items():
        for state, style in (("before", "--"), ("after", "-")):
            bins = own[state]["bins"]
            x, y = (100 * np.array(bins[key]) for key in ("confidence", "accuracy"))
            kept = np.array(bins["clips"]) >= 10  # a bin of a few clips says nothing
            left.plot(
                x[kept], y[kept], style, marker="o", ms=4, color=colours[name],
                alpha=0.5 if state == "before" else 1, label=f"{name}, {state}",
            )  # fmt: skip
        curve = found["accuracy against coverage"][name]
        right.plot(
            [100 * float(s) for s in curve], [100 * v for v in curve.values()], "o-",
            color=colours[name], label=name,
        )  # fmt: skip
    left.set(xlabel="how sure it was, %", ylabel="how often it was right, %")
    left.set(xlim=(18, 102), ylim=(18, 102))
    left.legend(fontsize=8, loc="upper left")
    left.set_title("On the dotted line, sureness can be believed", loc="left")
    right.set(xlabel="share of clips that are answered, %", ylabel="answers that are right, %")
    right.set_ylim(top=102)
    right.legend(loc="lower left")
    right.set_title("The surest answers are right more often", loc="left")
    return figure


# -- 5. faults ------------------------------------------------------------------------------------


def faults() -> str:
    """Write the part on faults."""
    found = read("faults")
    files, kills, starts = (
        found[name] for name in ("damaged files", "downloader killed", "cold starts")
    )
    read_, refused = files["ended"].get("read", 0), files["ended"].get("refused", 0)
    verdict = (
        "None crashed, hung, gave a bare traceback or a number that is not finite."
        if not files["faults"]
        else f"**{files['faults']} were faults**: "
        + "; ".join(
            f"number {own['number']} ({own['codec']}, {own['damage']}): {own['ended']}"
            for own in files["list_of_faults"]
        )
        + "."
    )
    return "\n".join(
        [
            "## 5. Faults",
            "",
            f"{files['files']:,} damaged sound files (ten codecs, six kinds of damage, seeded) "
            f"through `load_clip`, `describe` and `predict_file`: {read_} gave "
            f"finite numbers, {refused} were refused with the course's own error. {verdict} "
            f"The slowest took {files['seconds']['max']:.2f} s (median "
            f"{1000 * files['seconds']['median']:.0f} ms; allowed were 5 s). In the first edition "
            "3 took 80 to 97 s.",
            "",
            table(
                ["codec", "read", "refused"],
                [
                    [codec, str(own.get("read", 0)), str(own.get("refused", 0))]
                    for codec, own in files["by_codec"].items()
                ],
            ),
            "",
            table(
                ["damage", "read", "refused"],
                [
                    [damage, str(own.get("read", 0)), str(own.get("refused", 0))]
                    for damage, own in files["by_damage"].items()
                ],
            ),
            "",
            "A file that is read is not a file that is whole: WAV, AIFF and MP3 carry no checksum "
            "of their samples, so a bit that turned inside is heard as a click, by any program.",
            "",
            f"The downloader was killed {kills['kills']} times while it fetched {kills['clips']} "
            f"clips from a server on 127.0.0.1: {kills['half_files']} half files, "
            f"{kills['lost_again']} lost again, {kills['asked_twice']} fetched twice; the run "
            f"after the last kill {'finished whole' if kills['finished_whole'] else '**failed**'}.",
            "",
            f"{starts['starts']} cold starts (new process, no bytecode, empty folder for work): "
            f"{starts['failed']} failed, "
            f"{'the same row' if starts['same_row_each_time'] else '**other rows**'} each time; "
            f"from the first import to the first row {spread(starts['seconds'], 1)} s.",
            "",
            f"*{machine(found['machine'])}. {versions(found['versions'])}.*",
        ]
    )


# -- the page -------------------------------------------------------------------------------------

#: Each figure: what draws it, and the results it shows.
DRAWN: dict[str, tuple[Callable[[], Figure], tuple[str, ...]]] = {
    "speed": (draw_speed, ("speed_ravdess",)),
    "scores": (draw_scores, ("peers_ravdess", "temporal_ravdess")),
    "cost": (draw_cost, ("peers_ravdess", "temporal_ravdess")),
    "growth": (draw_growth, ("full_size", "growth")),
    "trust": (draw_trust, ("trust_ravdess",)),
}


def figure_name(name: str) -> str:
    return f"figures/{name}.png"


def fingerprint(name: str) -> str:
    """Name what a figure shows: the hash of its results."""
    results = [read(result) for result in DRAWN[name][1]]
    return hashlib.sha256(json.dumps(results, sort_keys=True).encode()).hexdigest()


def text() -> str:
    """Write the page."""
    head = """# Measured against the others

*Made by [`benchmarks/page.py`](page.py) from [`ser_helpers/results`](../ser_helpers/results); a
test holds that page and results agree. One command each, `python benchmarks/NAME.py`:*

| question | script | results |
|---|---|---|
| How fast? | `speed.py [--data F]`, `start.py [--clone]` | `speed_*.json`, `start.json` |
| How good? | `measure_peers.py --data F` | `peers_*.json` |
| How does it grow? | `at_full_size.py --notebooks`, `measure_growth.py` | `full_size.json`, … |
| May it be trusted? | `measure_trust.py --data F` | `trust_*.json` |
| What breaks it? | `measure_faults.py` | `faults.json` |

*What they compare with is installed by `pip install -r requirements-pretrained.txt` and
`pip install -r benchmarks/requirements.txt`; without it, speed leaves out what is not there.*"""
    return "\n\n".join([head, speed(), scores(), growth(), trust(), faults()]) + "\n"


def main() -> None:
    FIGURES.mkdir(exist_ok=True)
    for name, (draw, _) in DRAWN.items():
        figure = draw()
        figure.savefig(
            HERE / figure_name(name), dpi=110, metadata={"Description": fingerprint(name)}
        )
        plt.close(figure)
    replace_file(PAGE, text().encode())


if __name__ == "__main__":
    main()
