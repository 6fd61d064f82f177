"""A package whose own start is too heavy for the child of the sandbox."""

raise RuntimeError("the package around a reader is not run in the child")
