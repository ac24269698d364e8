"""The memory of a TaskManager, in MiB. Memory that Python allocates comes on top."""

from dataclasses import dataclass

from weir.errors import DeploymentError

FRAMEWORK_HEAP, NETWORK = 128, 64
"""Flink's default, and its default minimum."""
METASPACE, OVERHEAD, FRAMEWORK_OFF_HEAP = 192, 128, 64
"""Below Flink's defaults of 256, 192 (the minimum) and 128, which leaves more for state and tasks. Not measured."""
MANAGED_SHARE = 0.25
"""Below Flink's default of 0.4, which leaves more heap for tasks. Not measured."""
SMALLEST_TASK_HEAP = 96
"""Refuses a TaskManager whose fixed shares leave hardly anything for tasks. A round number; not measured."""


@dataclass(frozen=True)
class TaskManagerMemory:
    """The memory of a TaskManager with `total_mb` in all: fixed shares, a share for state, and the rest for tasks.

    Raises:
        DeploymentError: the rest is too small for a task.
    """

    total_mb: int

    def __post_init__(self) -> None:
        if self.task_heap_mb < SMALLEST_TASK_HEAP:
            raise DeploymentError(
                f"{self.total_mb} MB are too little for a TaskManager.", "Raise flink.taskmanager_mb."
            )

    @property
    def managed_mb(self) -> int:
        """Managed memory: RocksDB's block cache and write buffers."""
        return int(self.total_mb * MANAGED_SHARE)

    @property
    def task_heap_mb(self) -> int:
        fixed = METASPACE + OVERHEAD + NETWORK + FRAMEWORK_HEAP + FRAMEWORK_OFF_HEAP
        return self.total_mb - fixed - self.managed_mb

    def jvm_options(self) -> list[str]:
        heap, direct = FRAMEWORK_HEAP + self.task_heap_mb, FRAMEWORK_OFF_HEAP + NETWORK
        return [f"-Xmx{heap}m", f"-XX:MaxDirectMemorySize={direct}m", f"-XX:MaxMetaspaceSize={METASPACE}m"]

    def flink_options(self) -> dict[str, object]:
        return {
            "taskmanager.cpu.cores": 1.0,
            "taskmanager.memory.framework.heap.size": f"{FRAMEWORK_HEAP}m",
            "taskmanager.memory.framework.off-heap.size": f"{FRAMEWORK_OFF_HEAP}m",
            "taskmanager.memory.task.heap.size": f"{self.task_heap_mb}m",
            "taskmanager.memory.task.off-heap.size": "0m",
            "taskmanager.memory.network.min": f"{NETWORK}m",
            "taskmanager.memory.network.max": f"{NETWORK}m",
            "taskmanager.memory.managed.size": f"{self.managed_mb}m",
            "taskmanager.memory.jvm-metaspace.size": f"{METASPACE}m",
            "taskmanager.memory.jvm-overhead.min": f"{OVERHEAD}m",
            "taskmanager.memory.jvm-overhead.max": f"{OVERHEAD}m",
        }
