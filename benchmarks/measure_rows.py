"""Measure what a feature table knows best: ``python benchmarks/measure_rows.py [--data FOLDER]``.

Notebook 02 measures it on the demo voices; this repeats it for any corpus, on the clips of the
development speakers: the share of the variance that actor and emotion explain, and whether a clip's
nearest neighbour has the same actor or emotion, among all clips and among those of other actors.
Writes one JSON file per corpus to ``ser_helpers/results/``; the notebook tells RAVDESS's numbers.
"""

import numpy as np
import pandas as pd
import record
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from ser_helpers import data, features, split


def share_explained(rows: pd.DataFrame, group: pd.Series) -> float:
    """Compute eta squared of each feature; return their mean."""
    between = ((rows.groupby(group).transform("mean") - rows.mean()) ** 2).sum()
    return float((between / ((rows - rows.mean()) ** 2).sum()).mean())


def nearest_stranger(rows: pd.DataFrame, actors: pd.Series) -> np.ndarray:
    """Return, for each row, the position of the row of another actor that is most like it."""
    found = np.empty(len(rows), dtype=int)
    for actor in actors.unique():
        own, others = np.flatnonzero(actors == actor), np.flatnonzero(actors != actor)
        search = NearestNeighbors(n_neighbors=1).fit(rows.iloc[others])
        found[own] = others[search.kneighbors(rows.iloc[own], return_distance=False)[:, 0]]
    return found


def measure_all(corpus: data.Corpus) -> dict:
    """Measure shares and neighbours on the development speakers."""
    table = features.extract(split.development(corpus.clips))
    clips = corpus.clips.loc[table.index]
    rows = StandardScaler().set_output(transform="pandas").fit_transform(table.astype(float))
    own = table.astype(float).groupby(clips.actor)
    centred = (table - own.transform("mean")) / own.transform("std")
    nearest = NearestNeighbors(n_neighbors=1).fit(rows).kneighbors(return_distance=False)[:, 0]

    def same(column: str, of: np.ndarray) -> float:
        return round(float((clips[column].to_numpy()[of] == clips[column]).mean()), 4)

    return {
        **record.about(corpus, clips),
        "speakers": "development",
        "share of the variance": {
            name: round(share_explained(rows, clips[name]), 4) for name in ("actor", "emotion")
        },
        "nearest clip": {f"same {name}": same(name, nearest) for name in ("actor", "emotion")},
        "nearest stranger's emotion": {
            "as it is": same("emotion", nearest_stranger(rows, clips.actor)),
            "standardised by actor": same("emotion", nearest_stranger(centred, clips.actor)),
        },
        "versions": record.versions("numpy", "scipy", "scikit-learn"),
    }


def main() -> None:
    corpus = data.open_corpus(record.parser(__doc__).parse_args().data)
    print(corpus)
    result = measure_all(corpus)
    print(result)
    record.write(f"rows_{record.name_of(corpus)}", result)


if __name__ == "__main__":
    main()
