from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "minitwitter.tasks"
    label = "tasks"

    def ready(self) -> None:
        """Register the tasks, in every process: those that only ask for them learn of a wrong name, too."""
        # Importing them registers them.
        from minitwitter.tasks import mail, purging, sweeping, timelines  # noqa: F401
