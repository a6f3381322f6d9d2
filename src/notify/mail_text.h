// A notice as a mail (RFC 5322, with MIME: RFC 2045, RFC 2047; RFC 3834 for Auto-Submitted).
#pragma once

#include <string>
#include <string_view>

#include "notify/notice.h"

namespace stele::notify {

// Whether it is a mailbox that a header and an SMTP command can hold as it is: local@domain in printable ASCII, without quotes,
// spaces, brackets and commas, at most 254 characters (RFC 5321 section 4.5.3.1).
bool is_mailbox(std::string_view text);

// The whole message, with CRLF line ends, no line longer than 78 characters but for an address. The same notice gives the same
// text: Date is the notice's time, Message-ID its id. Both addresses are mailboxes. Whatever stands in the notice cannot add
// a header.
std::string mail_text(const Notice& notice, std::string_view from, std::string_view to);

}  // namespace stele::notify
