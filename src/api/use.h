// How a request is used, as the record of use has it.
#pragma once

#include <string>

#include "access/identity.h"
#include "api/route.h"
#include "api/service.h"
#include "audit/look.h"
#include "audit/recorder.h"
#include "net/http.h"

namespace stele::api {

// Who asks, and from where; of nobody known the identity is empty.
audit::Doer doer_of(const net::Request& request, const access::Identity* identity);

// The pages of a list that goes on at this entry (audit::Look::pages).
std::string pages_from(std::string_view index);

// What the request asks to see: its log, query and other parameters, from its path, its query string or its JSON body, read as
// its handler reads them. kInvalid, kTooLarge: they cannot be read, and one that stands twice is one.
Result<audit::Look> look_of(const net::Request& request, const Route& route, const Call& call);

// Puts on record that a handler refuses what was let through to it: what is of another source, or of a log that whoever asks may
// not know of. Of other errors, nothing.
void note_if_refused(audit::Recorder& recorder, const net::Request& request, const access::Identity* identity, const Error& why);

// Answers so, and puts it on record, whatever the error; without an identity it is nobody known who is refused.
void refuse(audit::Recorder& recorder, const net::Request& request, const access::Identity* identity, const Error& why,
            const net::Reply& reply);
// The same of a handler, whose errors are refusals as for note_if_refused().
void refuse(const Service& service, const net::Request& request, const Call& call, const Error& why, const net::Reply& reply);

}  // namespace stele::api
