"""Grade a class's notebooks: ``python course.py grade FOLDER``. GRADING.md explains it."""

import argparse
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Grade, and say where the results are.

    Returns
    -------
    int
        The exit code.
    """
    from grading import platforms  # here, for each child imports this file
    from grading.pages import FOR_THE_PLATFORM
    from grading.run import Settings, grade
    from grading.sandbox import number_of_workers

    from ser_helpers.errors import DataError

    options = _options(number_of_workers())
    place = Path(os.path.abspath(options.folder))  # also of `.`
    name = place.stem if place.is_file() else place.name
    out = Path(os.path.abspath(options.out or place.with_name(f"{name}-graded")))
    is_new = not out.exists()
    settings = Settings(
        tasks=HERE / "tasks",
        handed_out=HERE / "exercises",
        numbers=tuple(options.notebook),
        seed=options.seed,
        seconds=options.seconds,
        memory=int(options.memory * 2**30),
        workers=options.at_a_time,
        again=options.again,
        delimiter=";" if options.semicolon else ",",
    )
    start = time.monotonic()
    try:
        graded = grade(place, out, settings)
    except (DataError, OSError) as error:
        print(f"grade: {error}", file=sys.stderr)
        return 1
    to_do = sum(student.is_open for student in graded.students)
    print(f"graded {graded.tried} of {len(graded.students)} in {time.monotonic() - start:.0f} s")
    print(
        f"  {out / 'grades.csv'}: points" + (f"; {to_do} students need some by hand" * (to_do > 0))
    )
    print(f"  {out / 'report.html'}: the class at a glance")
    print(f"  {out / 'feedback'}: a page for each student")
    if to_do:
        print(f"  {out / 'by_hand'}: what is to be graded by hand, with its rubric")
    if (out / FOR_THE_PLATFORM).exists():
        print(f"  {out / FOR_THE_PLATFORM}: all feedback, to be uploaded to Moodle or Canvas")
    if graded.typed:
        print(f"  {graded.typed} points that were typed by hand are kept")
    for warning in graded.warnings:
        print(f"  look at this: {warning}")
    if options.fill:
        totals = [
            platforms.Total(s.name, s.platform_id, None if s.is_open else s.total)
            for s in graded.students
        ]
        try:
            filled = platforms.fill(
                Path(options.fill), totals, most=graded.most, out=out, column=options.column
            )
        except DataError as error:
            print(f"grade: {error}", file=sys.stderr)
            return 1
        print(
            f"  {filled.path}: to be uploaded; column {filled.column!r} has the totals of "
            f"{filled.n_filled} student" + "s" * (filled.n_filled != 1)
        )
        for line in filled.told:
            print(f"    {line}")
    if is_new and not options.out and (earlier := _graded_before(place)):
        print(
            f"  {earlier} holds grades of an earlier download: to go on with them, and keep what "
            f'was typed there, run this again with --out "{earlier}"'
        )
    return 0


def _graded_before(place: Path) -> Path | None:
    """Find the results of the same zip, which a browser calls ``… (1).zip`` the second time."""
    from grading.submissions import version

    name = version(place.stem)[0]
    others = place.parent.glob("*-graded/grades.csv")
    found = [path.parent for path in others if version(path.parent.name[:-7])[0] == name]
    return next((folder for folder in found if folder.name != f"{place.stem}-graded"), None)


def _options(workers: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="course.py grade",
        description="Grade the notebooks of a class. Students' functions run on this machine, each "
        "student's in a process of its own with limits: classroom/GRADING.md says which.",
        epilog="Run the same command again after typing points into grades.csv: they are kept, and "
        "only what has changed is tried again.",
    )
    parser.add_argument(
        "folder",
        help="a folder, or zip, with a folder, a notebook or a zip for each student, as Moodle and "
        "Canvas give them out",
    )
    parser.add_argument("--out", help="where the results go (default: FOLDER-graded)")
    parser.add_argument(
        "--notebook",
        nargs="+",
        default=[],
        metavar="NN",
        help="grade only these, e.g. 02 03 (default: whatever was handed in)",
    )
    parser.add_argument(
        "--fill",
        metavar="TABLE.csv",
        help="write the totals into a copy of Moodle's grading worksheet or Canvas's gradebook",
    )
    parser.add_argument(
        "--column", metavar="NAME", help="which column of it (only if that is open)"
    )
    parser.add_argument(
        "--seconds", type=float, default=10, help="time limit of a function (default: 10)"
    )
    parser.add_argument(
        "--memory", type=float, default=2, help="memory limit of a student, in GB (default: 2)"
    )
    parser.add_argument(
        "--at-a-time",
        type=int,
        default=workers,
        metavar="N",
        help=f"students at a time (default: {workers}, one per processor)",
    )
    parser.add_argument(
        "--seed", type=int, help="of the hidden inputs (default: drawn once, then kept)"
    )
    parser.add_argument(
        "--semicolon",
        action="store_true",
        help="begin grades.csv for a spreadsheet that writes 2,5 for two and a half",
    )
    parser.add_argument(
        "--again", action="store_true", help="try everything again, also what has not changed"
    )
    return parser.parse_args()


if __name__ == "__main__":
    from ser_helpers import terminal

    sys.exit(terminal.run(main, name="grade"))
