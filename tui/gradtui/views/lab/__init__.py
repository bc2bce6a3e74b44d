"""The lab: every activation at the pre-activations that a stage really got."""
