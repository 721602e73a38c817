"""Everything that Layerscope knows without a window: projects, data, training, analysis, files."""
