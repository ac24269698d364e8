"""The script that `flink run -py` starts. Its argument is the module of the job.

Flink puts the script's folder first on the Python path, where a neighbour such as `weir/numba.py` would hide the package
of that name. The script therefore has a folder of its own (ADR 9).
"""

import importlib
import sys

importlib.import_module(sys.argv[1]).main()
