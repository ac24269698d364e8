"""The ledger: continuous reconciliation of one namespace, so that "counts reconcile, always" is shown and not claimed."""
