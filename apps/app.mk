# SPDX-FileCopyrightText: 2026 The msfcnn authors
# SPDX-License-Identifier: MIT

# What the applications share: included instead of $(RIOTBASE)/Makefile.include.
#
#   MSFCNN_MODEL    one ONNX file
#   STORED_IMAGES   .npz file of images for it; random images without one
#   STORED_COUNT    how many of them are stored in the program

_apps := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
_checkout := $(abspath $(_apps)/..)

BOARD ?= native64
STORED_COUNT ?= 4

# Python with msfcnn: the environment of the checkout, else the one that msfcnn is installed in
MSFCNN_PYTHON ?= $(if $(wildcard $(_checkout)/dev),$(_checkout)/dev python,python3)

# RIOT: where RIOTBASE says, beside the checkout, or in the home directory
ifeq (,$(RIOTBASE))
  RIOTBASE := $(firstword $(wildcard $(_checkout)/../RIOT $(HOME)/RIOT))
endif
ifeq (,$(wildcard $(RIOTBASE)/Makefile.include))
  $(error RIOT not found$(if $(RIOTBASE), in $(RIOTBASE)): set RIOTBASE, or \
    git clone https://github.com/RIOT-OS/RIOT $(abspath $(_checkout)/../RIOT))
endif

EXTERNAL_BOARD_DIRS += $(_checkout)/riot_pkg/boards
EXTERNAL_PKG_DIRS += $(_checkout)/riot_pkg
USEPKG += msfcnn

# stored.h: the images, and the CRC of what the network must make of each
_stored = $(BINDIR)/stored
BUILDDEPS += $(_stored)/stored.h
INCLUDES += -I$(_stored)

include $(RIOTBASE)/Makefile.include

$(_stored)/options: FORCE | $(CLEAN)
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(MSFCNN_MODEL) $(STORED_IMAGES) $(STORED_COUNT)' | $(LAZYSPONGE) $@

$(_stored)/stored.h: $(_stored)/options $(_apps)/stored.py $(MSFCNN_MODEL) $(STORED_IMAGES)
	$(Q)env -u CC $(MSFCNN_PYTHON) $(_apps)/stored.py $(MSFCNN_MODEL) \
	  $(STORED_IMAGES:%=--images %) --count $(STORED_COUNT) --out $@
