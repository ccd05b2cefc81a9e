"""Instructions of kernels and engine. Written by `msfcnn bench --fit`: do not edit."""

from msfcnn.kernels.instructions import Coefficients

# fmt: off
MEASURED: tuple[Coefficients, ...] = (
    Coefficients(
        "armv7e-m",
        "cortex-m4",
        {
            "msfcnn_add_v7em":
                (74.99, 0.0005711, 0.003607, 9.25, 0, 0, 0, 0, 0.01228, 0.0003684, 0),
            "msfcnn_average_pool_v7em":
                (41.98, 0.09874, 136.9, 69.6, 0, 0, 0, 0.0006327, 0.00177, 0, 0),
            "msfcnn_conv_v7em":
                (97.55, 2.418, 0, 8.928, 1.803, 0.7508, 28.37, 0.8746, 194.8, 4.186, 0.2772),
            "msfcnn_depthwise":
                (250.4, 147.4, 0, 48.98, 6.466, 0, 0, 163.3, 0, 0, 6.145),
            "msfcnn_depthwise 2x2 s1":
                (4057, 0, 2079, 0, 0, 0, 0, 87.12, 0, 0, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 204.2, 0, 141.5, 0, 0, 0, 206.3, 746.6, 31.31, 0),
            "msfcnn_depthwise_interleaved_v7em":
                (500.1, 34.81, 0, 11.98, 2.483, 0, 4.215, 0, 4.278, 0, 3.673),
            "msfcnn_depthwise_interleaved_v7em 3x3 s1":
                (367.5, 48.23, 35.83, 29.96, 0, 0, 0, 0, 0, 0, 2.916),
            "msfcnn_depthwise_interleaved_v7em 3x3 s2":
                (584.6, 60.7, 84.79, 33.97, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_depthwise_interleaved_v7em 5x5 s1":
                (682.7, 78.47, 0, 66.42, 0, 0, 0.7124, 0, 0, 0, 2.734),
            "msfcnn_depthwise_interleaved_v7em 5x5 s2":
                (632.4, 168.6, 0, 0, 2.57, 0, 1.444, 0, 0, 0, 0),
            "msfcnn_depthwise_interleaved_v7em 7x7 s1":
                (955.9, 254, 8.318, 67.21, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_depthwise_interleaved_v7em 7x7 s2":
                (0, 0, 125.9, 168.3, 0, 0, 0, 0, 808, 153.6, 0),
            "msfcnn_depthwise_v7em":
                (355, 6.021, 2.602, 0.1215, 2.283, 0, 0, 13.17, 0, 0, 2.032),
            "msfcnn_depthwise_v7em 3x3 s1":
                (211.6, 15.64, 19.74, 19.78, 0, 0, 0, 6.194, 76.64, 7.583, 0),
            "msfcnn_depthwise_v7em 3x3 s2":
                (243.3, 10.26, 20.17, 24.55, 0, 0, 0, 2.949, 0, 10.24, 0),
            "msfcnn_depthwise_v7em 5x5 s1":
                (67.94, 79.78, 15.54, 50.37, 0, 0, 0, 18.05, 0, 0, 1.197),
            "msfcnn_depthwise_v7em 5x5 s2":
                (0, 70.83, 0, 61.81, 0, 0, 0, 18.23, 154.3, 0, 0.6921),
            "msfcnn_depthwise_v7em 7x7 s1":
                (54.71, 100.3, 0, 0, 1.571, 0, 0.3501, 40.35, 56.97, 46.91, 0),
            "msfcnn_depthwise_v7em 7x7 s2":
                (0, 107, 0, 0, 1.948, 0, 0, 33.96, 0, 40.52, 0),
            "msfcnn_global_average_v7em":
                (270.7, 0, 96.97, 0, 0, 0, 0, 0.7376, 27.07, 0, 0),
            "msfcnn_max_pool_v7em":
                (16.95, 0.001271, 43.18, 31.62, 1.766, 0, 2.161, 0.0006686, 0, 0, 0),
            "msfcnn_pointwise_v7em":
                (61.09, 0, 62.18, 9.335, 0.7476, 0.7789, 0, 0, 29.14, 1.348, 0.2695),
            "msfcnn_rescale":
                (21.99, 0, 12, 11, 0, 0, 0, 0, 0.004239, 8.181e-05, 0),
            "msfcnn_softmax":
                (14.02, 0, 46.91, 105, 0, 0, 0, 0.0006644, 0, 0, 0),
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
            "window": 260.1,
            "window inner": 424.9,
            "window inner line": 47.28,
            "window line": 52.63,
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
                (0, 2.286, 0, 17.76, 15.7, 2.658, 19.49, 1.738, 0, 18.37, 0.9223),
            "msfcnn_depthwise":
                (447.8, 79.85, 0, 0, 8.39, 0, 0, 34.45, 0, 0, 4.584),
            "msfcnn_depthwise 2x2 s1":
                (3654, 0, 1795, 0, 0, 0, 0, 79.03, 0, 0, 0),
            "msfcnn_depthwise 3x3 s1":
                (89.05, 130.3, 0, 62.29, 0, 0, 0.6216, 0, 0, 0.3202, 0),
            "msfcnn_depthwise 3x3 s2":
                (94.75, 112.2, 10.73, 0, 8.888, 0, 0, 0, 0, 0, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 191.4, 50.31, 133.7, 0, 0, 0, 181.3, 715.2, 21.87, 0),
            "msfcnn_depthwise 5x5 s1":
                (338.4, 153.3, 0, 213.1, 0, 0, 0, 172.6, 654.8, 53.82, 0),
            "msfcnn_depthwise 5x5 s2":
                (0, 233.5, 0, 182.7, 0, 0, 0, 285.3, 491.5, 0, 2.401),
            "msfcnn_depthwise 7x7 s1":
                (1466, 198.2, 32.58, 315.3, 0, 0, 0, 279.8, 93.68, 130.9, 0),
            "msfcnn_depthwise 7x7 s2":
                (0, 267.6, 0, 377.9, 0, 0, 0, 102.2, 724.6, 16.59, 0),
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
                (26, 0.0001603, 21, 13, 0, 0, 0, 0.002547, 0, 0, 0),
            "msfcnn_average_pool":
                (38.96, 0, 56.36, 94.82, 1.062, 0, 2.616, 0.02354, 0, 0, 0.01026),
            "msfcnn_conv":
                (0, 1.178, 0, 37.54, 5.914, 2.823, 29.02, 1.016, 0, 14.7, 0.06084),
            "msfcnn_depthwise":
                (434.6, 104.8, 0, 4.872, 8.366, 0, 0, 49.87, 0, 0, 4.499),
            "msfcnn_depthwise 2x2 s1":
                (0, 169.1, 2079, 0, 0, 0, 0, 87.12, 0, 0, 0),
            "msfcnn_depthwise 3x3 s1":
                (67.29, 145.1, 0, 72, 0, 0, 1.703, 0, 0, 0, 0.09344),
            "msfcnn_depthwise 3x3 s2":
                (77.26, 119.3, 0, 96.65, 0, 0, 4.251, 0, 0, 0, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 204.2, 0, 141.5, 0, 0, 0, 206.3, 746.7, 31.31, 0),
            "msfcnn_depthwise 5x5 s1":
                (0, 178.6, 0, 217.1, 0, 0, 0, 206.8, 936.1, 54.26, 0),
            "msfcnn_depthwise 5x5 s2":
                (0, 239.5, 0, 178.6, 0, 0, 0, 333.9, 412.4, 91.38, 0),
            "msfcnn_depthwise 7x7 s1":
                (976.3, 227.6, 0, 310.1, 0, 0, 0, 325.2, 504.2, 133.1, 0),
            "msfcnn_depthwise 7x7 s2":
                (0, 281.9, 0, 375.9, 0, 0, 0, 145.8, 614.9, 0, 0.6284),
            "msfcnn_global_average":
                (0, 0.6749, 184.1, 2.018, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_max_pool":
                (14.98, 0, 48.14, 42.98, 6.983, 0, 2.165, 0.0002598, 0.02962, 0, 0),
            "msfcnn_pointwise":
                (20.75, 0, 73.84, 40.62, 0.06862, 3.025, 0, 0, 94.11, 5.391, 0.1077),
            "msfcnn_rescale":
                (21.99, 0, 12, 11, 0, 0, 0, 0, 0.003746, 8.226e-05, 0),
            "msfcnn_softmax":
                (14, 0, 47, 105, 0, 0, 0, 0.001437, 0, 0, 0),
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
                (45.7, 0, 22.06, 21, 0, 0, 0, 0.003069, 0.07895, 9.651e-05, 0),
            "msfcnn_average_pool":
                (59.47, 0.09986, 129.5, 175.6, 0, 0, 0, 0.003626, 0.1302, 0, 0),
            "msfcnn_conv":
                (0, 2.895, 133.2, 63.48, 3.605, 6.576, 30.45, 0.6124, 0, 18.99, 0),
            "msfcnn_depthwise":
                (676.3, 133.8, 0, 8.352, 13.97, 0, 0, 59.88, 0, 0, 5.879),
            "msfcnn_depthwise 2x2 s1":
                (0, 234.8, 0, 148.2, 0, 0, 0, 135.6, 0, 0, 0),
            "msfcnn_depthwise 3x3 s1":
                (87.54, 191.3, 24.55, 118.8, 0, 0, 0, 0, 0, 1.159, 0),
            "msfcnn_depthwise 3x3 s2":
                (45.35, 157.5, 58.59, 153.8, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 274.2, 45.44, 248, 0, 0, 0, 282.5, 1052, 42.95, 0),
            "msfcnn_depthwise 5x5 s1":
                (575.5, 218.9, 0, 370.1, 0, 0, 0, 255.5, 842.4, 85.81, 0),
            "msfcnn_depthwise 5x5 s2":
                (0, 331, 0, 328.2, 0, 0, 0, 419.2, 689.5, 97.14, 0),
            "msfcnn_depthwise 7x7 s1":
                (1991, 299.6, 169.6, 526.6, 0, 0, 0, 383.1, 70.67, 0, 3.72),
            "msfcnn_depthwise 7x7 s2":
                (0, 391, 0, 620, 0, 0, 0, 129.4, 1059, 20.93, 0),
            "msfcnn_global_average":
                (32.89, 0, 327.4, 0, 0, 0, 0, 0.1328, 11.26, 0, 0),
            "msfcnn_max_pool":
                (29.67, 0, 64.81, 61.14, 8.308, 0, 3.295, 0.002704, 0.0786, 0.0005983, 0),
            "msfcnn_pointwise":
                (31.5, 0, 84.59, 63.84, 0.06414, 6.682, 0, 0, 93.29, 7.282, 0.07368),
            "msfcnn_rescale":
                (43.69, 0, 18.06, 15, 0, 0, 0, 0.003912, 0.07429, 0.0001943, 0),
            "msfcnn_softmax":
                (0, 1.716, 245, 317.8, 0, 0, 0, 0.008791, 0.1417, 0, 0),
        },
        {
            "copy": 256.7,
            "copy planar byte": 4.543,
            "global": 436.4,
            "global inner": 331.3,
            "load": 383.5,
            "load byte": 0,
            "pair": 441.2,
            "run": 343.8,
            "save": 504.2,
            "save byte": 7.878,
            "save plane": 34.81,
            "window": 423.1,
            "window inner": 699.7,
            "window inner line": 66.24,
            "window line": 63.28,
        },
    ),
    Coefficients(
        "generic",
        "xtensa",
        {
            "msfcnn_add":
                (39.21, 0, 23.94, 19, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_average_pool":
                (58.97, 0.07867, 98.54, 155.4, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_conv":
                (0, 1.348, 0, 53.46, 17.17, 6.087, 26.56, 1.885, 0, 15.69, 0.2062),
            "msfcnn_depthwise":
                (587.8, 139.8, 0, 29.64, 11.66, 0, 5.306, 55.49, 0, 0, 5.125),
            "msfcnn_depthwise 2x2 s1":
                (4639, 0, 3124, 0, 0, 0, 0, 89.02, 0, 0, 0),
            "msfcnn_depthwise 3x3 s1":
                (99.51, 190.9, 30.94, 0, 13.66, 0, 0, 0, 0, 1.687, 0),
            "msfcnn_depthwise 3x3 s2":
                (159.9, 154.4, 0, 155.2, 0, 0, 8.643, 0, 0, 0, 0),
            "msfcnn_depthwise 4x4 s1":
                (0, 244.9, 194.8, 218.9, 0, 0, 0, 199.6, 822.6, 29.66, 0),
            "msfcnn_depthwise 5x5 s1":
                (1342, 178.1, 0, 0, 13.2, 0, 0, 164.8, 75.39, 87.95, 0),
            "msfcnn_depthwise 5x5 s2":
                (0, 316.9, 0, 309.2, 0, 0, 0, 297.9, 739.9, 43.23, 0),
            "msfcnn_depthwise 7x7 s1":
                (1639, 324.6, 0, 0, 9.547, 0, 9.42, 282, 110, 127.7, 0),
            "msfcnn_depthwise 7x7 s2":
                (0, 381.6, 0, 0, 11.39, 0, 0, 49.6, 1133, 0.4671, 0),
            "msfcnn_global_average":
                (26.08, 0, 409.6, 0, 0, 0, 0, 0.04957, 4.323, 0, 0),
            "msfcnn_max_pool":
                (27.18, 0, 32.21, 37.9, 6.639, 0, 2.688, 0, 0, 0, 0),
            "msfcnn_pointwise":
                (36.34, 0, 66.5, 70.24, 0.257, 6.48, 0, 0, 101.2, 3.047, 0.2941),
            "msfcnn_rescale":
                (30.15, 0, 11.94, 13, 0, 0, 0, 0, 0, 0, 0),
            "msfcnn_softmax":
                (0, 0, 0, 1872, 0, 0, 0, 1.084, 0, 0, 0),
        },
        {
            "copy": 227.1,
            "copy planar byte": 3.652,
            "global": 333.5,
            "global inner": 276.7,
            "load": 325.8,
            "load byte": 0,
            "pair": 367.1,
            "run": 290.2,
            "save": 558.8,
            "save byte": 6.725,
            "save plane": 22.88,
            "window": 336.4,
            "window inner": 604.7,
            "window inner line": 41.08,
            "window line": 37.43,
        },
    ),
)
