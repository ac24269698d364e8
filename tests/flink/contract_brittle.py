"""The detector job with a fault outside Python: Flink itself fails at a payment whose amount is no number."""

from detector import flink_job

_AMOUNT = "CAST(JSON_VALUE(CAST(payload AS STRING), '$.amount') AS DOUBLE)"


def main() -> None:
    """Run the job's own `main`."""
    flink_job.KEYED = flink_job.KEYED.replace("SELECT ", f"SELECT IF({_AMOUNT} IS NULL, '', ", 1).replace(
        ",\n           ROW", "),\n           ROW", 1
    )
    flink_job.main()
