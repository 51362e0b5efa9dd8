"""Uploads the folder of a model, in a process of its own: python publish_client.py FOLDER REPOSITORY.

The last line of its output says what came of it.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from zoo_core.errors import ZooError
from zoo_core.publish.commit import commit_folder


def main(folder: str, repo: str) -> None:
    try:
        answer = asdict(commit_folder(Path(folder), repo)) | {"error": ""}
    except ZooError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
