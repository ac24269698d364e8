"""The errors that Weir raises on purpose.

WeirError
|-- InvalidRecord            bad data: the record goes to dead-letters, or back to its sender as HTTP 422
`-- DeploymentError          a bad deployment: the process ends with one sentence and a remedy
    |-- MissingPart          something is not installed or not downloaded
    |-- PartUnavailable      a part (broker, Flink, MLflow, API) does not answer
    |-- RefusedArtefact      a publication has the wrong signature or an unknown schema
    `-- BrokenLog            the learning log has a gap, goes backwards or cannot be read
"""


class WeirError(Exception):
    """The root. Catch it only where a process begins."""


class InvalidRecord(WeirError):
    """A record that cannot be used. Read its dead letter, fix the producer and send the record again.

    `field` is the JSON path of the error, `$` for the whole message. `reason` is what to fix.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class DeploymentError(WeirError):
    """The deployment is wrong, and the process stops. `problem` is what happened, `remedy` what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class MissingPart(DeploymentError):
    """Something that Weir needs is missing on this machine. Run `weir doctor`."""


class PartUnavailable(DeploymentError):
    """A part does not answer. Run `weir status`, then `weir logs PART`."""


class RefusedArtefact(DeploymentError):
    """A publication is not signed with this deployment's key, or its schema is unknown.

    Detectors keep their model and flag their scores. Check `WEIR_SIGNING_KEY` of learner and detector.
    """


class BrokenLog(DeploymentError):
    """The learning log is not dense: an outage outlasted the transaction timeout, or something else wrote to the topic.

    To make missing examples again, start a new epoch: a fresh label-join job, with `WEIR_LEARNING__EPOCH` one higher
    (docs/adr/0010).
    """
