"""Each seeded bug in a copy of the tree, and whether the year finds it: `make mutants`."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from tests.mutants.bugs import ROOT, Bug, bugs

COPIED = ("hub", "drivers", "integrations", "web", "config", "tests", "pyproject.toml", "README.md", "CHANGELOG.md")
DAYS, SEED = 25, 1
LAW = re.compile(r"!! (\w+): ([^\n]*)")


def _copy(folder: Path) -> None:
    skipped = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=skipped)
        else:
            shutil.copy(source, folder / name)


def _lived(folder: Path, days: int, seed: int) -> tuple[int, str]:
    environ = os.environ | {
        "PYTHONPATH": str(folder),
        "GATEHOUSE_SEEDS": str(seed),
        "GATEHOUSE_YEAR_DAYS": str(days),
    }
    year = ("-k", "every_guest", "tests/system/test_a_year.py")
    command = (sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *year)
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _verdict(bug: Bug) -> tuple[bool, str]:
    """Whether the year found it, and by which law."""
    begun = perf_counter()
    with tempfile.TemporaryDirectory(prefix="gatehouse-mutant-") as name:
        folder = Path(name)
        _copy(folder)
        bug.put_into(folder)
        status, told = _lived(folder, bug.days or DAYS, bug.seed or SEED)
    law = LAW.search(told)
    by = f"{law[1]}: {law[2]}" if law else "it fell" if status else ""
    verdict = f"caught by {by}" if status else "SURVIVED"
    return status != 0, f"{perf_counter() - begun:6.0f} s  {bug.name}: {verdict}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("only", nargs="*", help="only bugs whose name has one of these words")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    told = parser.parse_args()
    chosen = [bug for bug in bugs() if not told.only or any(word in bug.name for word in told.only)]
    with ThreadPoolExecutor(told.jobs) as crew:
        verdicts = []
        for found, sentence in crew.map(_verdict, chosen):
            verdicts.append(found)
            sys.stdout.write(sentence + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"{sum(verdicts)} of {len(verdicts)} caught\n")
    sys.exit(0 if all(verdicts) else 1)


if __name__ == "__main__":
    main()
