// An entry of systemd's journal as an event (systemd.journal-fields(7)).
#pragma once

#include "base/clock.h"
#include "collect/journal_entry.h"
#include "normalise/draft.h"
#include "normalise/record.h"

namespace stele::collect {

// Fills draft and record, which are empty; the record borrows from `entry`.
//
//   id          __CURSOR: names the entry on whatever way it comes, so that one that is sent again is recognised
//   time        _SOURCE_REALTIME_TIMESTAMP, when it was written; else __REALTIME_TIMESTAMP, when the journal got it; else
//               `received`, concluded
//   actor       the process "app[pid]@host": SYSLOG_IDENTIFIER, _COMM, or the name of _EXE; _PID, else SYSLOG_PID; _HOSTNAME
//   action      "journal.message"
//   category    by SYSLOG_FACILITY, as syslog has it; outcome "unknown"
//   severity    PRIORITY
//   message     MESSAGE
//   attributes  facility, host, app, pid, as syslog has them; "journal" has all other fields under their own names, of several
//               values an array. Those of more than 1,024 bytes, and what starts with "__", stand in the original alone
//
// To rules it is a line, as syslog's, and has every field under its own name besides.
void journal_event(const JournalEntry& entry, UnixNanos received, normalise::Draft& draft, normalise::Record& record);

}  // namespace stele::collect
