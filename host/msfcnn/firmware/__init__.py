"""Programs for boards: built by RIOT's own make, measured in their ELF file, run and judged."""
