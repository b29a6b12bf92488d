"""The torch twins: the operations of `lib.reference`, on whatever device their input lives."""
