"""The machine's line, tables, and the JSON file of a bench."""

import json
import os
import pathlib
import platform
import time


def machine(work):
    """{"cpu", "cores", "memory_gib", "kernel", "disk", "time"} of this machine; `work` tells the disk."""
    model = next((line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    kib = int(pathlib.Path("/proc/meminfo").read_text().split()[1])
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(kib / 2**20, 1), "kernel": platform.release(),
            "disk": _disk(pathlib.Path(work).resolve()), "load": os.getloadavg()[0],
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def _disk(path):
    best = ("?", "?", "")
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        device, place, kind = line.split()[:3]
        inside = path == pathlib.Path(place) or pathlib.Path(place) in path.parents
        if inside and len(place) >= len(best[2]):
            best = (device, kind, place)
    return f"{best[1]} on {best[0]}"


def machine_line(facts):
    return (f"{facts['cores']} × {facts['cpu']}, {facts['memory_gib']} GiB, Linux {facts['kernel']}, {facts['disk']}, "
            f"{facts['time']}, load {facts['load']:.1f} at the start"
            + ("\nBUSY: others use this machine; rates and ratios below are not to be quoted" if facts["load"] > 1 else ""))


def table(header, rows):
    """A Markdown table; the first column is text, the others stand to the right."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for number, row in enumerate(cells):
        padded = [cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
        lines.append("| " + " | ".join(padded) + " |")
        if number == 0:
            rules = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
            lines.append("| " + " | ".join(rules) + " |")
    return "\n".join(lines)


def rate(value):
    """Events a second for a person: three digits."""
    if value is None:
        return "–"
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def ratio(value, base):
    return "–" if not value or not base else f"{value / base:.1f} ×"


def verdict(name, value, floor, goal, unit, smaller_is_better=False):
    """One target of the design against what was measured: a dict for the JSON file, with "met": none, floor or goal."""
    def reaches(bound):
        return value is not None and (value <= bound if smaller_is_better else value >= bound)
    met = "not measured" if value is None else "goal" if reaches(goal) else "floor" if reaches(floor) else "missed"
    return {"target": name, "value": value, "floor": floor, "goal": goal, "unit": unit, "met": met}


def verdict_table(verdicts):
    rows = [[v["target"], "–" if v["value"] is None else f"{v['value']:.3g} {v['unit']}", f"{v['floor']:.3g}",
             f"{v['goal']:.3g}", v["met"]] for v in verdicts]
    return table(["target", "measured", "floor", "goal", "met"], rows)


def write_json(path, result):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print(f"\nwritten: {path}")
