"""Map errors to HTTP: a bad record becomes a 4xx that names its field, an unavailable part a 503."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from feedback_api.errors import BodyTooLarge, ConflictingLabel, NotJson
from feedback_api.http_models import Problem
from weir.errors import InvalidRecord, PartUnavailable

RETRY_AFTER_S = "2"
"""Keeps clients from repeating a request at once. A round number; not measured."""

STATUS = {ConflictingLabel: 409, BodyTooLarge: 413, NotJson: 415}
NAMES = {409: "conflicting_label", 413: "body_too_large", 415: "not_json", 422: "invalid_record"}

REFUSALS: dict[int | str, dict[str, object]] = {
    413: {"model": Problem, "description": "The body is too large"},
    415: {"model": Problem, "description": "The content type is not JSON"},
    422: {"model": Problem, "description": "The record is invalid; see `field` and `reason`"},
}
BAD_PARAMETER: dict[int | str, dict[str, object]] = {
    422: {"model": Problem, "description": "A parameter is invalid; see `field` and `reason`"},
}
UNAVAILABLE: dict[int | str, dict[str, object]] = {
    503: {"model": Problem, "description": "A part does not answer; retry after `Retry-After` seconds"},
}


def map_errors(app: FastAPI) -> None:
    app.exception_handler(InvalidRecord)(_invalid_record)
    app.exception_handler(PartUnavailable)(_part_unavailable)
    app.exception_handler(RequestValidationError)(_invalid_parameter)
    app.exception_handler(HTTPException)(_http_error)


def _problem(request: Request, status: int, problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    request.app.state.parts.metrics.refused.labels(str(status)).inc()
    return JSONResponse(problem.model_dump(), status, headers)


async def _invalid_record(request: Request, error: InvalidRecord) -> JSONResponse:
    status = STATUS.get(type(error), 422)
    return _problem(request, status, Problem(error=NAMES[status], field=error.field, reason=error.reason))


async def _part_unavailable(request: Request, error: PartUnavailable) -> JSONResponse:
    return _problem(request, 503, Problem(error="part_unavailable", reason=str(error)), {"Retry-After": RETRY_AFTER_S})


async def _invalid_parameter(request: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    name = str(first["loc"][-1])
    return _problem(request, 422, Problem(error="invalid_parameter", field=name, reason=first["msg"]))


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_")


async def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    headers = dict(error.headers) if error.headers else None
    return _problem(
        request, error.status_code, Problem(error=_name(error.status_code), reason=str(error.detail)), headers
    )
