//! What `--help` says at length: the program, its verbs, and what all of them share.

/// Behind the list of verbs.
pub(super) const PROGRAM: &str = "Without arguments, and with input from a pipe, it is the program behind the search commands `seen` and `unseen` of Splunk.\n\n\
    PATH is a CloudTrail log file, any JSON with CloudTrail records in it, a CSV file with observations (columns of --by, and \
    firstTime, lastTime or _time in epoch seconds or as dates), a folder of such files, or `-` for standard input; each plain or compressed with gzip.\n\n\
    Windows are Splunk time modifiers. They snap in UTC, and all times are written in UTC; `replay --time-zone` has its own.\n\n\
    Exit codes: 0 when all went well and everything was read; 1 for an error; 2 if `detect --fail-if-found` found something; 3 if it is \
    done but input was lost (--allow-incomplete makes that 0), or if `detect --fail-if-found` can find nothing because the baseline is \
    still learning; 130 if Ctrl-C ended the reading of `detect` or `replay`, which then go on with what was read (a second one ends \
    them at once). 1 comes before 130, that before 2, and 2 before 3. Lost is what could not be read or parsed, and a successful call or a row without a usable key \
    or time; calls by others, failed calls, digests and what is out of range are not.";

/// About `learn`.
pub(super) const LEARN: &str = "Learns which role makes which calls, and merges that into a baseline file: what was learned before stays, with the least first and \
    the greatest last time. Learning a file twice changes nothing, and the order of days does not matter. A new file is made if there is \
    none.\n\nThe file is CSV with the columns of the Splunk lookup, so `outputlookup` can load it. It is replaced at once or not at \
    all; another `unseen learn` on it waits, by a lock on FILE.lock, which stays.";

/// About `detect`.
pub(super) const DETECT: &str = "Finds successful calls by roles that never made them before, as far as the baseline knows, one row a role and call. Says so and \
    reports nothing while the baseline is younger than the learning window. Reads the baseline, never writes it: detect first, then \
    learn the same files.\n\nThe most surprising role comes first, with the sum over its new calls and what they have in common; under it its calls, and \
    sentences that say why. Where the input is longer than the activity window, each call is ranked in the window in which it was first \
    made.\n\nfirstTime and lastTime are those of the call in the input. Of account, role, region, src (the address) and object (the first \
    resource, or what the request names) the ten least values are shown, and how many there are, 1000 standing for 1000 or more; session, \
    user_agent, access_key, event_id, read_only and event_type are those of the first call.\n\n\
    table is for reading: UTC, 120 columns, control characters escaped, the first value of several. csv has epoch seconds, several values of a cell one a \
    line, and a ' before a text that begins with = + - or @, so that no spreadsheet takes it for a formula. json has one object a line, \
    values as they are.";

/// About `completions`.
pub(super) const COMPLETIONS: &str =
    "Writes what a shell needs to complete commands and options. For bash:\n\n    \
    unseen completions bash >~/.local/share/bash-completion/completions/unseen";

/// About `replay`.
pub(super) const REPLAY: &str = "Runs the app's searches over the input, each at its time and over its range, and shows what would have alerted: by day and by \
    role, ranked and explained, what to tune, and what to expect next week.\n\nInitial learns the first --initial-days days. From then on \
    the detection, Update and Reconcile run as the app schedules them, or as a site does (--app). What alerted does not alert again for \
    seven days. Assumed: events arrive at once, and nobody marks a pair or runs a search by hand. A CSV row counts at its first and at its \
    last time, and what it says of a baseline is not used.\n\nFor a table of other settings add --grid, for a page with pictures --report \
    report.html.";
