"""One line for each check, complaints below it, and a last line with the counts."""

import sys


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, complaints, note=""):
        """Tells of one check. It passed if there are no complaints."""
        complaints = list(complaints)
        self.passed += not complaints
        self.failed += bool(complaints)
        print(f"{'FAILED' if complaints else 'ok    '} {what}{': ' + note if note and not complaints else ''}", flush=True)
        for complaint in complaints:
            print(f"         {complaint}", flush=True)

    def note(self, text):
        print(f"       {text}", flush=True)

    def finish(self):
        """Ends the run: exit code 1 if anything failed."""
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(bool(self.failed))
