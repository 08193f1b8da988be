"""Megaplan Cloud: long AI-agent plans, run unattended in boxes anywhere."""
