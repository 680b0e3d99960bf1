"""What ``benchmarks/measure_pretrained.py`` found, as tables for notebook 13's figures."""

import pandas as pd

from ser_helpers import published


def probes(corpus: str) -> tuple[pd.DataFrame, pd.Series]:
    """Read what each layer of Whisper's encoder knows.

    Parameters
    ----------
    corpus : {"demo", "ravdess"}

    Returns
    -------
    known : pandas.DataFrame
        A row for MFCCs and for each layer, in their order; columns ``speaker``, ``sentence`` and
        ``emotion``: mean recall over the classes, from 0 to 1.
    chance : pandas.Series
        What guessing reaches, indexed by the same questions.

    Raises
    ------
    DataError
        If it was not measured on this corpus.

    Examples
    --------
    >>> known, chance = probes("ravdess")
    >>> list(known.index[:2]), list(known)
    (['MFCCs', 'convolutions'], ['speaker', 'sentence', 'emotion'])
    """
    asked = published.tree_of("pretrained", corpus)["probes, balanced accuracy"]
    table = pd.DataFrame({question.partition(",")[0]: found for question, found in asked.items()})
    table = table.rename(index={"after the last norm": "last norm"})  # short enough for an axis
    return table.drop(index="chance"), table.loc["chance"]


def curves(corpus: str) -> dict[str, pd.DataFrame]:
    """Read what a few training speakers suffice for.

    Parameters
    ----------
    corpus : {"demo", "ravdess"}

    Returns
    -------
    dict of pandas.DataFrame
        What the clips were described by → table indexed by the number of training speakers; columns
        ``value``, ``low``, ``high``: UAR with unseen speakers. The last row has all speakers that a
        fold trains on.

    Raises
    ------
    DataError
        If it was not measured on this corpus.

    Examples
    --------
    >>> list(curves("ravdess")["MFCCs"].index)
    [2, 4, 8, 16]
    """
    tree = published.tree_of("pretrained", corpus)
    everybody = tree["n_actors"] * 4 // 6  # two of the six folds do not train
    found = {}
    for name, few in tree["learning curve"].items():
        way = "" if name.endswith("by speaker") else ", unseen speakers"
        rows = {int(label.split()[0]): row for label, row in few.items()}
        rows[everybody] = tree["scores"][f"{name}{way}"]["uar"]
        found[name] = pd.DataFrame.from_dict(rows, orient="index")[["value", "low", "high"]]
    return found
