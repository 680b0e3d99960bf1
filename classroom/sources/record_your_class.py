# %% [markdown]
# # Record your class
#
# A class makes a corpus of its own in one lesson: every speaker says three sentences in six emotions, 18 clips, about ten minutes. The files are named like CREMA-D's, so every notebook of the course then runs on them. Without a microphone, recordings of a telephone do (converted to WAV).
#
# **Time** 45 minutes for three to six speakers, one at a time in the quietest room there is.

# %% [markdown]
# ## 1 · Ask first
#
# A voice is personal data: people are recognised by it. Nobody has to take part, and nobody should have to say why not. For minors, parents decide as well; your school may have rules of its own. Read this aloud, hand it out, and let it be signed **before** you record:
#
# > **What we do.** I speak 18 short sentences in acted emotions. The recordings are used in this class, to train and test small programs on our own machines.
# >
# > **What is stored.** The sound, under a number in place of my name. A list of names and numbers exists once, on paper, with the teacher.
# >
# > **What does not happen.** The recordings are not uploaded, not given away, not used to judge me, and not used to imitate my voice.
# >
# > **My rights.** Taking part is voluntary. I can hear my clips, have them deleted at any time, without a reason and without a disadvantage. All of them are deleted on: ____________
# >
# > Name, date, signature (and of a parent, if I am a minor): ____________
#
# Speak about it, too: acting disgust or fear before others is not easy for everybody. Any emotion, and any sentence, may be left out.

# %% [markdown]
# ## 2 · Who speaks, and where it is stored
#
# Give each speaker a number, from 8001 on, and change it below for each. **Nothing is ever overwritten.** As long as nobody has recorded, the cells below *rehearse* with a demo voice in a folder that is then thrown away.

# %%
import tempfile
from pathlib import Path

from IPython.display import Markdown, display

from ser_helpers import data, split
from ser_helpers.further import class_corpus, recorder

SPEAKER = 8001
FOLDER = data.work_folder() / "our_class"  # or, for instance, Path("D:/our_class")

wanted = class_corpus.prompts(SPEAKER)
left = class_corpus.still_to_record(wanted, FOLDER)
print(f"speaker {SPEAKER}: {len(left)} of {len(wanted)} clips still to be recorded")

# %% [markdown]
# ## 3 · Speak
#
# Sit a hand's breadth and a half from the microphone, and always the same. Say the sentence as if it were true; take a second try rather than a third. The order differs from speaker to speaker, so that tiredness does not become an emotion.
#
# Run the next cell once per speaker. Press *Record*, speak, stop; the level is judged below. No microphone? Choose a file.


# %%
def next_prompt():
    left = class_corpus.still_to_record(wanted, FOLDER)
    if left.empty:
        return Markdown(f"**Speaker {SPEAKER} is done. Thank you!**")
    say, emotion = left.iloc[0]
    return Markdown(
        f"### {emotion}: “{say}”\n\n{len(left)} left; to be stored as `{left.index[0]}`"
    )


mine = recorder.record(longest=10)
display(next_prompt(), mine)

# %% [markdown]
# Satisfied? Then run this cell: it stores the clip and shows the next prompt. Not satisfied? Record again first.

# %%
if mine.sound is None:
    print("nothing new was recorded: press Record above, or choose a file")
else:
    print("stored:", class_corpus.keep(mine, wanted, FOLDER))
display(next_prompt())

# %% [markdown]
# **All at once, from files:** name WAV files by the prompts' table (`wanted`), copy them into the folder, and go on with 4.

# %%
wanted.head(3)

# %% [markdown]
# ## 4 · Does the course read it?
#
# `open_corpus` is the judge. With no recording yet, three speakers are rehearsed: a demo voice plays them all.


# %%
def rehearse(folder):
    voices = data.open_corpus("demo").clips
    paths = split.development(voices).path
    for speaker in (8001, 8002, 8003):
        prompts = class_corpus.prompts(speaker)
        for _ in range(len(prompts)):
            emotion = class_corpus.still_to_record(prompts, folder).index[0].split("_")[2]
            mine.take(next(path for path in paths if f"_{emotion}_" in path.name))
            class_corpus.keep(mine, prompts, folder)


folder = FOLDER
if not (FOLDER.is_dir() and any(FOLDER.glob("*.wav"))):
    rehearsal = tempfile.TemporaryDirectory()
    folder = Path(rehearsal.name) / "rehearsal"
    rehearse(folder)

corpus = data.open_corpus(folder)
print(corpus)
corpus.clips.groupby(["actor", "emotion"]).size().unstack(fill_value=0)

# %% [markdown]
# Every speaker needs the same number of clips of each emotion. What could not be used, and why:

# %%
corpus.set_aside

# %% [markdown]
# Clips that are too loud or very soft are recorded again: move the file away yourself, and its prompt comes back.

# %%
levels = class_corpus.levels(corpus)
print(f"{(levels.advice != '').sum()} of {len(levels)} clips should be recorded again")
levels.head(3)

# %% [markdown]
# ## 5 · Use it
#
# Start the course on your voices: `SER_DATA=FOLDER python course.py lab` (Windows: `set SER_DATA=FOLDER` first), and run any notebook. From three speakers on there is a split by speaker; with fewer than ten, a score has an interval so wide that it says little. That is a finding, too: notebook 06 draws it.

# %%
if corpus.clips.actor.nunique() >= 3:
    parts = split.by_speaker(corpus.clips)
    print(corpus.clips.groupby(parts).actor.unique().to_string())

# %% [markdown]
# Talk about it:
#
# - Would you recognise the emotion without knowing the prompt? Let three people guess each clip; compare with notebook 08.
# - Who is recognised worse by the network, and what would that mean if it decided about somebody?
# - When are the recordings deleted, and who checks it?
#
# **Next:** [06 Evaluate and visualise](../notebooks/06_evaluate_and_visualize.ipynb) on your corpus.
