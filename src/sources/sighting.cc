#include "sources/sighting.h"

#include <simdjson.h>

#include <algorithm>
#include <string>

#include "event/entry.h"
#include "event/schema.h"

namespace stele::sources {

namespace ondemand = simdjson::ondemand;

struct SightingReader::Parser {
  ondemand::parser parser;
  std::string padded;
};

namespace {

// Strings of an entry are I-JSON; an object such as {"$base64":…} stands where a text is none.
std::string_view text_of(ondemand::value value) {
  if (value.type() != ondemand::json_type::string) return {};
  return value.get_string().value();
}

std::uint8_t category_of(std::string_view name) {
  const auto all = event::categories();
  const auto it = std::find(all.begin(), all.end(), name);
  return it == all.end() ? kNoCategory : static_cast<std::uint8_t>(it - all.begin());
}

void read_source(ondemand::value value, Sighting& out) {
  for (ondemand::field member : value.get_object()) {
    const std::string_view key = member.unescaped_key();
    if (key == "id") {
      out.source = text_of(member.value());
    } else if (key == "kind") {
      out.kind = text_of(member.value());
      return;  // what follows is not asked for
    }
  }
}

void read_actor(ondemand::value value, Sighting& out) {
  if (value.type() != ondemand::json_type::object) return;
  for (ondemand::field member : value.get_object()) {
    const std::string_view key = member.unescaped_key();
    if (key == "type") out.actor_type = text_of(member.value());
    if (key == "id") out.actor = text_of(member.value());
  }
}

void read_context(ondemand::value value, Sighting& out) {
  if (value.type() != ondemand::json_type::object) return;
  for (ondemand::field member : value.get_object()) {
    if (member.unescaped_key().value() == "sequence") out.sequence = text_of(member.value());
  }
}

void read_attributes(ondemand::value value, Sighting& out) {
  if (value.type() != ondemand::json_type::object) return;
  for (ondemand::field member : value.get_object()) {
    const std::string_view key = member.unescaped_key();
    if (key == "host") out.host = text_of(member.value());
    if (key == "reason") out.reason = text_of(member.value());
  }
}

void read_event(ondemand::value value, Sighting& out) {
  for (ondemand::field member : value.get_object()) {
    const std::string_view key = member.unescaped_key();
    if (key == "seq") {
      if (std::uint64_t seq = 0; member.value().get_uint64().get(seq) == simdjson::SUCCESS) out.seq = seq;
    } else if (key == "time") {
      out.time = parse_time(text_of(member.value()));
    } else if (key == "actor") {
      read_actor(member.value(), out);
    } else if (key == "action") {
      out.action = text_of(member.value());
    } else if (key == "category") {
      out.category = category_of(text_of(member.value()));
    } else if (key == "origin") {
      out.has_origin = true;
    } else if (key == "context") {
      read_context(member.value(), out);
    } else if (key == "attributes") {
      read_attributes(member.value(), out);
    }
  }
}

void read_derived(ondemand::value value, Sighting& out) {
  for (ondemand::field member : value.get_object()) {
    const std::string_view key = member.unescaped_key();
    if (key == "by") {
      out.by_quarantine = text_of(member.value()) == "stele/quarantine@1";
    } else if (key == "unattributed") {
      bool unattributed = false;
      if (member.value().get_bool().get(unattributed) == simdjson::SUCCESS) out.unattributed = unattributed;
    } else if (key == "redacted") {
      if (std::uint64_t count = 0; member.value().get_uint64().get(count) == simdjson::SUCCESS) out.redacted = count;
    } else if (key == "fields") {
      for (ondemand::value field : member.value().get_array()) {
        if (text_of(field) == "time") out.time.reset();
      }
    }
  }
}

void read_members(ondemand::document& document, Sighting& out) {
  for (ondemand::field member : document.get_object()) {
    const std::string_view key = member.unescaped_key();
    if (key == "source") {
      read_source(member.value(), out);
    } else if (key == "event") {
      read_event(member.value(), out);
    } else if (key == "derived") {
      read_derived(member.value(), out);
      return;
    } else if (key == "original") {
      return;
    }
  }
}

}  // namespace

SightingReader::SightingReader() : parser_(std::make_unique<Parser>()) {}
SightingReader::~SightingReader() = default;

Result<Sighting> SightingReader::read(std::string_view entry) {
  const auto received = event::read_received(entry);
  if (!received) return corrupt("the entry does not start with its fixed head");
  std::string& padded = parser_->padded;
  padded.reserve(event::kEntryBytesMax + simdjson::SIMDJSON_PADDING);
  padded = entry;
  padded.append(simdjson::SIMDJSON_PADDING, ' ');
  Sighting out;
  out.received = *received;
  try {
    ondemand::document document = parser_->parser.iterate(padded.data(), entry.size(), padded.size());
    read_members(document, out);
  } catch (const simdjson::simdjson_error& error) {
    return corrupt(std::string("the entry is not JSON: ") + error.what());
  }
  return out;
}

}  // namespace stele::sources
