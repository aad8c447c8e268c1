"""One colour, one meaning, over the whole app (Okabe & Ito's palette, safe for colour-blind eyes)."""

INPUT = "#0072B2"
KERNEL = "#E69F00"
OUTPUT = "#009E73"
UNREAD = "#CC79A7"
TRAIN = "#0072B2"
TEST = "#D55E00"
VALIDATION = "#009E73"
GUESS = "#7F7F7F"
# Run after run; the same colour for train (solid) and test (dashed) of one run.
RUNS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
