"""Constraints that several operators share, as `msfcnn ops` words them.

They only describe: msfcnn.nodes.slide is what refuses a node that does not hold them.
"""

SLIDING = (
    "2-D [1, C, H, W] or 1-D [1, C, W]",
    "any kernel, stride and dilation, any padding, also asymmetric",
    "auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER",
)
