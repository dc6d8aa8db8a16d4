"""The process that measures for the Cost view: `python -m views.lab_cost_worker REQUEST`.

The request is a JSON object; each figure is answered with a line of JSON as soon as it is there.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from views.lab_cost_series import series

PREPARE = "views.lab_cost_methods:prepare"


def main(request: dict[str, Any]) -> None:
    """Measure every name at every length; of a variant that refuses, tell the reason."""
    for name in request["names"]:
        arguments = (name, request["heads"], request["dim"])
        try:
            for length, figure in series(
                PREPARE, arguments, request["lengths"], request["room"], count=True
            ):
                tell({"name": name, "length": length, "figure": asdict(figure)})
        except (
            Exception
        ) as error:  # whatever a variant raises is told, and the next one has its turn
            tell({"name": name, "refusal": f"{error}".strip() or type(error).__name__})
        tell({"name": name, "ended": True})


def tell(message: dict[str, Any]) -> None:
    """One line to whoever started this process."""
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
