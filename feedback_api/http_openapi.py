"""The OpenAPI schema of bodies that msgspec decodes: the very types of `weir.messages`, so it cannot drift."""

from typing import Any

import msgspec
from fastapi import FastAPI

from feedback_api.labels import LabelRequest
from feedback_api.leases import LeaseRequest
from weir.messages import Transaction, UserEvent

_BODIES = [Transaction, UserEvent, LabelRequest, LeaseRequest]
_REF = "#/components/schemas/{name}"


def body_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The part of an operation that describes its JSON body."""
    schema = {"$ref": _REF.format(name=kind.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


class DocumentedApi(FastAPI):
    """An application whose schema defines what `body_of` refers to."""

    def openapi(self) -> dict[str, Any]:
        """The schema; made once, then kept by FastAPI."""
        schema = super().openapi()
        _, components = msgspec.json.schema_components(_BODIES, ref_template=_REF)
        schema["components"]["schemas"].update(components)
        return schema
