"""The background work there is, thin: each task calls an action. Actions ask for it by name (`core.tasks.enqueue`)."""
