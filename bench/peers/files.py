"""Files of bars read into a data frame, times parsed: what an import reads, without the checks of an import."""

import pandas as pd
import pyarrow as pa
from turns import serve

paths = {}


def setup(given):
    paths.update(given)
    return {"versions": f"pandas {pd.__version__}, pyarrow {pa.__version__}"}


def read_csv():
    return len(pd.read_csv(paths["csv"], parse_dates=["timestamp"]))


def read_parquet():
    return len(pd.read_parquet(paths["parquet"]))


def read_arrow():
    with pa.OSFile(paths["arrow"]) as file:
        return len(pa.ipc.open_file(file).read_pandas())


serve(setup, {"csv": read_csv, "parquet": read_parquet, "arrow": read_arrow})
