"""Finding a Chromium for the browser tests and the benchmarks."""

import os
import shutil
import sys
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
MAC = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
ADVICE = (
    "no Chromium or Chrome was found; install one, or name it in HEADROOM_CHROMIUM, "
    "or run: python -m playwright install chromium"
)


def find_chromium() -> str | None:
    """Path of a Chromium-like browser: HEADROOM_CHROMIUM, an installed one, Playwright's own."""
    named = os.environ.get("HEADROOM_CHROMIUM")
    if named:
        return shutil.which(named)
    for name in NAMES:
        if path := shutil.which(name):
            return path
    for candidate in installed_places():
        if candidate.exists():
            return str(candidate)
    return playwright_chromium()


def installed_places() -> list[Path]:
    """Where browsers stand on systems that do not put them on the PATH."""
    if sys.platform == "darwin":
        return [Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in MAC]
    if sys.platform == "win32":
        roots = filter(None, map(os.environ.get, ("PROGRAMFILES", "PROGRAMFILES(X86)")))
        return [Path(root) / name for root in roots for name in WINDOWS]
    return []


def playwright_chromium() -> str | None:
    """The Chromium that `playwright install` fetched, if it did."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None
