"""The style of what only the window of runs has."""

from __future__ import annotations

from gui.theme import Theme


def stylesheet(theme: Theme) -> str:
    """Style what only this window has."""
    return f"""
    QLineEdit {{ background: {theme.field}; border: 1px solid {theme.border}; border-radius: 4px;
        min-height: 20px; padding: 1px 6px; }}
    QTableView QLineEdit {{ border-radius: 0; min-height: 0; padding: 0 2px; }}
    QLineEdit:focus, QPlainTextEdit:focus {{ border-color: {theme.accent}; }}
    QPlainTextEdit {{ background: {theme.field}; border: 1px solid {theme.border};
        border-radius: 4px; }}
    QPlainTextEdit:disabled {{ background: {theme.window}; }}
    QTableView::item {{ padding: 0 1px; }}
    QTreeView::item {{ padding: 4px 1px; }}
    QTreeView::item:selected {{ background: {theme.accent_soft}; color: {theme.text}; }}
    QAbstractScrollArea::corner {{ background: {theme.panel}; border: 0; }}
    QTableView::item:selected {{ background: {theme.accent_soft}; color: {theme.text}; }}
    """
