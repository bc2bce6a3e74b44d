"""What all views share: the scene, the panes' rows, the axes, the bars, and what stands around them."""
