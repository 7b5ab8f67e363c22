"""The upstream side: rooms that sign a person in and issue codes and tokens."""
