"""A headless Chromium for tests: where it is, and how it is fetched (`fetch`) and driven (`page`)."""

import os
import shutil
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".venv" / "chromium"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find() -> Path | None:
    """The browser that is installed, or was fetched; None where there is none."""
    for name in NAMES:
        if (installed := shutil.which(name)) is not None:
            return Path(installed)
    fetched = FOLDER / "usr" / "lib" / "chromium" / "chromium-headless-shell"
    return fetched if fetched.is_file() else None


def environment(browser: Path) -> dict[str, str]:
    """The variables that it needs: a fetched one brings its own libraries and fonts."""
    if FOLDER not in browser.parents:
        return dict(os.environ)
    libraries = [str(FOLDER / part / "x86_64-linux-gnu") for part in ("usr/lib", "lib")]
    libraries += [str(folder) for folder in (FOLDER / "usr" / "lib").glob("*-linux-gnu/*") if folder.is_dir()]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}
