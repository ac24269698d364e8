"""The number of a model's versions in MLflow, from its REST API."""

import httpx

_TIMEOUT_S = 5.0


def versions(mlflow_uri: str, registered_model: str) -> int:
    """Return the number of the newest version; 0 if there is none or MLflow does not answer."""
    query: dict[str, str | int] = {
        "filter": f"name='{registered_model}'",
        "max_results": 1,
        "order_by": "version_number DESC",
    }
    try:
        answer = httpx.get(
            f"{mlflow_uri}/api/2.0/mlflow/model-versions/search", params=query, timeout=_TIMEOUT_S, trust_env=False
        )
        found = answer.json().get("model_versions", []) if answer.is_success else []
    except (httpx.TransportError, ValueError):
        return 0
    return int(found[0]["version"]) if found else 0
