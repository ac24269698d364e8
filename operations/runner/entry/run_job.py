"""What `flink run -py` starts: the job whose module its argument names.

It lies in a folder of its own because Flink puts the script's folder first on the Python path, where a job's
neighbours (`detector/detector.py`) would hide the package of the same name.
"""

import importlib
import sys

importlib.import_module(sys.argv[1]).main()
