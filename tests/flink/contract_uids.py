"""Builds a real job without running it and writes its operators' uids: `flink run -py contract_uids.py MODULE FILE`."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from pyflink.table import StatementSet


def uids_by_name(transformations: Any) -> dict[str, str | None]:
    """Return the uids of these transformations and of all their inputs, by name."""
    found: dict[str, str | None] = {}
    waiting = list(transformations)
    while waiting:
        transformation = waiting.pop()
        found[transformation.getName()] = transformation.getUid()
        waiting += list(transformation.getInputs())
    return found


def write_uids(statements: StatementSet, file: Path) -> None:
    """Attach the statements to their environment without executing them, and write the uids to a file."""
    statements.attach_as_datastream()
    j_environment = statements._t_env._j_tenv.getPlanner().getExecEnv()
    file.write_text(json.dumps(uids_by_name(j_environment.getTransformations())))


def main() -> None:
    """Run the job's own `main`, with `write_uids` in place of `execute`."""
    module, file = sys.argv[1], Path(sys.argv[2])
    StatementSet.execute = lambda statements: write_uids(statements, file)
    importlib.import_module(module).main()


if __name__ == "__main__":
    main()
