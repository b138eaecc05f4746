"""Making missing weights with the model's own script."""

import io
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from model_packaging.errors import PrepareFailed
from model_packaging.prepare import prepare

WRITES = "open('model.bin', 'w').write('made'); print('made it')\n"


def with_script(make_model, script, **fields):
    return make_model({"export.py": script}, **{"weights": ("model.bin",), "prepare": "export.py", **fields})


def test_the_script_runs_in_the_folder_and_is_heard(make_model, tmp_path):
    said = io.StringIO()
    prepare(with_script(make_model, WRITES), tmp_path, said)
    assert (tmp_path / "models/tiny/model.bin").read_text() == "made"
    assert said.getvalue() == "made it\n"


def test_weights_that_are_there_are_left_alone(make_model, tmp_path):
    model = with_script(make_model, "raise SystemExit('must not run')")
    (tmp_path / "models/tiny/model.bin").write_text("mine")
    prepare(model, tmp_path)
    assert (tmp_path / "models/tiny/model.bin").read_text() == "mine"


def test_a_failing_script_leaves_no_half_made_weights(make_model, tmp_path):
    script = "open('model.bin', 'w').write('half'); raise RuntimeError('no torch here')\n"
    with pytest.raises(PrepareFailed, match=r"(?s)tiny/export\.py ended with code 1.*no torch here"):
        prepare(with_script(make_model, script), tmp_path, io.StringIO())
    assert not (tmp_path / "models/tiny/model.bin").exists()


def test_only_missing_weights_are_removed_after_a_failure(make_model, tmp_path):
    script = "open('b.bin', 'w').close(); raise SystemExit(3)"
    model = with_script(make_model, script, weights=("a.bin", "b.bin"))
    (tmp_path / "models/tiny/a.bin").write_text("mine")
    with pytest.raises(PrepareFailed, match="code 3"):
        prepare(model, tmp_path, io.StringIO())
    assert (tmp_path / "models/tiny/a.bin").exists() and not (tmp_path / "models/tiny/b.bin").exists()


def test_a_script_that_makes_something_else_is_told_so(make_model, tmp_path):
    with pytest.raises(PrepareFailed, match=r"without making model\.bin"):
        prepare(with_script(make_model, "pass\n"), tmp_path, io.StringIO())


def test_ctrl_c_ends_the_script_and_removes_what_it_began(make_model, tmp_path):
    script = "import os, time; open('model.bin', 'w').write(str(os.getpid())); print('on', flush=True); time.sleep(60)"
    with_script(make_model, script)
    weights = tmp_path / "models/tiny/model.bin"
    process = subprocess.Popen([sys.executable, "-c", prepares(tmp_path)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None and process.stderr.readline() == "on\n"
    child = int(weights.read_text())
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) != 0 and time.monotonic() - before < 10
    assert not weights.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def prepares(base):
    """A program that prepares the model below `base`."""
    return textwrap.dedent(f"""
        from pathlib import Path
        from model_packaging import Model
        from model_packaging.prepare import prepare
        model = Model("models/tiny", framework="onnx", weights=("model.bin",), prepare="export.py")
        prepare(model, Path({str(base)!r}))
    """)


def test_two_processes_make_the_weights_once(make_model, tmp_path):
    script = "import time; open('runs', 'a').write('x'); time.sleep(0.5); open('model.bin', 'w').close()\n"
    with_script(make_model, script)
    program = prepares(tmp_path)
    running = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    assert (tmp_path / "models/tiny/runs").read_text() == "x"


def test_weights_that_were_being_made_at_a_kill_are_made_anew(make_model, tmp_path):
    """kill -9 leaves a file under its final name, which may be half of it."""
    folder = tmp_path / "models/tiny"
    model = with_script(make_model, WRITES)
    slow = "import os, signal, time; open('model.bin', 'w').write('half'); os.kill(os.getppid(), signal.SIGKILL)\n"
    (folder / "export.py").write_text(slow)
    program = (
        "from pathlib import Path; from model_packaging import Model; from model_packaging.prepare import prepare\n"
        "prepare(Model(Path('models/tiny'), framework='onnx', weights=('model.bin',), prepare='export.py'), Path('.'))"
    )
    killed = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True)
    assert killed.returncode == -signal.SIGKILL and (folder / "model.bin").read_text() == "half"
    (folder / "export.py").write_text(WRITES)
    prepare(model, tmp_path, io.StringIO())
    assert (folder / "model.bin").read_text() == "made"
    assert sorted(path.name for path in folder.iterdir()) == ["export.py", "inference.py", "model.bin"]


def test_notes_that_are_cut_short_are_no_notes(make_model, tmp_path):
    model = with_script(make_model, "raise SystemExit('must not run')")
    for text in ("", '["mod'):
        (tmp_path / "models/tiny/model.bin").write_text("mine")
        (tmp_path / "models/tiny/.unfinished.json").write_text(text)
        prepare(model, tmp_path)
        assert (tmp_path / "models/tiny/model.bin").read_text() == "mine"
        assert not (tmp_path / "models/tiny/.unfinished.json").exists()
