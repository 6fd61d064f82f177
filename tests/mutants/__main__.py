"""Each seeded bug in a copy of the tree, and whether the year finds it: `make mutants`."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Final

from tests.mutants.bugs import ROOT, Bug, bugs
from tests.system.year.town import begin_of

COPIED: Final = (
    "hub",
    "drivers",
    "integrations",
    "web",
    "config",
    "tests",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
)
DAYS: Final = 25
SEED: Final = 1
VERDICTS: Final = ROOT / "build" / "mutants.jsonl"
LAW: Final = re.compile(r"(\d{4}-\d\d-\d\d) [\d:.]+ !! (\w+): ([^\n]*)")
FALL: Final = re.compile(r"^E +(\S.*)$", re.MULTILINE)
FAILED: Final = 1
"""Source: docs.pytest.org, “Exit codes”: tests were run, and some failed. Any other end is no verdict."""


@dataclass(frozen=True, slots=True)
class Verdict:
    bug: str
    caught: bool
    law: str
    """By which law, and what the judge said; empty: it survived."""
    day: int | None
    """Of its year, counted from 1."""
    commit: str
    """Of the tree that it was put into; with a plus, if that had changes of its own."""
    seed: int
    days: int
    seconds: int

    def __str__(self) -> str:
        when = "" if self.day is None else f"on day {self.day} "
        verdict = f"caught {when}by {self.law}" if self.caught else f"SURVIVED {self.days} days"
        return f"{self.seconds:6} s  {self.bug}: {verdict}"


def _commit() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(("git", *words), cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


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


def _verdict(bug: Bug, commit: str) -> Verdict:
    """Whether the year found it, and by which law. It breaks off at the first that is broken."""
    begun, days, seed = perf_counter(), bug.days or DAYS, bug.seed or SEED
    with tempfile.TemporaryDirectory(prefix="gatehouse-mutant-") as name:
        folder = Path(name)
        _copy(folder)
        bug.put_into(folder)
        status, told = _lived(folder, days, seed)
    if status not in (0, FAILED):
        raise RuntimeError(f"“{bug.name}” got no verdict:\n{told}")
    law, fall = LAW.search(told), FALL.search(told)
    day = (datetime.fromisoformat(law[1]).replace(tzinfo=UTC) - begin_of(seed)).days + 1 if law else None
    by = f"{law[2]}: {law[3]}" if law else f"a fall: {fall[1] if fall else 'of the hub'}" if status else ""
    return Verdict(bug.name, status != 0, by, day, commit, seed, days, round(perf_counter() - begun))


def _known(commit: str) -> set[str]:
    """Bugs that were given a verdict in this very tree."""
    if not VERDICTS.exists() or commit.endswith("+"):
        return set()
    told = (json.loads(line) for line in VERDICTS.read_text().splitlines())
    return {row["bug"] for row in told if row["commit"] == commit}


def _keep(verdict: Verdict) -> None:
    VERDICTS.parent.mkdir(exist_ok=True)
    with VERDICTS.open("a") as file:
        file.write(json.dumps(asdict(verdict), ensure_ascii=False) + "\n")
    sys.stdout.write(f"{verdict}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("only", nargs="*", help="only bugs whose name has one of these words")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--go-on", action="store_true", help=f"without those that have a verdict in {VERDICTS.name}")
    told, commit = parser.parse_args(), _commit()
    known = _known(commit) if told.go_on else set()
    chosen = [bug for bug in bugs() if not told.only or any(word in bug.name for word in told.only)]
    with ThreadPoolExecutor(told.jobs) as crew:
        caught = []
        for verdict in crew.map(lambda bug: _verdict(bug, commit), (bug for bug in chosen if bug.name not in known)):
            _keep(verdict)
            caught.append(verdict.caught)
    sys.stdout.write(f"{sum(caught)} of {len(caught)} caught, told in {VERDICTS}\n")
    sys.exit(0 if all(caught) else 1)


if __name__ == "__main__":
    main()
