"""The totals go back into the table of Moodle or Canvas, and all else in it stays."""

import csv
import io
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT
from grading.platforms import Total, fill

from ser_helpers.errors import DataError

MOODLE = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade",'
    '"Grade can be changed","Last modified (grade)","Feedback comments"\n'
    '"Participant 123","Jörg Müller",jm@example.org,"Submitted, late",,24.00,Yes,-,\n'
    '"Participant 124","Ann Lee",al@example.org,Submitted,7.00,24.00,Yes,-,"well, ""yes"""\n'
    '"Participant 125","Ann Lee",al2@example.org,Submitted,,24.00,Yes,-,\n'
    '"Participant 1123","No Body",nb@example.org,"No submission",,24.00,Yes,-,\n'
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,SER 02 (991),Essay (992),Final Score\r\n"
    "    Points Possible,,,,,24,10,(read only)\r\n"
    '"Müller, Jörg",123,,jm,A,,8,80\r\n'
    '"Lee, Ann",124,,al,A,,9,90\r\n'
    '"Student, Test",999,,x,A,,,\r\n'
)
TOTALS = [
    Total("Jörg Müller", "123", 21.5),
    Total("Ann Lee", "124", 12.0),
    Total("Ann Lee", "125", None),
]


@pytest.fixture
def filled(tmp_path):
    def run(text, totals=TOTALS, *, encoding="utf-8", **asked):
        (tmp_path / "down").mkdir(exist_ok=True)
        path = tmp_path / "down" / "Grades-SER.csv"
        path.write_bytes(text.encode(encoding))
        found = fill(path, totals, out=tmp_path, **{"most": 24} | asked)
        assert path.read_bytes() == text.encode(encoding)  # only read
        return found, found.path.read_bytes().decode("utf-8")

    return run


def test_moodles_grading_worksheet_gets_grades_and_keeps_the_rest(filled):
    found, text = filled(MOODLE)
    before, after = (list(csv.DictReader(io.StringIO(t))) for t in (MOODLE, text))
    assert [row["Grade"] for row in after] == ["21.5", "12", "", ""]
    for row in (*before, *after):
        del row["Grade"]
    assert before == after
    assert found.n_filled == 2
    assert found.told == (
        "Ann Lee was left out: something is still to be graded by hand",
        "Ann Lee had 7.00, and has 12",
    )


def test_another_maximum_is_converted_and_told(filled):
    found, text = filled(MOODLE.replace("24.00", "100.00"))
    assert [row["Grade"] for row in csv.DictReader(io.StringIO(text))][:2] == ["89.58", "50"]
    assert found.told[0] == "24 points here are 100 there: all were converted"
    with pytest.raises(DataError, match="0 points there"):
        filled(MOODLE.replace("24.00", "0.00"))


def test_moodle_in_another_language_is_asked_for_its_column(filled):
    german = MOODLE.replace("Participant ", "Teilnehmer/in").replace(
        ',Grade,"Maximum grade"', ",Bewertung,Bestwertung"
    )
    with pytest.raises(DataError, match=r'which column.*--column.*"Bewertung"'):
        filled(german)
    found, text = filled(german, column="Bewertung", most=48)
    assert found.told[0].startswith("48 points here are 24 there")
    assert next(csv.DictReader(io.StringIO(text)))["Bewertung"] == "10.75"


def test_canvas_gradebook_has_one_column_filled(filled):
    with pytest.raises(DataError, match=r'there are "SER 02 \(991\)", "Essay \(992\)"'):
        filled(CANVAS)
    with pytest.raises(DataError, match="not one is 'Final'"):
        filled(CANVAS, column="Final")
    found, text = filled(CANVAS, column="SER 02", encoding="utf-8-sig")
    assert text.startswith("\ufeff")
    assert text[1:] == CANVAS.replace("A,,8,", "A,21.5,8,").replace("A,,9,", "A,12,9,")
    (told,) = found.told
    assert told == "Ann Lee was not filled in: Grades-SER.csv has nobody of that number (125)"
    alone = CANVAS.replace("Essay (992)", "Essay")
    assert filled(alone)[0].column == "SER 02 (991)"


def test_without_numbers_names_tell_unless_two_have_the_same(filled):
    totals = [Total("Müller Jörg", "", 3), Total("Ann Lee", "", 4), Total("Eve", "", 5)]
    found, text = filled(MOODLE, totals)
    assert [row["Grade"] for row in csv.DictReader(io.StringIO(text))] == ["3", "7.00", "", ""]
    assert found.told == tuple(
        f"{name} was not filled in: Grades-SER.csv has nobody of that name, or two"
        for name in ("Ann Lee", "Eve")
    )
    twice = [Total("Müller Jörg", "", 3), Total("Jörg Müller", "", 4), Total("No Body", "", 1)]
    assert filled(MOODLE, twice)[0].n_filled == 1


def test_grading_fills_the_table_that_it_is_given(tmp_path):
    handed_out = ROOT / "classroom" / "exercises" / "02_mfccs.ipynb"
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.write(handed_out, "Müller Jörg_123_assignsubmission_file_/02_mfccs.ipynb")
    (tmp_path / "sheet.csv").write_text(MOODLE, encoding="utf-8")
    command = [sys.executable, ROOT / "classroom" / "grade.py", "class.zip", "--fill", "sheet.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "column 'Grade' has the totals of 1 student\n" in done.stdout
    written = (tmp_path / "class-graded" / "sheet.csv").read_text("utf-8")
    assert next(csv.DictReader(io.StringIO(written)))["Grade"] == "0"  # nothing was written yet


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no table"),
        ("Grade\n1\n", "no table"),
        (MOODLE.replace("Participant ", "Participant 9"), "none of these students"),
        ("Name,Name\n1,2\n", "no table"),
        (MOODLE + "x" + "," * 20 + "\n", "line 6 has more columns"),
        ("PK\x03\x04", "workbook"),
    ],
)
def test_what_is_no_such_table_is_refused(filled, tmp_path, text, message):
    only_numbered = [Total("Somebody Else", "123", 1.0)]
    with pytest.raises(DataError, match=message):
        filled(text, only_numbered)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["down"]


def test_a_table_beside_the_grades_is_not_overwritten(tmp_path):
    path = tmp_path / "worksheet.csv"
    path.write_text(MOODLE, encoding="utf-8")
    found = fill(path, TOTALS, most=24, out=tmp_path)
    assert path.read_text("utf-8") == MOODLE
    assert found.path.name == "worksheet-filled.csv"
    with pytest.raises(DataError, match=r"gone\.csv cannot be read"):
        fill(tmp_path / "gone.csv", TOTALS, most=24, out=tmp_path)
    path.write_bytes(MOODLE.encode("cp1252"))
    with pytest.raises(DataError, match="not in UTF-8"):
        fill(path, TOTALS, most=24, out=tmp_path)
