from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "minitwitter.audit"
    label = "audit"
    verbose_name = "Audit"
