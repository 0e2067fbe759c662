"""deploy/kubernetes: what the schemas of Kubernetes ask, and that the manifests fit each other and the server."""

import re
import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml

from api.config import ROOT
from api.routes import ROUTES
from api.server import STOP_SECONDS
from tests.deploy.places import PINNED, config_of, documents, env_file
from tests.docs.test_configuration import settings_written
from tests.docs.test_metrics import ALERTS

FOLDER = ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.29", "1.37")
(KUSTOMIZATION,) = documents(FOLDER / "kustomization.yaml")
MANIFESTS = {document["kind"]: document for name in KUSTOMIZATION["resources"] for document in documents(FOLDER / name)}
DEPLOYMENT = MANIFESTS["Deployment"]["spec"]
PODS = {kind: MANIFESTS[kind]["spec"]["template"]["spec"] for kind in ("Deployment", "Job")}
(NODE,) = PODS["Deployment"]["containers"]
OF_TOKENS = {"SECRET_KEYS", "JWT_KEYS", "INTROSPECTION_CLIENTS"}
ENV_FILES = {
    "settings.env": "settings.env",
    "secrets.env": "secrets.env.example",
    "migration.env": "migration.env.example",
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", MANIFESTS)
def test_each_is_what_kubernetes_takes(kind, version):
    kubernetes_validate.validate(MANIFESTS[kind], version, strict=True)


def test_every_manifest_is_in_the_kustomization():
    assert {*KUSTOMIZATION["resources"], "kustomization.yaml"} == {path.name for path in FOLDER.glob("*.yaml")}
    (image,) = KUSTOMIZATION["images"]
    assert PINNED.fullmatch(f"{image['name']}:{image['newTag']}")
    assert {container["image"] for pod in PODS.values() for container in pod["containers"]} == {image["name"]}


@pytest.mark.parametrize("kind", PODS)
def test_no_pod_has_more_than_it_needs(kind):
    pod = PODS[kind]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]


def test_an_update_takes_no_node_away_before_its_time():
    """A pod waits until nobody sends it requests, and then has as long as a stop takes."""
    (_, seconds) = NODE["lifecycle"]["preStop"]["exec"]["command"]
    assert DEPLOYMENT["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert PODS["Deployment"]["terminationGracePeriodSeconds"] > int(seconds) + STOP_SECONDS
    assert MANIFESTS["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert MANIFESTS["HorizontalPodAutoscaler"]["spec"]["minReplicas"] >= 2


def test_only_the_start_asks_for_the_database_and_redis():
    """A Redis that is away must not take all nodes out at once, nor restart them."""
    asked = {name: NODE[name]["httpGet"]["path"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert asked == {"startupProbe": "/readyz", "readinessProbe": "/healthz", "livenessProbe": "/healthz"}


def test_the_names_fit_each_other():
    labels = DEPLOYMENT["template"]["metadata"]["labels"]
    assert DEPLOYMENT["selector"]["matchLabels"] == labels
    assert MANIFESTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert MANIFESTS["Service"]["spec"]["selector"] == labels
    guarded = MANIFESTS["NetworkPolicy"]["spec"]["podSelector"]["matchExpressions"][0]["values"]
    named = {MANIFESTS[kind]["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] for kind in PODS}
    assert named == set(guarded)
    made = {made["name"] for how in ("configMapGenerator", "secretGenerator") for made in KUSTOMIZATION[how]}
    used = {ref["name"] for pod in PODS.values() for of in pod["containers"][0]["envFrom"] for ref in of.values()}
    assert used == made
    files = [
        name
        for how in ("configMapGenerator", "secretGenerator")
        for made in KUSTOMIZATION[how]
        for name in made["envs"]
    ]
    assert sorted(files) == sorted(ENV_FILES)


def test_the_nodes_read_what_they_are_given():
    """Every name is a setting, production starts with them, and no secret has a value."""
    settings, secrets, migration = (env_file(f"deploy/kubernetes/{name}") for name in ENV_FILES.values())
    assert {*settings, *secrets, *migration} <= settings_written().keys()
    assert {*secrets.values(), *migration.values()} == {""}
    assert secrets.keys() & env_file("accounts.env.example").keys() >= OF_TOKENS
    config = config_of(settings)
    assert (config.migrates, config.trusted_proxies) == (False, 1)
    assert config.workers * config.hash_places == int(NODE["resources"]["requests"]["cpu"])


def is_let_through(url):
    (rule,) = MANIFESTS["Ingress"]["spec"]["rules"]
    for path in rule["http"]["paths"]:
        below = path["pathType"] == "Prefix" and url.startswith(f"{path['path']}/")
        if url == path["path"] or below:
            return True
    return False


def test_what_clients_call_is_let_through_and_what_is_for_the_inside_is_not():
    calls = {url for url, _ in ROUTES} | {"/.well-known/jwks.json", "/docs", "/openapi.yaml", "/healthz"}
    assert {url for url in calls if not is_let_through(url)} == {"/v1/token/introspect"}
    assert [url for url in ("/metrics", "/readyz", "/dev/inbox", "/v1", "/") if is_let_through(url)] == []


def test_prometheus_finds_the_nodes_and_calls_them_as_the_alerts_do(tmp_path):
    found, monitor = (
        documents(FOLDER.parent / "prometheus" / name)[0] for name in ("kubernetes.yaml", "podmonitor.yaml")
    )
    (job,), (endpoint,) = found["scrape_configs"], monitor["spec"]["podMetricsEndpoints"]
    (pods,), keep = job["kubernetes_sd_configs"], job["relabel_configs"][0]
    labels = DEPLOYMENT["template"]["metadata"]["labels"]
    assert keep["regex"] == f"{labels['app.kubernetes.io/name']};{NODE['ports'][0]['name']}"
    assert (monitor["spec"]["selector"]["matchLabels"], endpoint["port"]) == (labels, NODE["ports"][0]["name"])
    assert pods["namespaces"]["names"] == [monitor["metadata"]["namespace"]] == [KUSTOMIZATION["namespace"]]
    named = next(one["replacement"] for one in endpoint["relabelings"] if one["targetLabel"] == "job")
    asked = {name for rule in ALERTS for name in re.findall(r'\bjob="(\w+)"', rule["expr"])}
    assert {job["job_name"], named} == asked
    _check_configuration(found, tmp_path)


def _check_configuration(found, tmp_path):
    """Debian's promtool knows no Kubernetes, so the rest of it."""
    job = found["scrape_configs"][0] | {"static_configs": [{"targets": ["10.0.0.11:5000"]}]}
    del job["kubernetes_sd_configs"]
    written = tmp_path / "prometheus.yaml"
    written.write_text(yaml.safe_dump(found | {"scrape_configs": [job]}), encoding="utf-8")
    program = shutil.which("promtool") or pytest.exit("There is no promtool: apt-get install prometheus.", 3)
    checked = [program, "check", "config", "--syntax-only", str(written)]
    assert subprocess.run(checked, capture_output=True, check=False).returncode == 0
