"""What the arithmetic of compiled functions may not do. It compiles everything anew, which takes a minute or more."""

import json
import os
import re
import subprocess
import sys

ASSEMBLY = """
import json
import detector.intake, learner.additive_model, weir.compiled
weir.compiled._call_all()
print(json.dumps({kernel.__name__: "".join(kernel.inspect_asm().values()) for kernel in weir.compiled._kernels}))
"""


def test_no_product_is_fused_with_a_sum():
    """Fused, they are rounded once instead of twice, on processors that can. Code from the cache hides its assembly."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.run([sys.executable, "-c", ASSEMBLY], env=env, capture_output=True, check=True).stdout
    assembly = json.loads(printed)
    assert {"places_of", "learn", "compute_features", "look", "insert", "_assess"} <= set(assembly)
    fused = {name for name, code in assembly.items() if re.search(r"\bv?fn?m(add|sub|la|ls)", code)}
    assert fused == set()
    assert re.search(r"\b(addsd|vaddsd|fadd)\b", assembly["compute_features"])
