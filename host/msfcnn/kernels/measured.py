"""Instructions of kernels and engine. Written by `msfcnn bench --fit`: do not edit."""

from msfcnn.kernels.instructions import Coefficients

# fmt: off
MEASURED: tuple[Coefficients, ...] = (
    Coefficients(
        "armv7e-m",
        "cortex-m4",
        {
            "msfcnn_add_v7em":
                (74.98, 0, 0.00815, 9.25, 0, 0, 0, 0.0008944, 0.001316, 0, 0),
            "msfcnn_average_pool_v7em":
                (41.98, 0.09867, 136.9, 69.6, 0, 0, 0, 0.0005889, 0.001587, 0, 0),
            "msfcnn_conv_v7em":
                (96.79, 2.479, 0, 8.69, 1.748, 0.7512, 29.77, 0.8699, 192.2, 4.498, 0.2756),
            "msfcnn_depthwise":
                (0, 85.28, 0, 27.27, 7.695, 0, 0, 117.7, 0, 12.08, 8.173),
            "msfcnn_depthwise 2x2 s1":
                (0, 148, 0, 64.19, 0, 0, 0, 11.01, 0, 39.19, 0),
            "msfcnn_depthwise 3x3 s1":
                (0, 174.5, 0, 57.51, 0, 0, 0, 345.9, 0, 0, 0),
            "msfcnn_depthwise 3x3 s2":
                (0, 182.5, 0, 60.59, 0, 0, 0, 211.6, 0, 0, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 186.5, 0, 141.8, 0, 0, 0, 36.54, 0, 116.7, 0),
            "msfcnn_depthwise 5x5 s1":
                (0, 103, 0, 195.9, 0, 0, 0, 854.3, 1218, 0, 8.202),
            "msfcnn_depthwise 5x5 s2":
                (0, 578.1, 395.4, 0, 0, 0, 0, 982.8, 258.4, 0, 0),
            "msfcnn_depthwise 7x7 s1":
                (0, 541.1, 0, 252.4, 0, 0, 0, 1489, 1753, 0, 0),
            "msfcnn_depthwise 7x7 s2":
                (0, 521.8, 0, 244.4, 0, 0, 0, 1150, 1347, 0, 0),
            "msfcnn_depthwise_v7em":
                (325.1, 0, 0, 0, 2.59, 0, 0, 12.13, 0, 0, 2.448),
            "msfcnn_depthwise_v7em 3x3 s1":
                (213, 15.67, 19.75, 19.78, 0, 0, 0, 6.146, 75.89, 7.558, 0),
            "msfcnn_depthwise_v7em 3x3 s2":
                (243.7, 10.3, 20.26, 24.56, 0, 0, 0, 2.937, 0, 0, 1.133),
            "msfcnn_depthwise_v7em 5x5 s1":
                (0, 95.48, 0, 0, 2.405, 0, 0, 20.27, 0, 25.35, 0),
            "msfcnn_depthwise_v7em 5x5 s2":
                (0, 56.96, 0, 70.91, 0, 0, 0, 31.71, 0, 39.39, 0),
            "msfcnn_depthwise_v7em 7x7 s1":
                (0, 128.6, 0, 0, 1.752, 0, 0, 42.08, 0, 48.96, 0),
            "msfcnn_depthwise_v7em 7x7 s2":
                (0, 138.2, 0, 108.7, 0, 0, 0, 40.74, 0, 35.81, 0),
            "msfcnn_global_average_v7em":
                (270.7, 0, 96.97, 0, 0, 0, 0, 0.7376, 27.07, 0, 0),
            "msfcnn_max_pool_v7em":
                (17.02, 0, 43.15, 31.62, 1.766, 0, 2.163, 9.364e-05, 0, 0, 0),
            "msfcnn_pointwise_v7em":
                (61.09, 0, 62.18, 9.335, 0.7476, 0.7789, 0, 0, 29.11, 1.348, 0.2695),
            "msfcnn_rescale":
                (22, 0, 12, 11, 0, 0, 0, 0.000144, 0.001478, 0, 0),
            "msfcnn_softmax":
                (13.99, 0, 47.01, 105, 0, 0, 0, 0, 0.002397, 0, 0),
        },
        {
            "copy": 133,
            "copy planar byte": 3.749,
            "global": 342.7,
            "global inner": 216.3,
            "load": 242.3,
            "load byte": 0,
            "pair": 290.1,
            "run": 236.2,
            "save": 229.9,
            "save byte": 3.355,
            "save plane": 41.2,
            "window": 260.2,
            "window inner": 424.9,
            "window inner line": 47.29,
            "window line": 52.64,
        },
    ),
    Coefficients(
        "generic",
        "rv32",
        {
            "msfcnn_add":
                (26, 6.495e-15, 14, 14, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_average_pool":
                (59.92, 0.08146, 66.87, 90.97, 0, 0, 0, 0.0002879, 0.008138, 0, 0),
            "msfcnn_conv":
                (0, 2.278, 0, 16.71, 15.54, 2.665, 21.5, 1.75, 0, 18.38, 0.9226),
            "msfcnn_depthwise":
                (0, 116.7, 0, 2.736, 8.601, 0, 0, 61.48, 0, 0, 6.561),
            "msfcnn_depthwise 2x2 s1":
                (3543, 0, 0, 57.05, 0, 0, 0, 11.96, 928.3, 0, 0),
            "msfcnn_depthwise 3x3 s1":
                (0, 130.7, 0, 78.29, 0, 0, 0, 31.52, 0, 19.84, 0),
            "msfcnn_depthwise 3x3 s2":
                (0, 90.23, 0, 83.23, 0, 0, 0, 64.33, 0, 73.77, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 198.7, 0, 134.6, 0, 0, 0, 32.72, 0, 116.3, 0),
            "msfcnn_depthwise 5x5 s1":
                (0, 243.9, 0, 199.5, 0, 0, 0, 91.68, 499, 75.13, 0),
            "msfcnn_depthwise 5x5 s2":
                (0, 283.7, 0, 0, 6.386, 0, 0, 63.05, 0, 192, 0),
            "msfcnn_depthwise 7x7 s1":
                (0, 429.7, 0, 346.8, 0, 0, 0, 0, 1015, 59.23, 0),
            "msfcnn_depthwise 7x7 s2":
                (0, 152.6, 0, 0, 8.482, 0, 0, 309.6, 8.942, 239.7, 0),
            "msfcnn_global_average":
                (0, 1.175, 231.6, 1.88, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_max_pool":
                (14.99, 0.0002468, 25.16, 34.22, 5.101, 0, 2.704, 3.637e-05, 0, 0, 1.39e-05),
            "msfcnn_pointwise":
                (33.95, 0, 72.73, 30.67, 0.09854, 2.96, 0, 0, 99.5, 5.077, 1.06),
            "msfcnn_rescale":
                (16, 0, 11, 10, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_softmax":
                (36, 0, 31.06, 120, 0, 0, 0, 0, 0, 0, 0),
        },
        {
            "copy": 131.4,
            "copy planar byte": 4.471,
            "global": 277.6,
            "global inner": 257.5,
            "load": 306,
            "load byte": 0,
            "pair": 307.9,
            "run": 253.4,
            "save": 271.5,
            "save byte": 7.315,
            "save plane": 23.45,
            "window": 303,
            "window inner": 483.2,
            "window inner line": 48.51,
            "window line": 39.3,
        },
    ),
    Coefficients(
        "generic",
        "cortex-m4",
        {
            "msfcnn_add":
                (25.97, 0, 21.01, 13, 0, 0, 0, 0, 0.02344, 0.0002796, 0),
            "msfcnn_average_pool":
                (38.95, 0, 56.37, 94.82, 1.062, 0, 2.614, 0.02399, 0, 0, 0.01007),
            "msfcnn_conv":
                (0, 1.177, 0, 37.19, 5.823, 2.826, 30.75, 1.017, 0, 14.7, 0.06082),
            "msfcnn_depthwise":
                (0, 114, 0, 6.674, 8.386, 0, 0, 66.84, 0, 0, 6.54),
            "msfcnn_depthwise 2x2 s1":
                (3552, 0, 0, 64.19, 0, 0, 0, 11, 940.5, 0, 0),
            "msfcnn_depthwise 3x3 s1":
                (0, 125.7, 0, 79.89, 0, 0, 0, 35.46, 0, 22.34, 0),
            "msfcnn_depthwise 3x3 s2":
                (0, 78.01, 0, 86, 0, 0, 0, 74.21, 0, 84.4, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 186.5, 0, 141.8, 0, 0, 0, 36.54, 0, 116.7, 0),
            "msfcnn_depthwise 5x5 s1":
                (0, 240.7, 0, 200.9, 0, 0, 0, 102.9, 0, 97.6, 0),
            "msfcnn_depthwise 5x5 s2":
                (0, 262.2, 0, 159.4, 0, 0, 0, 65.25, 0, 184.5, 0),
            "msfcnn_depthwise 7x7 s1":
                (0, 401.6, 0, 343.6, 0, 0, 0, 0, 126.2, 115.5, 0),
            "msfcnn_depthwise 7x7 s2":
                (0, 198.6, 0, 402.4, 0, 0, 0, 326, 0, 202.7, 0),
            "msfcnn_global_average":
                (0, 0.6749, 184.1, 2.018, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_max_pool":
                (14.95, 0.00162, 48.2, 42.98, 6.983, 0, 2.158, 0, 0, 0.000343, 0),
            "msfcnn_pointwise":
                (20.77, 0, 73.83, 40.62, 0.06903, 3.025, 0, 0, 94.11, 5.39, 0.1078),
            "msfcnn_rescale":
                (22, 0, 12, 11, 0, 0, 0, 0.0001051, 0, 0, 0),
            "msfcnn_softmax":
                (14.02, 0, 46.92, 105, 0, 0, 0, 0, 0.001673, 0, 0),
        },
        {
            "copy": 133,
            "copy planar byte": 3.749,
            "global": 342.7,
            "global inner": 216.3,
            "load": 242.3,
            "load byte": 0,
            "pair": 290.1,
            "run": 236.2,
            "save": 229.9,
            "save byte": 3.355,
            "save plane": 41.2,
            "window": 260.2,
            "window inner": 424.9,
            "window inner line": 47.29,
            "window line": 52.63,
        },
    ),
    Coefficients(
        "generic",
        "cortex-m0",
        {
            "msfcnn_add":
                (46.15, 0.0005167, 21.97, 21, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_average_pool":
                (59.92, 0.102, 129.4, 175.6, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_conv":
                (0, 2.964, 132.3, 63.2, 3.452, 6.581, 34.95, 0.5806, 0, 18.96, 0),
            "msfcnn_depthwise":
                (0, 145.6, 0, 11.97, 12.97, 0, 0, 97.88, 0, 0, 9.938),
            "msfcnn_depthwise 2x2 s1":
                (4872, 0, 2464, 0, 0, 0, 0, 13.54, 1246, 0, 0),
            "msfcnn_depthwise 3x3 s1":
                (0, 166.9, 0, 124.4, 0, 0, 0, 50.08, 0, 32.28, 0),
            "msfcnn_depthwise 3x3 s2":
                (0, 94.62, 0, 133.4, 0, 0, 0, 110.2, 0, 125.1, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 266.7, 0, 219.9, 0, 0, 0, 50.53, 0, 171.7, 0),
            "msfcnn_depthwise 5x5 s1":
                (0, 344.8, 0, 311.9, 0, 0, 0, 144.7, 258.8, 0, 5.321),
            "msfcnn_depthwise 5x5 s2":
                (0, 389.2, 0, 249.5, 0, 0, 0, 92.56, 0, 274.7, 0),
            "msfcnn_depthwise 7x7 s1":
                (0, 601.4, 0, 529.8, 0, 0, 0, 0, 679.2, 0, 2.877),
            "msfcnn_depthwise 7x7 s2":
                (0, 252.7, 0, 0, 12.75, 0, 0, 475.9, 0, 326.3, 0),
            "msfcnn_global_average":
                (32.89, 0, 327.4, 0, 0, 0, 0, 0.1328, 11.26, 0, 0),
            "msfcnn_max_pool":
                (30.14, 0.0007217, 64.72, 61.14, 8.308, 0, 3.294, 0, 0, 0, 0),
            "msfcnn_pointwise":
                (31.95, 0, 84.51, 63.84, 0.06317, 6.682, 0, 0, 93.1, 7.282, 0.07367),
            "msfcnn_rescale":
                (44.14, 0.0004263, 17.98, 15, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_softmax":
                (0, 1.763, 243.5, 317.9, 0, 0, 0, 0, 0, 0, 0),
        },
        {
            "copy": 256.7,
            "copy planar byte": 4.541,
            "global": 436.2,
            "global inner": 331.5,
            "load": 383.5,
            "load byte": 0,
            "pair": 441.1,
            "run": 343.6,
            "save": 503.8,
            "save byte": 7.884,
            "save plane": 34.79,
            "window": 423,
            "window inner": 700.2,
            "window inner line": 66.22,
            "window line": 63.26,
        },
    ),
    Coefficients(
        "generic",
        "xtensa",
        {
            "msfcnn_add":
                (39.35, 0, 23.88, 19, 0, 0, 0, 0.02105, 0, 0, 0),
            "msfcnn_average_pool":
                (58.93, 0.06765, 98.54, 155.4, 0, 0, 0, 0.01818, 0.211, 0.007577, 0),
            "msfcnn_conv":
                (0, 1.2, 0, 49.99, 17.21, 6.043, 28.06, 2.035, 0, 18.38, 0.2415),
            "msfcnn_depthwise":
                (0, 147.4, 0, 32.59, 12.83, 0, 0, 81.25, 0, 0, 9.893),
            "msfcnn_depthwise 2x2 s1":
                (4797, 0, 2439, 0, 0, 0, 0, 15.39, 1333, 0, 0),
            "msfcnn_depthwise 3x3 s1":
                (0, 171.4, 0, 148.5, 0, 0, 0, 32.95, 0, 0, 2.624),
            "msfcnn_depthwise 3x3 s2":
                (0, 122.4, 0, 153.4, 0, 0, 0, 77.29, 0, 91.15, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 296.5, 0, 217.1, 0, 0, 0, 39.67, 421.7, 158.8, 0),
            "msfcnn_depthwise 5x5 s1":
                (0, 343.4, 0, 320.4, 0, 0, 0, 109.3, 1637, 81.61, 0),
            "msfcnn_depthwise 5x5 s2":
                (0, 439.8, 0, 264.6, 0, 0, 0, 84.18, 0, 297.5, 0),
            "msfcnn_depthwise 7x7 s1":
                (0, 657.1, 0, 533.8, 0, 0, 0, 0, 2936, 5.182, 0),
            "msfcnn_depthwise 7x7 s2":
                (0, 124.4, 0, 651.2, 0, 0, 0, 417.5, 1006, 373.8, 0),
            "msfcnn_global_average":
                (25.94, 0, 409.6, 0, 0, 0, 0, 0.05255, 4.516, 0, 0),
            "msfcnn_max_pool":
                (26.87, 0, 32.1, 37.9, 6.639, 0, 2.7, 0.01417, 0.3553, 0.001034, 0),
            "msfcnn_pointwise":
                (35.98, 0, 66.49, 69.49, 0.2581, 6.417, 0, 0, 101.8, 3.034, 0.357),
            "msfcnn_rescale":
                (30.02, 0, 11.92, 13, 0, 0, 0, 0.01735, 0.2031, 0, 0),
            "msfcnn_softmax":
                (0, 0, 0, 1872, 0, 0, 0, 1.141, 0, 0, 0),
        },
        {
            "copy": 227.1,
            "copy planar byte": 3.652,
            "global": 332.9,
            "global inner": 277,
            "load": 325.8,
            "load byte": 0,
            "pair": 367.2,
            "run": 290.2,
            "save": 558.9,
            "save byte": 6.725,
            "save plane": 22.88,
            "window": 336.4,
            "window inner": 604.7,
            "window inner line": 41.07,
            "window line": 37.44,
        },
    ),
)
