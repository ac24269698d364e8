"""The ledger: it accounts for every record of one namespace, continuously (docs/adr/0006)."""
