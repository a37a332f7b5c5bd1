"""What cmbot wants to know of any workload management system, and the words for it."""
