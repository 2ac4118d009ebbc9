"""The blocks on time and memory: what a run, a step and a start take."""

from __future__ import annotations

from experiments.summary.record import prose, read

ENGINES = {"numba": "compiled engine", "numpy": "NumPy engine", "jax": "JAX", "torch": "PyTorch"}


def speed() -> str:
    """How long a run takes, and one step."""
    return "\n\n".join((duration(), speed_table(), bars_table()))


def speed_table() -> str:
    """One online step, engine by engine, in microseconds and as a ratio to matrix multiplication."""
    recorded = read("benchmark_speed")
    yardstick = 1.84e3 / recorded["matmul_gflops"]
    processor = f"{recorded['machine']['processor']}, {recorded['machine']['architecture']}"
    lines = [
        prose(
            f"One online step (forward, backward, update) on one core ({processor}); the yardstick is the time that "
            f"its 1.84 million operations take at the measured rate of matrix multiplication, {yardstick:.1f} us "
            "(`python -m experiments.speed`):"
        ),
        "",
        "| | microseconds a step | times the yardstick |",
        "|---|---|---|",
    ]
    for row in sorted(recorded["rows"], key=lambda row: row["step"]):
        lines.append(f"| {ENGINES[row['engine']]} | {row['step']:.0f} | {row['step'] / yardstick:.1f} |")
    return "\n".join(lines)


def bars_table() -> str:
    """What the compiled engine had to reach, and what was measured in the same run."""
    recorded = read("benchmark_speed")
    row = next(row for row in recorded["rows"] if row["engine"] == "numba")
    flops = recorded["matmul_gflops"] / 1e3
    whole = recorded["processes"]
    measured = (
        ("training step", "2.6x the time of 1.84 MFLOP", f"{row['step']:.1f} us, {row['step'] * flops / 1.84:.1f}x"),
        (
            "forward pass",
            "2.4x the time of 0.65 MFLOP",
            f"{row['forward']:.1f} us, {row['forward'] * flops / 0.65:.1f}x",
        ),
        ("curvature, per pattern", "1.1 training steps", f"{row['curvature'] / row['step']:.2f} training steps"),
        ("two runs on two cores", "1.8x the throughput of one, at least", f"{whole['speedup_of_two']:.2f}x"),
        ("second start, to the first pattern", "1 s", f"{whole['second_start']:.1f} s"),
        ("first start, compiling", "12 s", f"{whole['first_start']:.0f} s"),
        ("memory, 60,000 patterns", "600 MB", f"{whole['megabytes']:.0f} MB"),
    )
    lines = ["| compiled engine | at most | measured |", "|---|---|---|"]
    return "\n".join(lines + [f"| {' | '.join(cells)} |" for cells in measured])


def installation() -> str:
    """How large the package and what it needs are, and how much longer its first start takes."""
    recorded = read("benchmark_speed")
    starts = recorded["processes"]
    return prose(
        f"This brings {recorded['installed_megabytes']:.0f} MB, most of it NumPy, SciPy, Matplotlib and the compiler, "
        f"numba. The first start compiles, and takes {starts['first_start'] - starts['second_start']:.0f} seconds more "
        "than others."
    )


def duration() -> str:
    """How long a run of 20 passes trains."""
    processor = read("fig5_error_curves")["runs"][0]["machine"]["processor"]
    return prose(
        f"The 20 passes of Figure 5 train for {fastest():.0f} s with the compiled engine on one core ({processor}); "
        "testing after each pass adds a few seconds."
    )


def fastest() -> float:
    """Seconds of the fastest of the recorded runs of Figure 5, since others only had to share the machine."""
    return min(sum(record["seconds"] for record in run["passes"]) for run in read("fig5_error_curves")["runs"])
