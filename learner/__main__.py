"""`python -m learner`: run the learner of one namespace until SIGTERM or SIGINT."""

import sys

from learner.kafka_learner import run_learner
from weir.serving import serve

if __name__ == "__main__":
    sys.exit(serve(lambda settings, stopping: run_learner(settings, stopping.is_set)))
