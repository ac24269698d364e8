"""OpenAPI schemas of request bodies, generated from the types that decode them, so schema and decoder cannot drift."""

from typing import Any

import msgspec
from fastapi import FastAPI

from feedback_api.labels import LabelRequest, LabelsAsked
from feedback_api.leases import LeaseRequest
from weir.messages import Transaction, UserEvent

_BODIES = [Transaction, UserEvent, LabelRequest, LabelsAsked, LeaseRequest]
_REF = "#/components/schemas/{name}"


def body_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The `openapi_extra` that describes an operation's JSON body."""
    schema = {"$ref": _REF.format(name=kind.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


class DocumentedApi(FastAPI):
    """A FastAPI application whose schema includes the types that `body_of` refers to."""

    def openapi(self) -> dict[str, Any]:
        """The schema, which FastAPI caches."""
        schema = super().openapi()
        _, components = msgspec.json.schema_components(_BODIES, ref_template=_REF)
        schema["components"]["schemas"].update(components)
        return schema
