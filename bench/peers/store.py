"""Reading a CSV file of bars with pandas: with times as ISO 8601 text, as people keep them, and as milliseconds."""

import pandas as pd
from turns import serve

path = None
prices = ["open", "high", "low", "close", "volume"]


def setup(given):
    global path
    path = given["csv"]
    return {"versions": f"pandas {pd.__version__}"}


def dates():
    return len(pd.read_csv(path, usecols=["time", *prices], parse_dates=["time"]))


def numbers():
    return len(pd.read_csv(path, usecols=["number", *prices]))


serve(setup, {"dates": dates, "numbers": numbers})
