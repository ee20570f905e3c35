"""A maker's own product laid over the reference data: from a parts list to what is missing, and on whose rows it rests.

Run it anywhere: `python docs/examples/own_product.py`. The maker and all its figures are fictitious.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

import supplychain as sc
from supplychain.matching import bom_rows, match_parts


def main() -> None:
    folder = Path(tempfile.mkdtemp()) / "our_company"
    folder.mkdir()
    reference = sc.load()

    # 1. A parts list as it comes out of an ERP system: names and customs codes.
    parts = pd.DataFrame({"item": ["servo motor", "rotor magnet"], "hs_code": ["", "8505.11.90"], "good": ["", ""]})
    matched = match_parts(parts, reference.tables)
    print(matched[["item", "hs_code", "good", "how", "choices"]].to_string(index=False))

    # 2. Uncertain rows are for a person to decide.
    matched.loc[1, "good"] = "ndfeb_magnet_high_temp"
    bom_rows(match_parts(matched, reference.tables), "our_arm").to_csv(folder / "bom.csv", index=False)

    # 3. The product, our plant, and what we hold.
    (folder / "goods.csv").write_text(
        "good,name,kind,stage,sector,end_use,unit\nour_arm,Our robot arm,product,product,industrial,civil,unit\n"
    )
    (folder / "production.csv").write_text("good,producer,country,share,basis\nour_arm,our_plant,DEU,1,output\n")
    (folder / "stocks.csv").write_text(
        "good,country,holder,kind,days\nndfeb_magnet_high_temp,DEU,our_plant,industry,60\n"
    )

    # 4. The answer, why, and which of our own rows it rests on.
    net = sc.load(overlay=folder)
    answer = net.exposure("2025-06-05", "DEU", ["our_arm"])
    print(
        answer.frame[["product", "felt", "short_low", "short", "short_high", "first_date", "why"]].to_string(
            index=False
        )
    )
    print("rests on our rows:", *answer.own_rows)


if __name__ == "__main__":
    main()
