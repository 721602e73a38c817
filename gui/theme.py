"""Light and dark: every colour, pen and distance that the window draws with, and nowhere else.

Curve and matrix colours are from Okabe and Ito's palette, which colour-blind people can tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPalette

SPACING = 8  # pixels between neighbours
MARGIN = 10  # pixels around a panel's content
RADIUS = 6  # pixels of a rounded corner
LABEL_WIDTH = 116  # pixels of a form's label column, so that forms one above another line up


@dataclass(frozen=True)
class Theme:
    """The colours of one appearance, as #rrggbb."""

    name: str
    window: str  # behind everything
    panel: str  # lists, plots and fields
    card: str
    field: str  # where one types
    hover: str
    border: str
    text: str
    muted: str  # less important text; still 4.5:1 against `card`
    accent: str  # the selected thing and the main button
    accent_text: str
    accent_soft: str  # behind a selected card
    danger: str
    danger_soft: str
    warning: str
    warning_soft: str
    success: str
    grid: str
    training: str  # the training curve, smoothed
    training_raw: str  # the same, each report
    validation: str
    before: str  # the curves of the run that another one is compared with
    right: tuple[str, str]  # the diagonal's scale: from few to many
    wrong: tuple[str, str]  # the errors' scale: from few to many
    groups: dict[str, str]  # a stripe for each group of layers
    lines: tuple[str, ...]  # curves by class; colour-blind people can tell any two of them apart
    code: dict[str, str]  # a script's words by what they are

    @property
    def dark(self) -> bool:
        """Whether text is lighter than what is behind it."""
        return self.name == "dark"


