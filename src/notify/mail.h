// Notices by e-mail: one destination a mailbox, so that one that is refused holds up no other.
#pragma once

#include <memory>
#include <string>

#include "net/mail_client.h"
#include "notify/destination.h"

namespace stele::notify {

// `number` counts from 1. Both addresses are mailboxes (notify/mail_text.h).
std::unique_ptr<Destination> make_mail(net::MailServer server, std::string from, std::string to, std::size_t number);

}  // namespace stele::notify
