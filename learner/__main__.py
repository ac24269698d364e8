"""`python -m learner`: run the learner of one namespace until SIGTERM or SIGINT."""

import sys

if __name__ == "__main__":  # the trainer's process imports this file under another name, and needs nothing of it
    from learner.kafka_learner import run_learner
    from weir.serving import serve

    sys.exit(serve(lambda settings, stopping: run_learner(settings, stopping.is_set)))
