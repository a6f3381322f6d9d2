"""What the tests of OpenTelemetry's SDK share."""

from opentelemetry.sdk._logs.export import LogExportResult


def noting(exporter, told: list[str]):
    """The exporter, whose `told` gets the body of every record that it was told is stored."""
    export = exporter.export

    def export_and_note(batch):
        result = export(batch)
        if result == LogExportResult.SUCCESS:
            told.extend(str(one.log_record.body) for one in batch)
        return result

    exporter.export = export_and_note
    return exporter


def check_told(server, told: list[str], least: int) -> None:
    """What was acknowledged is there, and nothing twice, of the records "number N"."""
    stored = [one for one in (str(entry["event"].get("message")) for entry in server.entries()) if one.startswith("number ")]
    if len(told) < least or not set(told) <= set(stored) or len(stored) != len(set(stored)):
        raise SystemExit(f"FAILED: {len(told)} acknowledged, {len(stored)} stored, {len(set(stored))} of them different, "
                         f"acknowledged and not there: {sorted(set(told) - set(stored))[:5]}")
