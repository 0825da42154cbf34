"""kubernetes.yaml and compose.yaml: they ask for what the server, its settings and its image have."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from config.server.children import STOP_TIMEOUT_S
from tests.server import ROOT

TEXT = (ROOT / "kubernetes.yaml").read_text()
PARTS: dict[str, Any] = {each["kind"]: each for each in yaml.safe_load_all(TEXT)}
POD = PARTS["Deployment"]["spec"]["template"]["spec"]
SERVER = POD["containers"][0]
IMAGE = (ROOT / "Dockerfile").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()


def test_every_setting_is_one_that_is_documented() -> None:
    secrets = re.findall(r"--from-literal=(\w+)=", TEXT)
    assert secrets == ["DATABASE_URL", "DATABASE_DIRECT_URL", "SECRET_KEY", "METRICS_TOKEN"]
    given = [*PARTS["ConfigMap"]["data"], *secrets]
    assert [name for name in given if f"| `{name}` |" not in SETTINGS] == []


def test_it_starts_what_up_starts_and_makes_no_demo() -> None:
    assert SERVER["args"] == ["up", "--no-demo", "--no-assets"] and SERVER["args"][0] in get_commands()
    assert 'ENTRYPOINT ["python", "manage.py"]' in IMAGE
    command = re.search(r"python manage\.py (\w+) create NAME", TEXT)
    assert command is not None and command[1] in get_commands()


@pytest.mark.parametrize(
    ("probe", "path"), [("startupProbe", "/readyz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")]
)
def test_probes_ask_addresses_that_there_are(probe: str, path: str) -> None:
    assert SERVER[probe]["httpGet"] == {"path": path, "port": "http"} and resolve(path)
    assert SERVER["ports"] == [{"name": "http", "containerPort": 8000}] and "PORT=8000" in IMAGE


def test_nothing_of_it_is_root_or_may_write_but_into_its_volumes() -> None:
    confined = {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [each["securityContext"] for each in (*POD["initContainers"], SERVER)] == [confined, confined]
    assert POD["securityContext"]["runAsNonRoot"] is True and POD["automountServiceAccountToken"] is False
    assert [mount["mountPath"] for mount in SERVER["volumeMounts"]] == ["/data", "/tmp"]
    assert "DATA_DIR=/data" in IMAGE and "PYTHONDONTWRITEBYTECODE=1" in IMAGE and "USER fourgate" in IMAGE


def test_a_pod_has_the_time_to_end_what_it_works_on() -> None:
    pause_s = int(SERVER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["terminationGracePeriodSeconds"] >= pause_s + STOP_TIMEOUT_S + 10


def test_compose_gives_the_same_time_and_the_same_root() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["fourgate"]
    assert int(service["stop_grace_period"].removesuffix("s")) >= STOP_TIMEOUT_S + 10
    assert (service["read_only"], service["tmpfs"], service["volumes"]) == (True, ["/tmp"], ["data:/data"])


def test_one_pod_always_serves() -> None:
    selector = {"app": "fourgate"}
    assert PARTS["Deployment"]["spec"]["selector"] == PARTS["PodDisruptionBudget"]["spec"]["selector"]
    assert (
        PARTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
        == PARTS["Service"]["spec"]["selector"]
        == selector
    )
    assert PARTS["Deployment"]["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert (PARTS["Deployment"]["spec"]["replicas"], PARTS["PodDisruptionBudget"]["spec"]["minAvailable"]) == (2, 1)
