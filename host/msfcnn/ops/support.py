"""Constraints that several operators share, as `msfcnn ops` words them."""

SLIDING = (
    "2-D [1, C, H, W] or 1-D [1, C, W]",
    "kernel, stride and dilation 1 to 255 per axis, padding 0 to 255 per side, also asymmetric",
    "auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER",
)
