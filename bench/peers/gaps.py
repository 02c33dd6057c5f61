"""The holes of a series of minutes, as one finds them with pandas: expected less held, then runs of neighbours."""

import numpy as np
import pandas as pd
from turns import serve

held = sessions = None


def setup(given):
    global held, sessions
    held = pd.DatetimeIndex(pd.to_datetime(np.fromfile(given["held"], dtype="<f8").astype("int64"), unit="ms", utc=True))
    sessions = np.fromfile(given["sessions"], dtype="<f8").astype("int64").reshape(-1, 2)
    return {"versions": f"pandas {pd.__version__}"}


def expected():
    lengths = (sessions[:, 1] - sessions[:, 0]) // 60_000
    offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return pd.DatetimeIndex(pd.to_datetime(np.repeat(sessions[:, 0], lengths) + offsets * 60_000, unit="ms", utc=True))


def gaps():
    wanted = expected()
    missing = wanted.difference(held)
    place = pd.Series(wanted.get_indexer(missing))
    runs = pd.DataFrame({"run": (place.diff() != 1).cumsum(), "start": missing})
    found = runs.groupby("run")["start"].agg(["first", "last", "count"])
    return {"gaps": len(found), "bars": int(found["count"].sum())}


serve(setup, {"": gaps})
