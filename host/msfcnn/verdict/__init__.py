"""A network judged on boards: what is built, measured and counted, put together."""
