"""Our own checks of the app: `check.py splunk_app`, or `check.py --packaged FOLDER` for one that holds the binary."""

import sys

from checks import CHECKS, App
from report import Report


def run(report, app):
    for check in CHECKS:
        report.check(check.__doc__.splitlines()[0], check(app))
    if not app.views():
        report.note("no views in this app yet, so none were checked")


if __name__ == "__main__":
    whole = Report()
    run(whole, App(sys.argv[-1], packaged="--packaged" in sys.argv))
    whole.finish()
