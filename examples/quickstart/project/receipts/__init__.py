"""Adding up a till's receipts. Money is counted in whole cents."""
