"""Every error Weir raises on purpose.

WeirError
|-- InvalidRecord            a bad record is data: it goes to dead-letters, or back as HTTP 422
`-- DeploymentError          a bad deployment is a crash: the process ends with one sentence and a remedy
    |-- MissingPart          something is not installed or not downloaded
    |-- PartUnavailable      a part (broker, Flink, MLflow, API) does not answer
    |-- RefusedArtefact      a publication whose signature or schema does not fit
    `-- BrokenLog            the learning log has a gap or goes backwards
"""


class WeirError(Exception):
    """The root: catch it only at a process's edge."""


class InvalidRecord(WeirError):
    """A record that cannot be used.

    The operator of the system reads the dead letter, mends the producer and sends the record again.

    `field` is the JSON path of what is wrong (`$` for the whole message), `reason` says what to fix.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class DeploymentError(WeirError):
    """The deployment is wrong: the process stops and `remedy` says what to do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class MissingPart(DeploymentError):
    """Something that Weir needs is not on this machine. Run `weir doctor`."""


class PartUnavailable(DeploymentError):
    """A part that should be running does not answer. Run `weir status`, then `weir logs PART`."""


class RefusedArtefact(DeploymentError):
    """A publication is not signed with this deployment's key or has an unknown schema.

    Detectors keep the model they have and flag it; check `WEIR_SIGNING_KEY` on learner and detector.
    """


class BrokenLog(DeploymentError):
    """The learning log is not dense: an outage outlasted the transaction timeout (docs/adr/0010), or something else wrote.

    What is missing is made again in a new epoch: a fresh label-join job and `WEIR_LEARNING__EPOCH` one higher.
    """
