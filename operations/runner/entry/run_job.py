"""The script that `flink run -py` starts. Its argument is the module of the job.

Flink puts the script's folder first on the Python path, where a neighbour with a package's name would hide the package.
The script therefore has a folder of its own (ADR 9).
"""

import importlib
import sys

importlib.import_module(sys.argv[1]).main()
