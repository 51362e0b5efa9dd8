"""Gets the weights of one model, in a process of its own: hub_client.py ENTRY [--no-sockets] [--waits 0.1] [--hasty].

The last line of its output says what came of it.
"""

import argparse
import json
import logging
import sys
import time

from zoo_core.catalog import hub
from zoo_core.catalog.specs import ModelSpec, WeightsSpec
from zoo_core.catalog.weights import weights_file
from zoo_core.errors import ZooError
from zoo_core.tasks import Heads


def no_sockets(event: str, _arguments: tuple) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto"):
        raise SystemExit(f"{event} although the file is here")


def model(weights: WeightsSpec) -> ModelSpec:
    return ModelSpec(
        id="tiny.test",
        architecture="tiny",
        plugin="zoo-not-installed",
        task="classification",
        heads=Heads(classes=("other", "lens")),
        bands=("VIS",),
        pixel_scale="any",
        preprocess=({"op": "frame", "size": 8},),
        weights=weights,
        licence="MIT",
        known_failures=(),
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("entry", type=json.loads)
    parser.add_argument("--no-sockets", action="store_true")
    parser.add_argument("--waits", type=lambda text: [float(wait) for wait in text.split(",")])
    parser.add_argument("--hasty", action="store_true", help="what the client waits between its attempts takes no time")
    options = parser.parse_args()
    logging.basicConfig()
    if options.no_sockets:
        sys.addaudithook(no_sockets)
    if options.hasty:
        time.sleep = lambda seconds: None
    weights = WeightsSpec(**options.entry)
    answer = {"path": None, "error": "", "message": ""}
    try:
        if options.waits:
            answer["path"] = str(hub.download(weights.repo, weights.revision, weights.file, waits=options.waits))
        else:
            answer["path"] = str(weights_file(model(weights)))
    except ZooError as error:
        answer |= {"error": type(error).__name__, "message": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
