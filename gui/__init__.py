"""The window: Qt and pyqtgraph views over the engine."""
