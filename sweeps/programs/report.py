"""Ten lines that tell finetooth the numbers of an epoch, for programs whose output is crowded. Copy them.

    from report import report
    report(epoch=3, val_accuracy=0.91, train_loss=0.2)

Run by itself, without finetooth, a program prints them.
"""

import json
import os


def report(**numbers):
    line = json.dumps(numbers) + "\n"
    path = os.environ.get("FINETOOTH_METRICS")
    if path is None:
        print(line, end="", flush=True)
    else:
        with open(path, "a") as file:
            file.write(line)
