"""What others do, as their descriptions tell it, written anew: features of a clip, and networks.

- The tutorials' loop: means over time of 40 MFCCs, librosa's defaults.
- The most copied Kaggle notebook ("Speech Emotion Recognition" by Shivam Burnwal, 2020): 162 means
  over time (zero crossings, 12 chroma, 20 MFCCs, loudness, 128 mel bands) of 2.5 seconds, and four
  convolutions over the list of the 162. Its two altered copies of each clip are left out: they
  treble the minutes, and in the notebook they let copies of the test clips into training.
- The tutorial of DataFlair ("Speech Emotion Recognition with librosa"): 180 means over time (40
  MFCCs, 12 chroma, 128 mel bands), scikit-learn's ``MLPClassifier`` with 300 hidden units.
- openSMILE's eGeMAPSv02: 88 functionals (Eyben et al. 2016, doi:10.1109/TAFFC.2015.2457417), with
  a support vector machine as is usual in the field.
- MFCCs in plain PyTorch, which stands in for torchaudio (no build of it on PyPI runs with a PyTorch
  without CUDA), and in Kaldi's C++ (``kaldi-native-fbank``).
"""

import functools
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import soundfile
import torch
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from torch import nn

from ser_helpers import data, evaluate, features

KAGGLE_SR = 22_050  # librosa's own
KAGGLE_EPOCHS, KAGGLE_BATCH = 50, 64
#: What the SVM of eGeMAPS may be, in scikit-learn's words; the validation speakers choose.
MACHINES = [
    *({"kernel": "linear", "C": c} for c in (1e-3, 1e-2, 1e-1)),
    *({"kernel": "rbf", "C": c} for c in (1.0, 10.0)),
]


def tutorial(path: Path) -> np.ndarray:
    """Compute the tutorials' 40 means."""
    y, sr = librosa.load(path, sr=KAGGLE_SR)
    return librosa.feature.mfcc(y=y, sr=sr, n_mfcc=40).mean(axis=1)


def kaggle_samples(path: Path) -> np.ndarray:
    """Load the 2.5 seconds from 0.6 s on that Kaggle's notebook hears."""
    return librosa.load(path, sr=KAGGLE_SR, duration=2.5, offset=0.6)[0]


def kaggle_row(y: np.ndarray) -> np.ndarray:
    """Compute Kaggle's 162 means over time."""
    sr = KAGGLE_SR
    parts = (
        librosa.feature.zero_crossing_rate(y),
        librosa.feature.chroma_stft(S=np.abs(librosa.stft(y)), sr=sr),
        librosa.feature.mfcc(y=y, sr=sr),
        librosa.feature.rms(y=y),
        librosa.feature.melspectrogram(y=y, sr=sr),
    )
    return np.concatenate([part.mean(axis=1) for part in parts])


def kaggle(path: Path) -> np.ndarray:
    """Compute Kaggle's row of a clip."""
    return kaggle_row(kaggle_samples(path))


def dataflair(path: Path) -> np.ndarray:
    """Compute DataFlair's 180 means, at the file's own sampling rate."""
    y, sr = soundfile.read(path, dtype="float32")
    parts = (
        librosa.feature.mfcc(y=y, sr=sr, n_mfcc=40),
        librosa.feature.chroma_stft(S=np.abs(librosa.stft(y)), sr=sr),
        librosa.feature.melspectrogram(y=y, sr=sr),
    )
    return np.concatenate([part.mean(axis=1) for part in parts])


@functools.cache
def smile() -> object:
    """Open openSMILE once; it is imported only where it is used."""
    import opensmile

    return opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
    )


def egemaps(path: Path) -> np.ndarray:
    """Compute openSMILE's 88 functionals."""
    y, sr = soundfile.read(path, dtype="float32")
    return smile().process_signal(y, sr).to_numpy(dtype=np.float32)[0]


@functools.cache
def _torch_parts() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    import scipy.fft

    bands = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=64)
    turn = scipy.fft.dct(np.eye(64), axis=0, norm="ortho")[:40]
    return torch.from_numpy(bands), torch.from_numpy(turn).float(), torch.hann_window(512)


def torch_mfcc(path: Path) -> np.ndarray:
    """Compute means of 40 MFCCs in PyTorch, with windows of 32 ms, 10 ms apart."""
    y, _ = soundfile.read(path, dtype="float32")
    bands, turn, window = _torch_parts()
    with torch.inference_mode():
        power = (
            torch.stft(torch.from_numpy(y), 512, 160, window=window, return_complex=True)
            .abs()
            .square()
        )
        level = 10 * torch.log10((bands @ power).clamp(min=1e-10))
        return (turn @ level.clamp(min=float(level.max()) - 80)).mean(dim=1).numpy()


