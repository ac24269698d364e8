"""How a Flink process's memory is shared out, in MiB; Python's own memory in a TaskManager comes on top."""

from dataclasses import dataclass

from weir.errors import DeploymentError

METASPACE, OVERHEAD, NETWORK, FRAMEWORK_HEAP, FRAMEWORK_OFF_HEAP = 192, 128, 64, 128, 64
MANAGED_SHARE = 0.25
SMALLEST_TASK_HEAP = 96


@dataclass(frozen=True)
class TaskManagerMemory:
    """The shares of a TaskManager of `total_mb`; what the fixed shares leave goes to state (managed) and tasks.

    Raises:
        DeploymentError: too little is left for a task.
    """

    total_mb: int

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.task_heap_mb < SMALLEST_TASK_HEAP:
            raise DeploymentError(f"A TaskManager cannot work in {self.total_mb} MB.", "Raise flink.taskmanager_mb.")

    @property
    def managed_mb(self) -> int:
        """RocksDB's blocks and write buffers."""
        return int(self.total_mb * MANAGED_SHARE)

    @property
    def task_heap_mb(self) -> int:
        """The heap that is left for the tasks."""
        fixed = METASPACE + OVERHEAD + NETWORK + FRAMEWORK_HEAP + FRAMEWORK_OFF_HEAP
        return self.total_mb - fixed - self.managed_mb

    def jvm_options(self) -> list[str]:
        """The same shares, as Java wants to hear them."""
        heap, direct = FRAMEWORK_HEAP + self.task_heap_mb, FRAMEWORK_OFF_HEAP + NETWORK
        return [f"-Xmx{heap}m", f"-XX:MaxDirectMemorySize={direct}m", f"-XX:MaxMetaspaceSize={METASPACE}m"]

    def flink_options(self) -> dict[str, object]:
        """The same shares, as Flink wants to hear them."""
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
