/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @brief   Instructions of Xtensa's options, such as MAC16 and loops, for an assembler without
 *
 * Compilers and assemblers are made for a core, and Debian has none for a core with these. Here they
 * are macros that write bytes, so that kernels can call them by their names. binutils with the
 * configuration of the ESP32 gives the same bytes, and aligns loops besides.
 */

#ifdef __ASSEMBLER__

    .macro  MSFCNN_REGISTERS
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .set    .Lnumber_a\n, \n
    .endr
    .irp    n, 0, 1, 2, 3
    .set    .Lnumber_m\n, \n
    .endr
    .endm
    MSFCNN_REGISTERS

    .macro  MSFCNN_CODE     word
    .byte   (\word) & 0xFF, ((\word) >> 8) & 0xFF, ((\word) >> 16) & 0xFF
    .endm

/* the halves of both factors */
    .macro  MSFCNN_HALVES_OF    halves, code
    .macro  mul.aa.\halves     s, t
    MSFCNN_CODE 0x740004 | \code << 16 | .Lnumber_\s << 8 | .Lnumber_\t << 4
    .endm
    .macro  mula.aa.\halves    s, t
    MSFCNN_CODE 0x780004 | \code << 16 | .Lnumber_\s << 8 | .Lnumber_\t << 4
    .endm
    .macro  mul.da.\halves     x, t
    MSFCNN_CODE 0x640004 | \code << 16 | .Lnumber_\x << 14 | .Lnumber_\t << 4
    .endm
    .macro  mula.da.\halves    x, t
    MSFCNN_CODE 0x680004 | \code << 16 | .Lnumber_\x << 14 | .Lnumber_\t << 4
    .endm
    .macro  mul.ad.\halves     s, y
    MSFCNN_CODE 0x340004 | \code << 16 | .Lnumber_\s << 8 | (.Lnumber_\y & 1) << 6
    .endm
    .macro  mula.ad.\halves    s, y
    MSFCNN_CODE 0x380004 | \code << 16 | .Lnumber_\s << 8 | (.Lnumber_\y & 1) << 6
    .endm
    .macro  mula.dd.\halves\().ldinc   w, s, x, y
    MSFCNN_CODE 0x080004 | \code << 16 | .Lnumber_\x << 14 | .Lnumber_\w << 12 | .Lnumber_\s << 8 | (.Lnumber_\y & 1) << 6
    .endm
    .endm
    MSFCNN_HALVES_OF    ll, 0
    MSFCNN_HALVES_OF    hl, 1
    MSFCNN_HALVES_OF    lh, 2
    MSFCNN_HALVES_OF    hh, 3

    .macro  ldinc   w, s
    MSFCNN_CODE 0x800004 | .Lnumber_\w << 12 | .Lnumber_\s << 8
    .endm

    .macro  MSFCNN_SPECIAL  name, number
    .macro  rsr.\name  t
    MSFCNN_CODE 0x030000 | \number << 8 | .Lnumber_\t << 4
    .endm
    .macro  wsr.\name  t
    MSFCNN_CODE 0x130000 | \number << 8 | .Lnumber_\t << 4
    .endm
    .endm
    MSFCNN_SPECIAL  acclo, 16
    MSFCNN_SPECIAL  acchi, 17
    MSFCNN_SPECIAL  m0, 32
    MSFCNN_SPECIAL  m1, 33
    MSFCNN_SPECIAL  m2, 34
    MSFCNN_SPECIAL  m3, 35

    .macro  mulsh   r, s, t
    MSFCNN_CODE 0xB20000 | .Lnumber_\r << 12 | .Lnumber_\s << 8 | .Lnumber_\t << 4
    .endm

    .macro  MSFCNN_BIT      name, code
    .macro  \name  r, s, bit
    MSFCNN_CODE \code | .Lnumber_\r << 12 | .Lnumber_\s << 8 | (\bit - 7) << 4
    .endm
    .endm
    MSFCNN_BIT      sext, 0x230000
    MSFCNN_BIT      clamps, 0x330000

/* an end that is more than 255 bytes away does not assemble */
    .macro  MSFCNN_LOOP     name, code
    .macro  \name  s, end
.Lloop\@:
    .byte   0x76, \code << 4 | .Lnumber_\s, \end - .Lloop\@ - 4
    .endm
    .endm
    MSFCNN_LOOP     loop, 8
    MSFCNN_LOOP     loopnez, 9

/* calls with register windows */
    .macro  entry   s, frame
    MSFCNN_CODE 0x000036 | (\frame) / 8 << 12 | .Lnumber_\s << 8
    .endm
    .macro  callx8  s
    MSFCNN_CODE 0x0000E0 | .Lnumber_\s << 8
    .endm
    .macro  retw
    MSFCNN_CODE 0x000090
    .endm
    .macro  wsr.windowstart t
    MSFCNN_CODE 0x134900 | .Lnumber_\t << 4
    .endm

#else /* __ASSEMBLER__ */

/* what C says in assembly */
__asm__ (
    ".irp   n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
    ".set   .Lnumber_a\\n, \\n\n"
    ".endr\n"
    ".set   .Lnumber_sp, 1\n"
    ".macro mulsh r, s, t\n"
    ".byte  .Lnumber_\\t << 4, .Lnumber_\\r << 4 | .Lnumber_\\s, 0xB2\n"
    ".endm\n");

#endif /* __ASSEMBLER__ */
