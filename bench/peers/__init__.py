"""The servers that are compared, each behind the same small interface (`base.py`)."""
