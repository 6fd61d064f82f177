"""The command line: what may be asked of a hub, how it is asked, and how the answers are shown."""
