"""Compiled functions: where their code is kept, and when it is compiled anew."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import weir.compiled
from detector.state_encoding import decode_state, encode_state
from learner.additive_model import AdditiveModel, compile_scorer
from learner.fold import Fold
from tests.detecting import User, champion_with_trees
from tests.learning_stream import a_learning_stream, numbered
from weir.artefact import probability
from weir.settings import LearningSettings

ADDITIVE = """
import json, sys
from pathlib import Path
import weir.compiled
from weir.artefact import probability
weir.compiled.warm(Path(sys.argv[1]))
print(json.dumps([
    sum(kernel.stats.cache_hits.total() for kernel in weir.compiled._kernels),
    sum(kernel.stats.cache_misses.total() for kernel in weir.compiled._kernels),
    probability(-1.0),
]))
"""
TWO_FILES = """
import sys
from pathlib import Path
from caller import called_twice
import weir.compiled
weir.compiled.warm(Path(sys.argv[1]))
print(called_twice(1.0))
"""
CALLER = """
from callee import called
from weir.compiled import compiled, warm_up

@compiled
def called_twice(x):
    return called(called(x))

@warm_up
def call():
    called_twice(1.0)
"""
CALLEE = """
from weir.compiled import compiled

@compiled
def called(x):
    return x + {}
"""


def run(program, *arguments, path=(), **environment):
    env = os.environ | {"PYTHONPATH": os.pathsep.join([*map(str, path), *sys.path])} | environment
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


def compiled_here(folder):
    """The cached code in a folder and below."""
    return list(folder.rglob("*.nbc"))


def test_a_second_process_loads_what_the_first_has_compiled(tmp_path):
    first, second = (json.loads(run(ADDITIVE, tmp_path)) for _ in range(2))
    assert first[0] == 0
    assert first[1] > 0
    assert second[0] > 0
    assert second[1:] == [0, first[2]]
    assert compiled_here(tmp_path / "compiled")


def test_numbas_own_variable_names_another_folder(tmp_path):
    run(ADDITIVE, tmp_path / "cache", NUMBA_CACHE_DIR=str(tmp_path / "numba"))
    assert compiled_here(tmp_path / "numba")
    assert not (tmp_path / "cache").exists()


def test_where_the_folder_cannot_be_used_the_process_compiles_in_memory_and_says_so(tmp_path):
    (tmp_path / "compiled").touch()
    package = Path(weir.compiled.__file__).parents[1]
    before = compiled_here(package)
    *logged, result = run(ADDITIVE, tmp_path).splitlines()
    assert [line.count("compiled_without_cache") for line in logged] == [1]
    assert json.loads(result)[2] == probability(-1.0)
    assert compiled_here(package) == before


def test_a_change_of_a_called_function_in_another_file_compiles_the_caller_anew(tmp_path):
    caller, callee = tmp_path / "caller.py", tmp_path / "callee.py"
    caller.write_text(CALLER)
    found = []
    for added in (1, 10):
        callee.write_text(CALLEE.format(added))
        os.utime(callee, (time.time() + added, time.time() + added))  # or Python would run the old byte code
        found.append(float(run(TWO_FILES, tmp_path, path=[tmp_path])))
    assert found == [3.0, 21.0]
    [folder] = (tmp_path / "compiled").glob(f"{tmp_path.name}-*")
    assert len(list(folder.iterdir())) == 1


FOLD = """
import sys
from learner.fold import Fold
from tests.detecting import User, champion_with_trees
from tests.learning_stream import a_learning_stream, numbered
from weir.settings import LearningSettings
fold = Fold(LearningSettings())
for n, example in numbered(a_learning_stream(int(sys.argv[1]))):
    fold.learn(1, n, example)
print(fold.digest())
"""
OLD_PROCESSOR = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable",
}
"""Numba then uses no instruction that not every processor of this kind has, nor does the C library."""


@pytest.mark.parametrize(("environment", "count"), [({"NUMBA_DISABLE_JIT": "1"}, 150), (OLD_PROCESSOR, 1500)])
def test_plain_python_and_an_old_processor_learn_the_same_model(environment, count):
    fold = Fold(LearningSettings())
    for n, example in numbered(a_learning_stream(count)):
        fold.learn(1, n, example)
    assert run(FOLD, count, **environment).strip() == fold.digest()


def use_everything():
    user = User(champion_with_trees())
    for event in ("device_confirmed", "trip_confirmed", "challenge_failed"):
        user.tell(event, device_id="d1")
    user.pay_daily(50, merchant_id="m1", device_id="d1")
    user.state = encode_state(decode_state(user.state))
    user.pay(5000.0)
    model = AdditiveModel()
    for _, example in numbered(a_learning_stream(40)):
        model.learn_one(example.features, example.verdict == "fraud", 1)
    scorer = compile_scorer(model, trust=1)
    scorer.contributions({})
    probability(scorer.log_odds({"log_amount": 3}))


def test_nothing_is_compiled_after_the_warm_up():
    own = [
        kernel
        for kernel in weir.compiled._kernels
        if kernel.__module__.split(".")[0] in {"weir", "learner", "detector"}
    ]
    before = {kernel.__name__: kernel.signatures for kernel in own}
    use_everything()
    assert {kernel.__name__: kernel.signatures for kernel in own} == before