def kaldi_mfcc(path: Path) -> np.ndarray:
    """Compute means of 40 MFCCs with Kaldi's C++."""
    import kaldi_native_fbank as kaldi

    y, sr = soundfile.read(path, dtype="float32")
    options = kaldi.MfccOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq = 0, sr
    options.mel_opts.num_bins, options.num_ceps = 64, 40
    listener = kaldi.OnlineMfcc(options)
    listener.accept_waveform(sr, (y * 32768).tolist())
    listener.input_finished()
    return np.mean([listener.get_frame(i) for i in range(listener.num_frames_ready)], axis=0)


def kaggle_network(n_features: int, n_classes: int) -> nn.Sequential:
    """Build Kaggle's network: four convolutions over the *list* of features, each pooled by two.

    Keras' layers in PyTorch: the same sizes, "same" padding, first weights as Keras draws them.
    """
    layers: list[nn.Module] = []
    width = 1
    for out in (256, 256, 128, 64):
        layers += [nn.Conv1d(width, out, 5, padding=2), nn.ReLU(), nn.MaxPool1d(5, 2, padding=2)]
        width = out
        if out == 128:
            layers.append(nn.Dropout(0.2))
    length = n_features
    for _ in range(4):
        length = -(-length // 2)
    layers += [nn.Flatten(), nn.Linear(64 * length, 32), nn.ReLU(), nn.Dropout(0.3)]
    network = nn.Sequential(*layers, nn.Linear(32, n_classes))
    for layer in network:
        if isinstance(layer, nn.Conv1d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return network


def fit_kaggle(
    x: np.ndarray, y: np.ndarray, asked: np.ndarray, *, seed: int = 0, epochs: int = KAGGLE_EPOCHS
) -> np.ndarray:
    """Train Kaggle's network as its notebook does; return the classes of the asked rows.

    Adam, batches of 64, 50 epochs; the step size shrinks to 0.4 of itself when the training loss
    has not fallen for two epochs. No epoch is chosen. The convolutions are computed in bfloat16,
    which halves the minutes (as is usual today); all else, and the answers, in float32.
    """
    classes = sorted(set(y))
    scaler = StandardScaler().fit(x)
    rows, others = (
        torch.from_numpy(scaler.transform(part).astype(np.float32))[:, None] for part in (x, asked)
    )
    target = torch.tensor([classes.index(label) for label in y])
    torch.manual_seed(seed)
    network = kaggle_network(x.shape[1], len(classes))
    optimizer = torch.optim.Adam(network.parameters())
    slower = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.4, patience=2, min_lr=1e-7
    )
    for _ in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(rows)).split(KAGGLE_BATCH):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = network(rows[batch])
            loss = nn.functional.cross_entropy(logits.float(), target[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        slower.step(total)
    network.eval()
    with torch.inference_mode():
        return np.array(classes)[network(others).argmax(dim=1).numpy()]


def fit_dataflair(x: np.ndarray, y: np.ndarray, asked: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Train DataFlair's classifier with its own settings, features as they are."""
    network = MLPClassifier(
        hidden_layer_sizes=(300,),
        alpha=0.01,
        batch_size=256,
        epsilon=1e-8,
        learning_rate="adaptive",
        max_iter=500,
        random_state=seed,
    )
    return network.fit(x, y).predict(asked)


def fit_machine(table: pd.DataFrame, labels: pd.Series, parts: pd.Series) -> pd.Series:
    """Choose a support vector machine on the validation part, train it on both, answer the test."""
    x, y = {}, {}
    for part in ("train", "validation"):
        x[part], y[part] = table[parts == part].to_numpy(), labels[parts == part].to_numpy()
    asked = table[parts == "test"]

    def answers(settings: dict, x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
        scaler = StandardScaler().fit(x)
        machine = SVC(class_weight="balanced", **settings)
        return machine.fit(scaler.transform(x), y).predict(scaler.transform(asked))

    def uar(settings: dict) -> float:
        said = answers(settings, x["train"], y["train"], x["validation"])
        return evaluate.scores(y["validation"], said)["uar"]

    both = (np.concatenate(list(of.values())) for of in (x, y))
    return pd.Series(answers(max(MACHINES, key=uar), *both, asked.to_numpy()), asked.index)


def ours(path: Path) -> np.ndarray:
    """Compute the course's row per clip (02)."""
    return features.describe(data.load_clip(path))