LIGHT = Theme(
    name="light",
    window="#eef0f3",
    panel="#ffffff",
    card="#ffffff",
    field="#ffffff",
    hover="#f3f6fb",
    border="#d3d8df",
    text="#1b2430",
    muted="#5b6675",
    accent="#0b63b0",
    accent_text="#ffffff",
    accent_soft="#e8f1fb",
    danger="#b3261e",
    danger_soft="#fdecea",
    warning="#8a5300",
    warning_soft="#fff4de",
    success="#00724f",
    grid="#e4e8ed",
    training="#0072b2",
    training_raw="#9cc9e6",
    validation="#d55e00",
    before="#8f6a9e",
    right=("#e3eff8", "#0072b2"),
    wrong=("#fdebdc", "#d55e00"),
    groups={
        "Core": "#0072b2",
        "Convolution": "#d55e00",
        "Pooling": "#009e73",
        "Regularisation": "#cc79a7",
        "Sequence": "#8a6d00",
        "Block": "#6b5fb5",
    },
    lines=(
        "#0072b2",
        "#d55e00",
        "#009e73",
        "#cc66ee",
        "#332288",
        "#662200",
        "#6600ee",
        "#884466",
    ),
    code={
        "comment": "#5b6675",
        "string": "#00653f",
        "keyword": "#0b55a0",
        "number": "#a03c00",
        "name": "#7a3a96",
    },
)
DARK = Theme(
    name="dark",
    window="#15191f",
    panel="#1c2128",
    card="#232a33",
    field="#303945",
    hover="#2b333e",
    border="#39424e",
    text="#e6eaf0",
    muted="#a3afbd",
    accent="#4aa3e8",
    accent_text="#0b1118",
    accent_soft="#1f3347",
    danger="#ff8a80",
    danger_soft="#43211f",
    warning="#f0b95a",
    warning_soft="#3d2f16",
    success="#4fd1a5",
    grid="#2e3640",
    training="#56b4e9",
    training_raw="#2f5f7d",
    validation="#f0883e",
    before="#b795c4",
    right=("#1f3447", "#56b4e9"),
    wrong=("#3d2a1c", "#f0883e"),
    groups={
        "Core": "#56b4e9",
        "Convolution": "#f0883e",
        "Pooling": "#2fc49a",
        "Regularisation": "#dd9dc0",
        "Sequence": "#e0c24a",
        "Block": "#b3a6f0",
    },
    lines=(
        "#56b4e9",
        "#f0883e",
        "#f0e442",
        "#7755ff",
        "#99ffff",
        "#dd0000",
        "#bb9999",
        "#995599",
    ),
    code={
        "comment": "#a3afbd",
        "string": "#7fd6a6",
        "keyword": "#79c0ff",
        "number": "#f5a672",
        "name": "#d9a8ec",
    },
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def between(colors: tuple[str, str], share: float) -> QColor:
    """Mix two colours: the first at 0, the second at 1."""
    first, second = QColor(colors[0]), QColor(colors[1])
    share = min(max(share, 0.0), 1.0)

    def mix(a: int, b: int) -> int:
        return round(a + (b - a) * share)

    return QColor(
        mix(first.red(), second.red()),
        mix(first.green(), second.green()),
        mix(first.blue(), second.blue()),
    )


def ink_on(color: QColor) -> QColor:
    """Choose black or white text, whichever is easier to read on a colour: 4.5:1 at the least."""
    return QColor("#000000") if luminance(color) > 0.179 else QColor("#ffffff")


def luminance(color: QColor) -> float:
    """Compute how light a colour is, 0 to 1, as WCAG 2 defines it."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = linear(color.redF()), linear(color.greenF()), linear(color.blueF())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def palette(theme: Theme) -> QPalette:
    """Make the Qt palette; Fusion draws all controls with it."""
    colors = QPalette()
    role = QPalette.ColorRole
    for which, color in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.field),
        (role.AlternateBase, theme.hover),
        (role.Text, theme.text),
        (role.Button, theme.card),
        (role.ButtonText, theme.text),
        (role.ToolTipBase, theme.card),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.accent_text),
        (role.Link, theme.accent),
        (role.Mid, theme.border),
        (role.Dark, theme.border),
        (role.Light, theme.card),
        (role.Midlight, theme.border),
        (role.Shadow, theme.border),
        (role.Accent, theme.accent),
    ):
        colors.setColor(which, QColor(color))
    disabled = QPalette.ColorGroup.Disabled
    for which in (role.WindowText, role.Text, role.ButtonText):
        colors.setColor(disabled, which, QColor(theme.muted).darker(115 if theme.dark else 90))
    colors.setColor(disabled, role.Highlight, QColor(theme.border))  # a slider's way, too
    colors.setColor(disabled, role.HighlightedText, QColor(theme.text))
    return colors


def stylesheet(theme: Theme) -> str:
    """Style what the palette can't: cards, chips, banners, docks, the main button."""
    t = theme
    lighter = QColor(t.accent).lighter(112).name()
    return f"""
    QToolTip {{ color: {t.text}; background: {t.card}; border: 1px solid {t.border};
        padding: 4px; }}
    QMainWindow::separator {{ background: {t.window}; width: 5px; height: 5px; }}
    QMainWindow::separator:hover {{ background: {t.accent}; }}
    QDockWidget {{ font-weight: 600; }}
    QDockWidget::title {{ background: {t.window}; padding: 5px 8px; }}
    QToolBar {{ background: {t.panel}; border: 0; border-bottom: 1px solid {t.border};
        padding: 4px; spacing: 4px; }}
    QToolBar QToolButton {{ padding: 4px 8px; border: 1px solid transparent;
        border-radius: {RADIUS}px; }}
    QToolBar QToolButton:hover {{ background: {t.hover}; border-color: {t.border}; }}
    QToolBar QToolButton:pressed, QToolBar QToolButton:checked {{ background: {t.accent_soft}; }}
    QToolBar QToolButton#train {{ background: {t.accent}; color: {t.accent_text};
        font-weight: 600; padding: 4px 14px; }}
    QToolBar QToolButton#train:hover {{ background: {lighter}; }}
    QToolBar QToolButton#train:disabled {{ background: {t.border}; color: {t.muted}; }}
    QStatusBar {{ background: {t.panel}; border-top: 1px solid {t.border}; }}
    QStatusBar::item {{ border: 0; }}
    #panel {{ background: {t.panel}; }}
    #column, #column > QWidget#qt_scrollarea_viewport {{ background: {t.window}; }}
    QFrame#line {{ background: {t.border}; border: 0; max-height: 1px; }}
    #muted {{ color: {t.muted}; }}
    #note {{ color: {t.warning}; }}
    #heading {{ font-weight: 600; }}
    #empty {{ color: {t.muted}; padding: 16px; }}
    #problem {{ color: {t.danger}; }}
    QFrame#card {{ background: {t.card}; border: 1px solid {t.border};
        border-radius: {RADIUS}px; }}
    QFrame#card:hover {{ border-color: {t.muted}; }}
    QFrame#card[selected="true"] {{ border-color: {t.accent}; background: {t.accent_soft}; }}
    QFrame#card[wrong="true"] {{ border: 1px solid {t.danger}; }}
    QFrame#card[fixed="true"] {{ background: {t.window}; border-style: dashed; }}
    QFrame#card[fixed="true"][wrong="true"] {{ border: 1px solid {t.danger}; }}
    QFrame#wrong {{ background: {t.danger_soft}; border: 0; border-radius: 4px; }}
    QFrame#wrong QLabel {{ color: {t.danger}; }}
    QFrame#drop {{ background: {t.accent}; border: 0; border-radius: 2px; }}
    QFrame#drop[wrong="true"] {{ background: {t.danger}; }}
    QFrame#branch {{ border: 0; border-left: 2px solid {t.groups["Block"]}; }}
    QLabel#zone {{ background: {t.window}; color: {t.muted}; border: 1px dashed {t.muted};
        border-radius: {RADIUS}px; padding: 6px 2px; }}
    QLabel#zone:hover {{ border-color: {t.accent}; }}
    QLabel#zone[selected="true"] {{ border: 1px solid {t.accent}; background: {t.accent_soft};
        color: {t.text}; }}
    QFrame#banner {{ background: {t.warning_soft}; border: 1px solid {t.warning};
        border-radius: {RADIUS}px; }}
    QFrame#banner QLabel {{ color: {t.text}; }}
    QFrame#banner[kind="error"] {{ background: {t.danger_soft}; border-color: {t.danger}; }}
    QToolButton#layer {{ background: {t.card}; border: 1px solid {t.border};
        border-radius: {RADIUS}px; padding: 5px 4px; text-align: left; }}
    QToolButton#layer:hover {{ background: {t.hover}; border-color: {t.accent}; }}
    QToolButton#layer:pressed {{ background: {t.accent_soft}; }}
    QToolButton#layer:focus, QToolButton#group:focus {{ border-color: {t.accent}; }}
    QToolButton#group {{ background: transparent;
        border: 1px solid {t.border}; border-radius: {RADIUS}px; padding: 3px 14px 3px 5px;
        text-align: left; }}
    QToolButton#group:hover {{ background: {t.hover}; border-color: {t.accent}; }}
    QToolButton#group::menu-indicator {{ subcontrol-origin: padding;
        subcontrol-position: right center; right: 3px; }}
    QToolButton#small {{ border: 1px solid transparent; border-radius: 4px; padding: 2px; }}
    QToolButton#small:hover {{ background: {t.hover}; border-color: {t.border}; }}
    QToolButton#chip {{ background: {t.accent_soft}; border: 1px solid {t.accent};
        border-radius: 9px; padding: 1px 8px; }}
    QToolButton#chip:hover {{ background: {t.hover}; }}
    QToolButton#live {{ border: 1px solid {t.border}; border-radius: 9px; padding: 1px 10px;
        color: {t.muted}; }}
    QToolButton#live:hover {{ background: {t.hover}; }}
    QToolButton#live:checked {{ background: {t.accent}; border-color: {t.accent};
        color: {t.accent_text}; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {t.border}; border-radius: 4px; margin: 1px;
        min-height: 28px; min-width: 28px; }}
    QScrollBar::handle:hover {{ background: {t.muted}; }}
    QScrollBar::handle:disabled {{ background: transparent; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QAbstractScrollArea::corner {{ background: transparent; border: 0; }}
    QTabBar::tab {{ background: transparent; color: {t.muted}; border: 0;
        border-bottom: 2px solid transparent; padding: 5px 7px; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
    QMainWindow > QTabBar {{ qproperty-elideMode: ElideNone; qproperty-usesScrollButtons: true; }}
    QMainWindow > QTabBar::tab {{ padding: 5px 4px; }}
    QListView#gallery {{ background: {t.panel}; border: 0; }}
    QPlainTextEdit#code {{ background: {t.panel}; border: 0; }}
    QListView#legend {{ background: {t.panel}; border: 0; }}
    QListView#legend::item:hover {{ background: {t.hover}; }}
    QListView#legend::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QFrame#box {{ background: {t.card}; border: 1px solid {t.border};
        border-radius: {RADIUS}px; }}
    QFrame#foot {{ background: {t.panel}; border: 0; border-top: 1px solid {t.border}; }}
    QPushButton {{ background: {t.card}; border: 1px solid {t.border};
        border-radius: 4px; min-height: 20px; min-width: 56px; padding: 2px 12px; }}
    QPushButton#compact {{ min-width: 0; padding: 2px 8px; }}
    QPushButton:hover {{ background: {t.hover}; border-color: {t.muted}; }}
    QPushButton:pressed {{ background: {t.accent_soft}; }}
    QPushButton:focus {{ border-color: {t.accent}; }}
    QPushButton:disabled {{ background: {t.window}; color: {t.muted}; }}
    QPushButton::menu-indicator {{ subcontrol-origin: padding; subcontrol-position: right center;
        right: 6px; }}
    QPushButton#menu {{ padding-right: 22px; }}
    QPushButton[lead="true"]:enabled {{ background: {t.accent}; color: {t.accent_text};
        border-color: {t.accent}; }}
    QPushButton[lead="true"]:enabled:hover {{ background: {lighter}; }}
    QPushButton[lead="true"]:enabled:focus {{ border-color: {t.text}; }}
    QMenu {{ background: {t.card}; border: 1px solid {t.border}; padding: 4px; }}
    QMenu::item {{ padding: 5px 24px 5px 24px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QMenu::item:disabled {{ color: {t.muted}; }}
    QMenu::separator {{ background: {t.border}; height: 1px; margin: 4px 8px; }}
    QComboBox QAbstractItemView {{ border: 1px solid {t.border}; }}
    QMenuBar {{ background: {t.window}; }}
    QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
    QMenuBar::item:selected {{ background: {t.accent_soft}; }}
    QTableView {{ background: {t.panel}; border: 0; gridline-color: {t.grid};
        selection-background-color: {t.accent_soft}; selection-color: {t.text}; }}
    QHeaderView::section {{ background: {t.panel}; color: {t.muted}; border: 0;
        border-bottom: 1px solid {t.border}; padding: 4px; }}
    QHeaderView {{ background: {t.panel}; border: 0; }}
    QTableCornerButton::section {{ background: {t.panel}; border: 0; }}
    QProgressBar {{ background: {t.grid}; border: 0; border-radius: 4px; text-align: center; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 4px; }}
    QLineEdit[wrong="true"], QSpinBox[wrong="true"] {{ border: 1px solid {t.danger};
        background: {t.danger_soft}; }}
    """
