"""Build the course's web pages and show them: ``python course.py site``.

The pages go to ``site/_build/html``; any web server can hand them out as they are. The first call
makes an environment for Sphinx, ``.venv-site``, beside ``.venv`` (once; about 250 MB). Nothing is
run: the pages show what the notebooks have stored.
"""

import argparse
import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
REQUIREMENTS = HERE / "requirements.txt"
ENVIRONMENT = ROOT / ".venv-site"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = ENVIRONMENT / "site-ready"
SOURCE, HTML = HERE / "_build" / "source", HERE / "_build" / "html"
#: What becomes pages, each at the same place as in the repository, so that links between them hold.
PAGES = (
    "notebooks/*.ipynb",
    "docs/*.md",
    "classroom/*.md",
    "benchmarks/*.md",
    "benchmarks/figures/*.png",
)


def set_up() -> None:
    """Make the environment for Sphinx, unless it is there and up to date.

    It also sees the packages of the Python that runs this, because the API reference imports
    ``ser_helpers`` and what that stands on.
    """
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + repr(packages).encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("site: making the environment for Sphinx (once; about 250 MB)", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--requirement", REQUIREMENTS], check=True)
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = subprocess.run([PYTHON, "-c", asked], check=True, capture_output=True, text=True)
    Path(own.stdout.strip(), "course.pth").write_text("\n".join(packages) + "\n")
    STAMP.write_text(wanted)


def gather() -> None:
    """Copy what becomes pages into one folder, which is all that Sphinx sees."""
    shutil.rmtree(SOURCE.parent, ignore_errors=True)
    shutil.copytree(HERE / "pages", SOURCE)
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            copy = SOURCE / path.relative_to(ROOT)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)


def build(*, strict: bool) -> int:
    """Run Sphinx and return its exit code; 0 if the pages are there."""
    command = [PYTHON, "-m", "sphinx", "-q", "-b", "html", "-c", HERE]
    command += ["-d", SOURCE.parent / "doctrees", SOURCE, HTML]
    if strict:
        command += ["--fail-on-warning", "--keep-going"]
    # MPLBACKEND: no window opens when the package is imported for its reference.
    path = os.pathsep.join((str(ROOT), str(HERE / "extensions")))
    environment = dict(os.environ, PYTHONPATH=path, MPLBACKEND="agg", KERAS_BACKEND="torch")
    return subprocess.run(command, env=environment, check=False).returncode


class Quietly(http.server.SimpleHTTPRequestHandler):
    """Hand out files without a line for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(port: int, *, browser: bool) -> None:
    """Serve the pages to this machine only, until Ctrl-C."""
    handler = functools.partial(Quietly, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"site: {address}; press Ctrl-C here to stop", flush=True)
        if browser:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("site: stopped")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="course.py site", description="Build the course's web pages and show them."
    )
    parser.add_argument("--no-serve", action="store_true", help="build the pages, no more")
    parser.add_argument("--no-browser", action="store_true", help="serve; open no browser")
    parser.add_argument("--port", type=int, default=0, help="serve there (default: a free one)")
    parser.add_argument("--strict", action="store_true", help="let a warning of Sphinx be an error")
    options = parser.parse_args()
    try:
        set_up()
    except (subprocess.CalledProcessError, OSError) as error:
        print(
            f"site: {ENVIRONMENT} could not be made ({error}): check that this folder can be "
            "written to and that the internet can be reached, then run the same command again"
        )
        return 1
    start = time.perf_counter()
    gather()
    if code := build(strict=options.strict):
        print("site: not built; the reasons are above")
        return code
    pages = sum("_static" not in path.parts for path in HTML.rglob("*.html"))
    size = sum(path.stat().st_size for path in HTML.rglob("*") if path.is_file())
    seconds = time.perf_counter() - start
    print(f"site: {pages} pages, {size / 1e6:.0f} MB, built in {seconds:.0f} s: {HTML}", flush=True)
    if not options.no_serve:
        serve(options.port, browser=not options.no_browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
