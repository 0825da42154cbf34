"""Every command of the README runs, against the server that `make run` starts."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def commands() -> list[str]:
    """The shell blocks of the README, without the one that names the token."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if not block.startswith("export TOKEN")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """`manage.py up`, what `make run` calls, with a DATA_DIR of its own; gives its port and the demo's token."""
    folder, port = tmp_path_factory.mktemp("data"), free_port()
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")}
    environment |= {"DATA_DIR": str(folder), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    log = (folder / "up.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--no-assets"], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    try:
        deadline = time.monotonic() + 120
        while True:
            assert process.poll() is None, (folder / "up.log").read_text()
            assert time.monotonic() < deadline, (folder / "up.log").read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                    if answer.status == 200 and (folder / "demo.json").exists():
                        break
            except OSError:
                pass
            time.sleep(0.2)
        yield port, json.loads((folder / "demo.json").read_text())["api_token"]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        log.close()


def test_the_readme_has_commands():
    assert len(commands()) == 5


@pytest.mark.parametrize(
    "command", commands(), ids=lambda text: text.split("http")[-1].split("'")[0].split("\n")[0][:40]
)
def test_a_command_of_the_readme_answers(server, command):
    port, token = server
    script = command.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace("curl -s", "curl --fail-with-body -sS")
    done = subprocess.run(
        ["bash", "-euc", script], env={**os.environ, "TOKEN": token}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    decoder, text, answers = json.JSONDecoder(), done.stdout.strip(), []
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].strip()
    assert len(answers) == command.count("curl ")
    assert not any("errors" in answer or "statusCode" in answer for answer in answers)
