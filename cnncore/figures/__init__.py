"""Results -> charts: Vega-Lite specifications and their data. No Streamlit, no torch."""
