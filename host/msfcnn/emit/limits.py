"""What the engine must be compiled with for a plan, beyond its defaults.

The engine keeps the state of a stage in arrays of fixed length, because it allocates nothing: their
lengths are compile-time constants, and each model says which it needs.
"""

from __future__ import annotations

from msfcnn.schedule import Schedule

DEFAULT_STAGE_OPS = 24  # of include/msfcnn/config.h; a test holds them together
DEFAULT_KERNEL_LINES = 8


def engine_limits(schedule: Schedule) -> tuple[int, int]:
    """CONFIG_MSFCNN_STAGE_OPS and CONFIG_MSFCNN_KERNEL_LINES the engine must be compiled with.

    The most ops of any stage, and the most lines (rows, or columns where a stage sweeps these) of
    any kernel; dilation adds no lines, for the taps between are never read.
    """
    lines = max(
        step.axes(stage.option.columns)[0].kernel
        for stage in schedule.stages
        for step in stage.edge.steps
    )
    return max(len(stage.edge.steps) for stage in schedule.stages), lines


def config_flags(stage_ops: int, kernel_lines: int) -> tuple[str, ...]:
    """Compiler flags for a model that needs more than the engine's defaults; often none."""
    flags = []
    if stage_ops > DEFAULT_STAGE_OPS:
        flags.append(f"-DCONFIG_MSFCNN_STAGE_OPS={stage_ops}")
    if kernel_lines > DEFAULT_KERNEL_LINES:
        flags.append(f"-DCONFIG_MSFCNN_KERNEL_LINES={kernel_lines}")
    return tuple(flags)
