import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.engines.terraform import process
from infra.engines.terraform.process import Ended, Patience

PATIENCE = Patience(first_seconds=0.4, second_seconds=0.4)

INTERRUPT_PARENT = "os.kill(os.getppid(), signal.SIGINT)\n"


def run(folder: Path, program: str, on_line=lambda line: None, patience: Patience = PATIENCE) -> Ended:
    text = f"import os, signal, subprocess, sys, time\nfrom pathlib import Path\n{program}"
    return process.run(
        [sys.executable, "-u", "-c", text],
        directory=folder,
        environ=os.environ,
        patience=patience,
        on_line=on_line,
    )


def running(pid: int) -> bool:
    """Whether `pid` still does anything a second later; a zombie does not."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
        if not status.strip() or status.startswith("Z"):
            return False
        time.sleep(0.05)
    return True


def test_lines_come_while_the_child_works(tmp_path: Path) -> None:
    lines = []

    def on_line(line: str) -> None:
        lines.append(line)
        (tmp_path / line).touch()

    # The child goes on only after its first line was heard.
    program = "print('one')\nwhile not Path('one').exists(): time.sleep(0.01)\nprint('two', end='')"
    assert run(tmp_path, program, on_line) == Ended(0, "")
    assert lines == ["one", "two"]


def test_exit_code_and_stderr_are_kept(tmp_path: Path) -> None:
    assert run(tmp_path, "sys.stderr.write('oh\\n'); sys.exit(3)") == Ended(3, "oh\n")


def test_more_output_than_a_pipe_holds_comes_whole(tmp_path: Path) -> None:
    lines: list[str] = []
    ended = run(tmp_path, "print('x' * 300_000); sys.stderr.write('y' * 300_000); print('end')", lines.append)
    assert [len(line) for line in lines] == [300_000, 3]
    assert len(ended.stderr) == 300_000


def test_files_of_the_child_are_private(tmp_path: Path) -> None:
    run(tmp_path, "Path('state').touch(); Path('folder').mkdir()")
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700


def test_an_interrupted_child_saves_its_work(tmp_path: Path) -> None:
    program = (
        "signal.signal(signal.SIGINT, lambda *a: (time.sleep(0.2), Path('saved').touch(), sys.exit(0)))\n"
        + INTERRUPT_PARENT
        + "time.sleep(60)"
    )
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, program)
    assert (tmp_path / "saved").exists()


def test_more_interrupts_do_not_cut_the_saving_short(tmp_path: Path) -> None:
    program = (
        "def save(*a):\n"
        "    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):\n"
        "        os.kill(os.getppid(), number); time.sleep(0.05)\n"
        "    Path('saved').touch(); sys.exit(0)\n"
        "signal.signal(signal.SIGINT, save)\n" + INTERRUPT_PARENT + "time.sleep(60)"
    )
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, program)
    assert (tmp_path / "saved").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_to_be_told_to_stop_count_as_interrupts(tmp_path: Path, number: signal.Signals) -> None:
    program = (
        "signal.signal(signal.SIGINT, lambda *a: (Path('saved').touch(), sys.exit(0)))\n"
        f"os.kill(os.getppid(), {int(number)})\ntime.sleep(60)"
    )
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, program)
    assert (tmp_path / "saved").exists()


def test_the_second_interrupt_comes_after_the_first_patience(tmp_path: Path) -> None:
    program = (
        "heard = []\n"
        "def hear(*a):\n"
        "    heard.append(time.monotonic())\n"
        "    if len(heard) == 2: Path('gap').write_text(str(heard[1] - heard[0])); sys.exit(1)\n"
        "signal.signal(signal.SIGINT, hear)\n" + INTERRUPT_PARENT + "while True: time.sleep(0.01)"
    )
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, program)
    assert float((tmp_path / "gap").read_text()) == pytest.approx(0.4, abs=0.2)


def test_a_child_that_ignores_interrupts_is_killed_with_its_group(tmp_path: Path) -> None:
    pids: list[int] = []
    program = (
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "plugin = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(os.getpid()); print(plugin.pid)\n" + INTERRUPT_PARENT + "time.sleep(60)"
    )
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, program, lambda line: pids.append(int(line)))
    assert 0.8 <= time.monotonic() - begin < 5
    assert len(pids) == 2
    assert not any(running(pid) for pid in pids)


def test_a_plugin_that_outlives_the_child_is_killed(tmp_path: Path) -> None:
    pids: list[int] = []
    program = (
        "plugin = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\nprint(plugin.pid)"
    )
    begin = time.monotonic()
    assert run(tmp_path, program, lambda line: pids.append(int(line))).returncode == 0
    assert time.monotonic() - begin < 10
    assert not running(pids[0])


def test_an_error_of_the_listener_stops_the_child_and_is_raised(tmp_path: Path) -> None:
    def on_line(line: str) -> None:
        raise LookupError(line)

    program = "signal.signal(signal.SIGINT, lambda *a: (Path('saved').touch(), sys.exit(0)))\nprint('x')\n"
    with pytest.raises(LookupError, match="x"):
        run(tmp_path, program + "time.sleep(60)", on_line)
    assert (tmp_path / "saved").exists()


def test_the_old_signal_handlers_come_back(tmp_path: Path) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    run(tmp_path, "")
    with pytest.raises(FileNotFoundError):
        process.run(
            [str(tmp_path / "absent")],
            directory=tmp_path,
            environ={},
            patience=PATIENCE,
            on_line=lambda line: None,
        )
    assert [signal.getsignal(number) for number in numbers] == before


def test_an_ignored_interrupt_stays_ignored(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert run(tmp_path, INTERRUPT_PARENT).returncode == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_child_whose_parent_is_killed_saves_its_work_and_goes_with_its_group(tmp_path: Path) -> None:
    program = (
        "import subprocess\n"
        "plugin = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "Path('pids').write_text(f'{os.getpid()} {plugin.pid}')\n"
        "def save(*_):\n"
        "    print('x' * 1000, flush=True)\n"
        "    Path('saved').touch()\n"
        "    sys.exit(1)\n"
        "signal.signal(signal.SIGINT, save)\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(0.1)\n"
    )
    ours = (
        "import sys; from pathlib import Path; import tests.infra.engines.terraform.test_process as here\n"
        f"here.run(Path({str(tmp_path)!r}), {program!r}, lambda line: print(line, flush=True))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", ours], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == "ready\n"
    parent.kill()
    parent.wait()
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert not any(running(pid) and running(pid) and running(pid) for pid in pids)
    assert (tmp_path / "saved").exists()
