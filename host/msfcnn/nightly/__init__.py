"""Models x boards, night by night: run, kept, compared with the last run that was good."""
