"""`python -m ledger`: run the ledger of one namespace until SIGTERM or SIGINT."""

import sys

from ledger.kafka_ledger import run_ledger
from weir.serving import serve

if __name__ == "__main__":
    sys.exit(serve(lambda settings, stopping: run_ledger(settings, stopping.is_set)))
