"""Every command of the README runs, against the server that `make run` starts."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.server import running

ROOT = Path(__file__).resolve().parent.parent.parent


def commands() -> list[str]:
    """The shell blocks of the README, without the one that names the token."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if not block.startswith("export TOKEN")]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("data"), "--no-assets") as started:
        yield started


def test_the_readme_has_commands():
    assert len(commands()) == 6


@pytest.mark.parametrize(
    "command", commands(), ids=lambda text: text.split("http")[-1].split("'")[0].split("\n")[0][:40]
)
def test_a_command_of_the_readme_answers(server, command):
    script = command.replace("http://127.0.0.1:8000", server.url).replace("curl -s", "curl --fail-with-body -sS")
    done = subprocess.run(
        ["bash", "-euc", script],
        env={**os.environ, "TOKEN": server.demo["api_token"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    decoder, text, answers = json.JSONDecoder(), done.stdout.strip(), []
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].strip()
    assert len(answers) == command.count("curl ")
    assert not any("errors" in answer or "statusCode" in answer for answer in answers)
