// One JSON document on its way into a batch. Shared by the doors that take documents.
#pragma once

#include <string_view>

#include "collect/door_batch.h"
#include "event/json_tape.h"

namespace stele::collect {

// Limits of one document; what is over them is quarantined.
inline constexpr event::JsonLimits kDocumentLimits{16U << 20, 64, 20'000};

// Of a body with many of them; some 36 bytes of memory a value.
inline constexpr event::JsonLimits kWholeBodyLimits{1U << 30, 100, 4'000'000};

// What is said of a document that no rule knows: when it came, and that it is one of `format`. Fills draft and record, to which
// the caller may add fields before DoorBatch::add.
void begin_document(DoorBatch& batch, std::string_view format, const event::JsonTape& document);

// Adds the document `text`, or quarantines it when it is none.
void add_document(DoorBatch& batch, std::string_view format, std::string_view text, event::JsonTape& tape);

}  // namespace stele::collect
