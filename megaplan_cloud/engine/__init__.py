"""The playbook language and how it runs. It knows nothing of clouds or plans."""
