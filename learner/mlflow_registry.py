"""Publications in MLflow: one run per namespace and epoch, with metrics as time series, and registered versions.

Every operation is safe to repeat: a metric is identified by its step and time, and a version is looked up by
publication and digest before it is created.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow.entities import Metric, ViewType
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode

import mlflow
import weir
from weir.errors import PartUnavailable
from weir.messages import DriftFinding, Publication, TreesPublication, encode

ALIAS = "champion"
REQUIREMENTS = [f"weir=={weir.__version__}"]

_MAX_METRICS = 1000
"""MLflow's limit for one call of `log_batch`."""

_TAG_LENGTH = 5000
"""The longest value of a tag that every MLflow store accepts, by the documentation of `MlflowClient.set_tag`."""


class MlflowRegistry:
    """The runs and the registered model of one namespace on a tracking server."""

    def __init__(self, uri: str, *, namespace: str, model_name: str, code_version: str) -> None:
        self._client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        self._experiment, self._model_name, self._code_version = f"weir-{namespace}", model_name, code_version
        self._runs: dict[int, str] = {}

    def log(self, publications: list[Publication]) -> None:
        """Add the publications' metrics to their runs' time series, with `n` as the step, and tag the runs with drift.

        Raises:
            PartUnavailable: MLflow does not answer or refuses.
        """
        with _mlflow_answers():
            for epoch in sorted({publication.epoch for publication in publications}):
                self._log_epoch(epoch, [publication for publication in publications if publication.epoch == epoch])

    def register(
        self, publication: Publication, drift: list[DriftFinding], trees: TreesPublication | None = None
    ) -> str:
        """Register the publication unless it has a version, move the alias to it, and return the version.

        `drift` is the drift found since the last version, and `trees` are those in force, if there are any.

        Raises:
            PartUnavailable: MLflow does not answer or refuses.
        """
        with _mlflow_answers():
            version = self._find(publication) or self._create(publication, drift, trees)
            self._client.set_registered_model_alias(self._model_name, ALIAS, version.version)
            return str(version.version)

    def _log_epoch(self, epoch: int, publications: list[Publication]) -> None:
        run_id = self._run_id(epoch)
        metrics = [metric for publication in publications for metric in _metrics(publication)]
        for start in range(0, len(metrics), _MAX_METRICS):
            self._client.log_batch(run_id, metrics=metrics[start : start + _MAX_METRICS])
        for finding in (finding for publication in publications for finding in publication.drift):
            self._client.set_tag(run_id, f"weir.drift.{finding.signal}", finding.text)

    def _find(self, publication: Publication) -> ModelVersion | None:
        tags = {"weir.publication": publication.publication, "weir.digest": publication.digest}
        wanted = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        found = self._client.search_model_versions(f"name = '{self._model_name}' and {wanted}", max_results=1)
        return found[0] if found else None

    def _create(
        self, publication: Publication, drift: list[DriftFinding], trees: TreesPublication | None
    ) -> ModelVersion:
        self._ensure_registered_model()
        run_id, place = self._run_id(publication.epoch), f"publications/{publication.publication}"
        with tempfile.TemporaryDirectory() as folder:
            self._client.log_artifacts(run_id, save_scorer(publication, trees, Path(folder)), place)
        source = f"{self._client.get_run(run_id).info.artifact_uri}/{place}"
        tags = self._tags(publication, drift) | _trees_tags(trees)
        return self._client.create_model_version(self._model_name, source, run_id, tags=tags, await_creation_for=0)

    def _tags(self, publication: Publication, drift: list[DriftFinding]) -> dict[str, str]:
        return {
            "weir.publication": str(publication.publication),
            "weir.epoch": str(publication.epoch),
            "weir.n": str(publication.n),
            "weir.digest": publication.digest,
            "weir.code": self._code_version,
            "weir.drift": " ".join(finding.text for finding in drift)[:_TAG_LENGTH] or "none",
        }

    def _run_id(self, epoch: int) -> str:
        if epoch not in self._runs:
            self._runs[epoch] = self._find_or_create_run(self._experiment_id(), epoch)
        return self._runs[epoch]

    def _experiment_id(self) -> str:
        found = self._client.get_experiment_by_name(self._experiment)
        return str(found.experiment_id if found else self._client.create_experiment(self._experiment))

    def _find_or_create_run(self, experiment_id: str, epoch: int) -> str:
        wanted = f"tags.`weir.epoch` = '{epoch}'"
        runs = self._client.search_runs([experiment_id], wanted, run_view_type=ViewType.ACTIVE_ONLY, max_results=1)
        if runs:
            return str(runs[0].info.run_id)
        tags = {"weir.epoch": str(epoch), "weir.code": self._code_version}
        return str(self._client.create_run(experiment_id, tags=tags, run_name=f"epoch-{epoch}").info.run_id)

    def _ensure_registered_model(self) -> None:
        try:
            self._client.create_registered_model(self._model_name)
        except MlflowException as error:
            if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
                raise


@contextmanager
def _mlflow_answers() -> Iterator[None]:
    try:
        yield
    except MlflowException as error:
        raise PartUnavailable(f"MLflow did not accept a request: {error}.", "Run `weir logs mlflow`.") from error


def save_scorer(publication: Publication, trees: TreesPublication | None, folder: Path) -> str:
    """Write both voices as a pyfunc model and return its folder. MLflow need not infer the stated requirements."""
    data, model = folder / "voices", folder / "model"
    data.mkdir()
    (data / "publication.json").write_bytes(encode(publication))
    if trees is not None:
        (data / "trees.json").write_bytes(encode(trees))
    mlflow.pyfunc.save_model(
        model,
        loader_module="learner.mlflow_scorer",
        data_path=str(data),
        pip_requirements=REQUIREMENTS,
        metadata={"publication": publication.publication, "digest": publication.digest},
    )
    return str(model)


def _trees_tags(trees: TreesPublication | None) -> dict[str, str]:
    if trees is None:
        return {"weir.trees_n": "none"}
    return {
        "weir.trees_n": str(trees.n),
        "weir.trees_epoch": str(trees.epoch),
        "weir.trees_digest": trees.digest,
        "weir.trees_examples": str(trees.examples),
    }


def _metrics(publication: Publication) -> list[Metric]:
    values = publication.metrics | {"publication": float(publication.publication)}
    return [Metric(name, value, publication.published_at_ms, publication.n) for name, value in values.items()]
