"""A comparison or a bill as one self-contained HTML file: tables, and charts in Vega-Lite. It asks no network.

The charts are data in Vega-Lite's own vocabulary (`charts`), the library that draws them is in the file (`library`),
and its colours are variables of the style sheet (`document`), so that light and dark need no second drawing.
"""
