"""deploy/kubernetes: what the schemas of Kubernetes ask, and that the manifests fit each other and the server."""

import kubernetes_validate
import pytest

from api.config import ROOT
from api.server import STOP_SECONDS
from tests.deploy.places import PINNED, config_of, documents, env_file
from tests.docs.test_configuration import settings_written

FOLDER = ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.29", "1.37")
(KUSTOMIZATION,) = documents(FOLDER / "kustomization.yaml")
MANIFESTS = {document["kind"]: document for name in KUSTOMIZATION["resources"] for document in documents(FOLDER / name)}
DEPLOYMENT = MANIFESTS["Deployment"]["spec"]
PODS = {kind: MANIFESTS[kind]["spec"]["template"]["spec"] for kind in ("Deployment", "Job")}
(NODE,) = PODS["Deployment"]["containers"]
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
    config = config_of(settings)
    assert (config.migrates, config.trusted_proxies) == (False, 1)
    assert config.workers * config.hash_places == int(NODE["resources"]["requests"]["cpu"])


def test_metrics_and_readiness_are_for_the_inside():
    (rule,) = MANIFESTS["Ingress"]["spec"]["rules"]
    let_through = {path["path"] for path in rule["http"]["paths"]}
    assert let_through == {"/v1", "/.well-known", "/docs", "/openapi.yaml", "/healthz"}
